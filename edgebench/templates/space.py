"""A template's hyperparameters: all of them, and the values of one candidate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from edgebench.errors import UnknownNameError

if TYPE_CHECKING:
    from edgebench.templates.base import Template
    from edgebench.templates.hyperparameters import NarrowedHyperParameters


def discover_space(
    template: Template, overrides: Mapping[str, Any] | None = None
) -> NarrowedHyperParameters:
    """Return every hyperparameter of a template, conditional ones too, at its defaults.

    Give the answer to an oracle as its ``hyperparameters``: its ``values`` hold the active names only.

    Args:
        template: From `load_template`.
        overrides: What to change, by name: a list of choices (the first is the default), one value to fix, or a
            range such as ``{"min": 0, "max": 0.4}`` (optional ``step``, and ``sampling`` linear, log or reverse_log).

    Raises:
        UnknownNameError: An override names no hyperparameter of this template.
        InputError: An override is of the wrong kind.
    """
    space = _registered(template, overrides or {})
    _check_names(template, space, overrides or {})
    return space


def resolve_values(
    template: Template,
    overrides: Mapping[str, Any] | None = None,
    sets: Mapping[str, Any] | None = None,
) -> NarrowedHyperParameters:
    """Return the hyperparameters of one candidate: as set, the rest at their defaults.

    Args:
        template: From `load_template`.
        overrides: As for `discover_space`.
        sets: Values by name, typed or as text (``"true"``, ``"0.001"``). One that is inactive in this candidate
            is ignored.

    Raises:
        UnknownNameError: A name is no hyperparameter of this template.
        InputError: A value is not among the choices.
    """
    space = discover_space(template, overrides)
    space.settle(_parsed(template, space, sets or {}))
    return space


def parse_sets(
    template: Template, overrides: Mapping[str, Any] | None, sets: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the typed values of ``sets``, checked as in `resolve_values`, inactive ones included.

    The answer can be laid over ``overrides`` to fix these hyperparameters in a search.
    """
    return _parsed(template, discover_space(template, overrides), sets)


def _parsed(
    template: Template, space: NarrowedHyperParameters, sets: Mapping[str, Any]
) -> dict[str, Any]:
    _check_names(template, space, sets)
    return {name: space.parse(name, sets[name]) for name in space.names if name in sets}


def _registered(template: Template, overrides: Mapping[str, Any]) -> NarrowedHyperParameters:
    from edgebench.templates.hyperparameters import NarrowedHyperParameters

    space = NarrowedHyperParameters(overrides)
    template.space(space)
    return space


def _check_names(template: Template, space: NarrowedHyperParameters, names: Iterable[str]) -> None:
    """Accept what this space has, and what it would have without overrides."""
    unknown = [name for name in names if name not in space.names]
    if not unknown:
        return
    known = {*space.names, *_registered(template, {}).names}
    for name in unknown:
        if name not in known:
            raise UnknownNameError(f"a hyperparameter of {template.name}", name, known)
