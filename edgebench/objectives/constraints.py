"""Constraints on metrics. A violation is relative to the bound, so that bounds of any unit add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgebench.records import Constraint


def budgeted_value(constraint: Constraint, values: Mapping[str, float]) -> float | None:
    """Return the number that a constraint bounds, or None where it is not known yet.

    A limit on latency is a budget: it holds for the ninetieth percentile where that was measured, and for the
    median too, which may have been confirmed since.
    """
    names = (constraint.metric, constraint.metric.replace("latency_ms", "latency_p90_ms"))
    known = [values[name] for name in names if name in values]
    return max(known) if known else None


def violation(constraint: Constraint, value: float) -> float:
    """Return how far ``value`` misses the bound as a share of the bound; 0.0 where it is met."""
    return max(0.0, excess(constraint, value))


def excess(constraint: Constraint, value: float) -> float:
    """Return how far ``value`` is beyond the bound as a share of the bound; below 0.0 where there is room."""
    beyond = value - constraint.bound if constraint.relation == "<=" else constraint.bound - value
    return beyond / (abs(constraint.bound) or 1.0)


def total_violation(constraints: Iterable[Constraint], values: Mapping[str, float]) -> float:
    """Return the summed violation of the constraints whose metric is known."""
    known = ((c, budgeted_value(c, values)) for c in constraints)
    return sum(violation(c, value) for c, value in known if value is not None)


def is_feasible(constraints: Iterable[Constraint], values: Mapping[str, float]) -> bool:
    """Return whether no known metric breaks its bound."""
    return total_violation(constraints, values) == 0.0


def violated(constraints: Iterable[Constraint], values: Mapping[str, float]) -> list[str]:
    """Return a phrase for each broken constraint: ``param_bytes 612000 breaks param_bytes<=500000``."""
    phrases = []
    for constraint in constraints:
        value = budgeted_value(constraint, values)
        if value is not None and violation(constraint, value) > 0.0:
            shown = f"{value:.0f}" if abs(value) >= 1e5 else f"{value:.6g}"
            phrases.append(f"{constraint.metric} {shown} breaks {constraint}")
    return phrases
