"""keras-tuner's hyperparameters, with overrides from a suite and values from a command line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

import keras_tuner
from keras_tuner.engine.hyperparameters import (
    Boolean,
    Choice,
    Fixed,
    Float,
    HyperParameter,
    Int,
)

from edgebench.errors import InputError

RANGE_KEYS = {"min", "max", "step", "sampling"}


class NarrowedHyperParameters(keras_tuner.HyperParameters):
    """Hyperparameters that any HyperModel registers, changed by overrides as it does so.

    It also lets one name be registered under several scopes and be active in any of them: keras-tuner's own
    class drops or redraws such a value (`ensure_active_values` heeds the last registration alone).

    Args:
        overrides: By name: a list of choices, one value to fix, or a range ``{min, max, step, sampling}``.
    """

    def __init__(self, overrides: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.overrides = dict(overrides or {})

    @property
    def names(self) -> tuple[str, ...]:
        """All registered names, active or not, parents before children."""
        return tuple(dict.fromkeys(entry.name for entry in self.space))

    def entry(self, name: str) -> HyperParameter:
        """Return the first registration of a name."""
        return next(entry for entry in self.space if entry.name == name)

    def parse(self, name: str, value: Any) -> Any:
        """Return a value or its text in the type of ``name``, checked against its choices.

        Raises:
            InputError: It has the wrong type or is not among the choices.
        """
        entry = self.entry(name)
        typed = coerce(entry, value)
        if not is_choice(entry, typed):
            raise InputError(f"{name} cannot be {value}", why=f"choices: {choices_text(entry)}")
        return typed

    def settle(self, chosen: Mapping[str, Any]) -> None:
        """Give every active name its chosen value, else its default; inactive ones get none."""
        self.values: dict[str, Any] = {}
        for entry in self.space:
            if entry.name not in self.values and self.is_active(entry):
                self.values[entry.name] = chosen.get(entry.name, entry.default)

    def ensure_active_values(self) -> None:
        """Drop the values of inactive names, draw those of active names that have none."""
        for name in self.names:
            if not self.is_active(name):
                self.values.pop(name, None)
        for entry in self.space:
            if entry.name not in self.values and self.is_active(entry):
                self.values[entry.name] = entry.random_sample()

    def copy(self) -> Self:
        clone: Self = type(self).from_config(self.get_config())
        clone.overrides = dict(self.overrides)
        return clone

    def _retrieve(self, hp: HyperParameter) -> Any:
        if hp.name in self.overrides:
            hp = narrow(hp, self.overrides[hp.name])
        return super()._retrieve(hp)


def narrow(entry: HyperParameter, override: Any) -> HyperParameter:
    """Return a hyperparameter of the same name, type and conditions with other choices.

    Args:
        entry: What the template registers.
        override: A list of choices, one value, or a range ``{min, max, step, sampling}``.

    Raises:
        InputError: The override is empty or not of the entry's type.
    """
    if isinstance(override, Mapping):
        return _narrow_to_range(entry, override)
    many = isinstance(override, (list, tuple))
    values = [coerce(entry, value) for value in (override if many else [override])]
    if not values:
        raise InputError(f"{entry.name} has no choices left", remedy="list at least one")
    if len(values) == 1:
        return Fixed(entry.name, values[0], conditions=entry.conditions)
    default = values[0]
    if value_type(entry) is bool:
        return Boolean(entry.name, default=default, conditions=entry.conditions)
    return Choice(entry.name, values, default=default, conditions=entry.conditions)


def _narrow_to_range(entry: HyperParameter, override: Mapping[str, Any]) -> HyperParameter:
    kind = value_type(entry)
    if kind not in (int, float) or not {"min", "max"} <= set(override) <= RANGE_KEYS:
        raise InputError(
            f"{entry.name} cannot be {dict(override)}",
            why="a range is {min, max} with optional step and sampling, and for numbers only",
            remedy="list the choices instead" if kind not in (int, float) else "",
        )
    low, high = coerce(entry, override["min"]), coerce(entry, override["max"])
    try:
        return (Int if kind is int else Float)(
            entry.name,
            low,
            high,
            step=override.get("step"),
            sampling=override.get("sampling", "linear"),
            default=min(max(entry.default, low), high),
            conditions=entry.conditions,
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{entry.name} cannot be {dict(override)}", why=str(error)) from error


def value_type(entry: HyperParameter) -> type:
    """Return bool, int, float or str: what the values of a hyperparameter are."""
    if isinstance(entry, Boolean):
        return bool
    if isinstance(entry, (Int, Float)):
        return int if isinstance(entry, Int) else float
    return type(entry.default)


def coerce(entry: HyperParameter, value: Any) -> Any:
    """Return a value, or its text, in the type of a hyperparameter.

    Raises:
        InputError: It cannot be read as that type.
    """
    kind = value_type(entry)
    is_text = isinstance(value, str)
    try:
        if kind is bool and is_text:
            return {"true": True, "false": False}[value.lower()]
        if kind is not bool and isinstance(value, bool):
            raise ValueError
        if kind is int and float(value) == int(float(value)):
            return int(float(value))
        if kind is float and math.isfinite(float(value)):
            return float(value)
        if kind in (bool, str) and isinstance(value, kind):
            return value
        raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError):
        expected = {bool: "true or false", int: "a whole number", float: "a number", str: "a name"}
        raise InputError(
            f"{entry.name} cannot be {value}",
            why=f"it is {expected.get(kind, kind.__name__)}: {choices_text(entry)}",
        ) from None


def is_choice(entry: HyperParameter, value: Any) -> bool:
    """Return whether a value of the right type is among the choices or in the range."""
    if not isinstance(entry, (Int, Float)):
        return value in entry.values
    if not entry.min_value <= value <= entry.max_value:
        return False
    return entry.step is None or any(math.isclose(value, v, abs_tol=1e-12) for v in entry.values)


def choices_text(entry: HyperParameter) -> str:
    """Return the choices or the range in words."""
    if isinstance(entry, (Int, Float)):
        step = f" in steps of {entry.step:g}" if entry.step not in (None, 1) else ""
        return f"{entry.min_value:g} to {entry.max_value:g}{step}"
    return ", ".join(str(v).lower() if isinstance(v, bool) else str(v) for v in entry.values)
