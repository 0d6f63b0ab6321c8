"""Candidates as vectors, for the models that learn from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.tuning.walk import FEW, few_choices

Vectors = npt.NDArray[np.float64]


class Features:
    """Turns the active values of candidates into vectors of one length.

    Each name has a column that says whether it is active; a scale has its share of the range, a choice of a few
    a column for each value. Names with equal choices (the pool after each pair, the operation on each edge) also share a
    column a value that counts how often it was chosen: networks with as many of each kind are often alike wherever
    they stand.

    Args:
        space: keras-tuner's hyperparameters. One name may stand in several scopes, with ranges of its own.
    """

    def __init__(self, space: Any) -> None:
        self._columns: dict[tuple[str, Any], int] = {}
        self._shares: dict[str, dict[Any, float] | tuple[float, float, bool]] = {}
        self._groups: dict[str, tuple[Any, ...]] = {}
        entries: dict[str, list[Any]] = defaultdict(list)
        for entry in space.space:
            if type(entry).__name__ != "Fixed":
                entries[entry.name].append(entry)
        alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for name, same in entries.items():
            for value in self._add(name, same):
                alike[value].append(name)
        for choices, names in alike.items():
            if len(names) > 1:
                self._groups.update(dict.fromkeys(names, choices))
                for value in choices:
                    self._new_column("", (choices, value))

    def _add(self, name: str, entries: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Add the columns of one name; return its choices, where it has a few, for grouping."""
        self._new_column(name, "active")
        choices = _choices(entries)
        is_ordered = _is_ordered(entries)
        if choices is None or is_ordered:
            self._new_column(name, "share")
            self._shares[name] = _scale(entries) if choices is None else _ranks(choices)
        if choices is None or (is_ordered and len(choices) > FEW):
            return []
        for value in choices:
            self._new_column(name, ("is", value))
        return [tuple(choices)]

    def _new_column(self, name: str, what: Any) -> None:
        self._columns[name, what] = len(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def vectors(self, candidates: Sequence[Mapping[str, Any]]) -> Vectors:
        """Return one row a candidate."""
        rows = np.zeros((len(candidates), len(self._columns)))
        columns = self._columns
        for row, values in zip(rows, candidates, strict=True):
            for name, value in values.items():
                active = columns.get((name, "active"))
                if active is None:
                    continue
                row[active] = 1.0
                if (name, "share") in columns:
                    row[columns[name, "share"]] = self._share(name, value)
                if (name, ("is", value)) in columns:
                    row[columns[name, ("is", value)]] = 1.0
                if name in self._groups:
                    row[columns["", (self._groups[name], value)]] += 1.0
        return rows

    def _share(self, name: str, value: Any) -> float:
        scale = self._shares[name]
        if isinstance(scale, dict):
            return scale.get(value, 0.5)
        low, high, is_log = scale
        if is_log:
            low, high, value = np.log(low), np.log(high), np.log(value)
        return float((value - low) / (high - low)) if high > low else 0.0


def _choices(entries: Sequence[Any]) -> list[Any] | None:
    """Return all values of a name whose every registration has a few, else None."""
    found: list[Any] = []
    for entry in entries:
        values = few_choices(entry)
        if values is None:
            return None
        found += [value for value in values if value not in found]
    return found


def _ranks(choices: Sequence[Any]) -> dict[Any, float]:
    """Return the place of each choice between the least, 0, and the greatest, 1."""
    last = max(1, len(choices) - 1)
    return {value: rank / last for rank, value in enumerate(sorted(choices))}


def _is_ordered(entries: Sequence[Any]) -> bool:
    return all(
        type(entry).__name__ == "Int" or getattr(entry, "ordered", False) for entry in entries
    )


def _scale(entries: Sequence[Any]) -> tuple[float, float, bool]:
    """Return (lowest, highest, whether it is logarithmic) of a name's numbers."""
    lows = [getattr(e, "min_value", None) for e in entries]
    highs = [getattr(e, "max_value", None) for e in entries]
    numbers = [n for n in (*lows, *highs) if n is not None]
    for entry in entries:
        if type(entry).__name__ == "Choice":
            numbers += [float(value) for value in entry.values]
    is_log = all(getattr(e, "sampling", None) == "log" for e in entries)
    return min(numbers), max(numbers), is_log
