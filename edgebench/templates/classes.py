"""Classes of a user's own, named ``module:Class``."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from edgebench.errors import InputError, UnknownNameError


def import_class(target: str, kind: str, base: str) -> type:
    """Return the class named ``module:Class``; modules of the working folder are found too.

    Args:
        target: Its name.
        kind: What it should be, with its article: ``a template``.
        base: Name of the class that it is, or derives from.

    Raises:
        UnknownNameError: The module has no such class.
        InputError: The module cannot be imported, or the class is none of ``base``.
    """
    cls = _import(target, kind)
    if not isinstance(cls, type) or not issubclass(cls, _import(base, kind)):
        raise InputError(f"{target} is not {kind}", why=f"it is no {base.replace(':', '.')} class")
    return cls


def _import(target: str, kind: str) -> Any:
    module_name, _, class_name = target.partition(":")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise InputError(
            f"{kind.split(' ', 1)[-1]} {target} cannot be imported",
            why=str(error),
            remedy="run from the folder that holds the module, or install it",
        ) from error
    try:
        return getattr(module, class_name)
    except AttributeError:
        names = [n for n, value in vars(module).items() if isinstance(value, type)]
        raise UnknownNameError(f"a class of {module_name}", class_name, names) from None
