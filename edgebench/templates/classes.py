"""Classes of a user's own, named ``module:Class``."""

from __future__ import annotations

from edgebench.errors import InputError
from edgebench.imports import import_object


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
    cls = import_object(target, kind, "class")
    if not isinstance(cls, type) or not issubclass(cls, import_object(base, kind, "class")):
        raise InputError(f"{target} is not {kind}", why=f"it is no {base.replace(':', '.')} class")
    return cls
