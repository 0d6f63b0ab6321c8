"""Classes and functions of a user's own, named ``module:name``."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from edgebench.errors import InputError, UnknownNameError, first_line


def import_object(target: str, kind: str, noun: str) -> Any:
    """Return what ``module:name`` names; modules of the working folder are found too.

    Args:
        target: The name.
        kind: What it should be, with its article: ``a template``.
        noun: What it is in Python: ``class`` or ``function``.

    Raises:
        UnknownNameError: the module has nothing of that name.
        InputError: the module cannot be imported.
    """
    module_name, _, name = target.partition(":")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        why = first_line(error)
        raise InputError(
            f"{kind.split(' ', 1)[-1]} {target} cannot be imported",
            why=why if isinstance(error, ImportError) else f"{type(error).__name__}: {why}",
            remedy="run from the folder that holds the module, or install it",
        ) from error
    try:
        return getattr(module, name)
    except AttributeError:
        is_one = callable if noun == "function" else lambda value: isinstance(value, type)
        names = [n for n, value in vars(module).items() if is_one(value) and n[0] != "_"]
        raise UnknownNameError(f"a {noun} of {module_name}", name, names) from None
