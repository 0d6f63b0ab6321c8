"""Constraints on metrics. A violation is relative to the bound, so that bounds of any unit add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgebench.records import Constraint


def violation(constraint: Constraint, value: float) -> float:
    """Return how far ``value`` misses the bound as a share of the bound; 0.0 where it is met."""
    excess = value - constraint.bound if constraint.relation == "<=" else constraint.bound - value
    return max(0.0, excess) / (abs(constraint.bound) or 1.0)


def total_violation(constraints: Iterable[Constraint], values: Mapping[str, float]) -> float:
    """Return the summed violation of the constraints whose metric is known."""
    return sum(violation(c, values[c.metric]) for c in constraints if c.metric in values)


def is_feasible(constraints: Iterable[Constraint], values: Mapping[str, float]) -> bool:
    """Return whether no known metric breaks its bound."""
    return total_violation(constraints, values) == 0.0
