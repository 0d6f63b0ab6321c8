"""Classes of others: named ``module:Class``, or offered by a plugin."""

from __future__ import annotations

from edgebench import plugins
from edgebench.errors import InputError
from edgebench.imports import import_object
from edgebench.templates.backend import import_keras


def find_class(name: str, plugin_kind: str, kind: str, base: str) -> type | None:
    """Return the class that ``module:Class`` or a plugin's name stands for; None where nobody offers the name.

    Modules of the working folder are found too. Keras is imported first, on the backend that the user chose.

    Args:
        name: Its name, none of edgebench's own.
        plugin_kind: One of `edgebench.plugins.KINDS`.
        kind: What it should be, with its article: ``a template``.
        base: Name of the class that it is, or derives from.

    Raises:
        UnknownNameError: The module has no such class.
        InputError: It cannot be imported, is none of ``base``, or two distributions offer the name.
    """
    plugin = None if ":" in name else plugins.find(plugin_kind, name)
    if plugin is None and ":" not in name:
        return None
    import_keras()
    cls = plugin.load() if plugin else import_object(name, kind, "class")
    if not isinstance(cls, type) or not issubclass(cls, import_object(base, kind, "class")):
        shown = f"{name} of {plugin.source}" if plugin else name
        raise InputError(f"{shown} is not {kind}", why=f"it is no {base.replace(':', '.')} class")
    return cls
