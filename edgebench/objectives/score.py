"""From metrics to what a search maximises or minimises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from edgebench.objectives.pareto import Losses, normalise
from edgebench.records import Goal, Objective, metric_kind

OBJECTIVE_KINDS = ("pareto", "weighted", "accuracy", "latency", "size")
DEFAULT_WEIGHT = 0.07
ACCURACY = "val_accuracy"


def best_of(metric: str, history: Sequence[float]) -> float:
    """Return the best of what a metric was, at least once."""
    return max(history) if metric_kind(metric).goal is Goal.MAX else min(history)


def sense(objective: Objective, value: float) -> float:
    """Return ``value`` as a loss: negated where more is better."""
    return -value if objective.goal is Goal.MAX else value


def points(objectives: Sequence[Objective], rows: Iterable[Mapping[str, float]]) -> Losses:
    """Return losses of shape (rows, objectives); every row must have every objective."""
    table = [[sense(o, row[o.metric]) for o in objectives] for row in rows]
    return np.asarray(table, dtype=np.float64).reshape(len(table), len(objectives))


def normalised_points(
    objectives: Sequence[Objective], rows: Iterable[Mapping[str, float]]
) -> Losses:
    """Return losses as `points` does, each 1 at its objective's reference (`normalise`)."""
    goals = [objective.goal for objective in objectives]
    references = [objective.reference for objective in objectives]
    return normalise(points(objectives, rows), goals, references)


def scalar_score(
    kind: str, objectives: Sequence[Objective], values: Mapping[str, float]
) -> float | None:
    """Return the one number to maximise, or None for ``pareto``, which has none.

    ``weighted`` is the product of value ** weight over the objectives, each value taken relative to its
    reference, costs with a negative exponent: with one accuracy of weight 1 it orders candidates as MnasNet's
    accuracy x (latency / target) ** -0.07 does. Costs weigh 0.07 each unless the objective says otherwise.

    Source: Tan et al. 2019, "MnasNet", arXiv:1807.11626, equation 2.
    """
    if kind == "pareto":
        return None
    if kind == "weighted":
        score = 1.0
        for objective in objectives:
            ratio = max(values[objective.metric], 1e-12) / (abs(objective.reference) or 1.0)
            is_gain = objective.goal is Goal.MAX
            weight = objective.weight
            if weight is None:
                weight = 1.0 if is_gain else DEFAULT_WEIGHT
            score *= ratio ** (weight if is_gain else -weight)
        return score
    return -sense(
        single_objective(kind, objectives), values[single_objective(kind, objectives).metric]
    )


def oracle_score(kind: str, objectives: Sequence[Objective], values: Mapping[str, float]) -> float:
    """Return the one number that an oracle of a single objective maximises; it is never below 0.

    For ``pareto`` and ``weighted`` it is the weighted score; for a gain its value; for a cost x with reference r it is
    r / (r + x), which orders candidates as the cost does.
    """
    if kind in ("pareto", "weighted"):
        return scalar_score("weighted", objectives, values) or 0.0
    objective = single_objective(kind, objectives)
    value = max(0.0, values[objective.metric])
    if objective.goal is Goal.MAX:
        return value
    scale = abs(objective.reference) or 1.0
    return scale / (scale + value)


def infeasible_score(violation: float) -> float:
    """Return the number in `oracle_score`'s place for a candidate that broke a limit: below 0, less the further."""
    return -violation / (1.0 + violation)


def single_objective(kind: str, objectives: Sequence[Objective]) -> Objective:
    """Return the objective that ``accuracy``, ``latency`` or ``size`` stands for."""
    for objective in objectives:
        is_accuracy = objective.goal is Goal.MAX or objective.metric.startswith("val_")
        is_latency = objective.metric.startswith("latency")
        if kind == ("accuracy" if is_accuracy else "latency" if is_latency else "size"):
            return objective
    metric = {"accuracy": ACCURACY, "latency": "latency_ms", "size": "param_bytes"}[kind]
    goal = Goal.MAX if kind == "accuracy" else Goal.MIN
    return Objective(metric=metric, goal=goal, reference=1.0 if goal is Goal.MIN else 0.0)
