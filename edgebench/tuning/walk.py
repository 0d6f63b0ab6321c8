"""Candidates drawn from a space of hyperparameters: at random, and near one that is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Values = dict[str, Any]
MOST_EDITS = 3
FEW = 6
NEAR = 0.2


def key_of(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return what two candidates of equal values share."""
    return tuple(sorted(values.items()))


class Walk:
    """Draws the active values of candidates. Inactive names have none.

    Args:
        space: keras-tuner's hyperparameters; parents stand before what depends on them.
    """

    def __init__(self, space: Any) -> None:
        # Each entry has conditions of its own; equal ones are decided once a candidate.
        same: dict[str, Any] = {}
        self._entries = [
            (entry, [same.setdefault(repr(c.get_config()), c) for c in entry.conditions])
            for entry in space.space
        ]
        self._free = {e.name for e, _ in self._entries if type(e).__name__ != "Fixed"}

    def settle(self, choose: Callable[[Any], Any]) -> Values:
        """Return values for all that is active, each chosen once, in the order of the space.

        Args:
            choose: From a hyperparameter to its value.
        """
        values: Values = {}
        decided: dict[int, bool] = {}
        for entry, conditions in self._entries:
            if entry.name not in values and _all_hold(conditions, values, decided):
                values[entry.name] = choose(entry)
        return values

    def sample(self, rng: random.Random) -> Values:
        """Return a random candidate: every choice as likely, numbers along their own scale."""
        return self.settle(lambda entry: _draw(entry, rng))

    def edit(self, values: Mapping[str, Any], rng: random.Random) -> Values:
        """Return a neighbour: one to three values changed, what that makes active drawn at random."""
        free = [name for name in values if name in self._free]
        count = min(rng.randint(1, MOST_EDITS), len(free))
        changed = set(rng.sample(free, count))

        def choose(entry: Any) -> Any:
            if entry.name not in values:
                return _draw(entry, rng)
            if entry.name in changed:
                return _draw_other(entry, values[entry.name], rng)
            return values[entry.name] if _allows(entry, values[entry.name]) else _draw(entry, rng)

        return self.settle(choose)


def _all_hold(conditions: Sequence[Any], values: Values, decided: dict[int, bool]) -> bool:
    """Return whether all conditions hold. Each is decided once, as soon as its parent has a value."""
    for condition in conditions:
        holds = decided.get(id(condition))
        if holds is None:
            holds = condition.is_active(values)
            if condition.name in values:
                decided[id(condition)] = holds
        if not holds:
            return False
    return True


def _draw(entry: Any, rng: random.Random) -> Any:
    kind = type(entry).__name__
    if kind == "Fixed":
        return entry.value
    if kind == "Boolean":
        return rng.random() < 0.5
    if kind == "Choice":
        return rng.choice(list(entry.values))
    return entry.prob_to_value(rng.random())


def _draw_other(entry: Any, value: Any, rng: random.Random) -> Any:
    """Return another value: of a few, any; along a scale, one close by."""
    choices = few_choices(entry)
    if choices is not None:
        others = [other for other in choices if other != value]
        return rng.choice(others) if others else value
    share = entry.value_to_prob(value) + rng.gauss(0.0, NEAR)
    drawn = entry.prob_to_value(min(max(share, 0.0), 1.0 - 1e-9))
    return drawn if drawn != value else _draw(entry, rng)


def few_choices(entry: Any) -> list[Any] | None:
    """Return the values of a hyperparameter that has a list of them, or at most `FEW` whole numbers; else None."""
    kind = type(entry).__name__
    if kind == "Boolean":
        return [False, True]
    if kind == "Choice":
        return list(entry.values)
    if kind == "Int" and (entry.max_value - entry.min_value) / (entry.step or 1) < FEW:
        return list(entry.values)
    return None


def _allows(entry: Any, value: Any) -> bool:
    """Return whether a value known under another scope exists in this one."""
    if type(entry).__name__ in ("Int", "Float"):
        return bool(entry.min_value <= value <= entry.max_value)
    return value in list(getattr(entry, "values", [getattr(entry, "value", None)]))
