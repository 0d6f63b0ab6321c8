"""Which trials of a run are on its front, how sure that is, and which one to pick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.objectives.constraints import is_feasible
from edgebench.objectives.pareto import (
    Losses,
    certain_members,
    front_indices,
    hypervolume,
    normalise,
)
from edgebench.objectives.score import points, scalar_score, sense
from edgebench.records import Constraint, Metric, Objective, Status, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A trial on the front. ``values`` holds its best known numbers, confirmed latency included."""

    trial: Trial
    metrics: Mapping[str, Metric]
    certain: bool

    @property
    def values(self) -> dict[str, float]:
        return {name: metric.value for name, metric in self.metrics.items()}


def best_known(trial: Trial, confirmed: Mapping[str, Metric]) -> dict[str, Metric]:
    """Return the trial's metrics by name; a confirmed latency replaces the one probed in the search."""
    metrics = {metric.name: metric for metric in trial.metrics}
    if trial.trial_id in confirmed:
        metrics["latency_ms"] = confirmed[trial.trial_id]
    return metrics


def candidates(
    trials: Sequence[Trial],
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    confirmed: Mapping[str, Metric],
) -> list[tuple[Trial, dict[str, Metric]]]:
    """Return the completed, feasible trials that beat the reference in every objective, baseline apart."""
    chosen = []
    for trial in trials:
        if trial.status is not Status.COMPLETED or trial.is_baseline:
            continue
        metrics = best_known(trial, confirmed)
        values = {name: metric.value for name, metric in metrics.items()}
        if not all(o.metric in values for o in objectives) or not is_feasible(constraints, values):
            continue
        if all(sense(o, values[o.metric]) < sense(o, o.reference) for o in objectives):
            chosen.append((trial, metrics))
    return chosen


def select_front(
    trials: Sequence[Trial],
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint] = (),
    confirmed: Mapping[str, Metric] | None = None,
) -> tuple[Member, ...]:
    """Return the front, best first objective first.

    A member is ``certain`` when no other candidate would dominate it with every measured value at the end of
    its interval that suits the other best.
    """
    chosen = candidates(trials, objectives, constraints, confirmed or {})
    if not chosen:
        return ()
    losses = points(objectives, [{n: m.value for n, m in row.items()} for _, row in chosen])
    low, high = _interval_ends(objectives, [row for _, row in chosen])
    members = front_indices(losses)
    certain = certain_members(members, low, high)
    front = [
        Member(trial=chosen[i][0], metrics=chosen[i][1], certain=sure)
        for i, sure in zip(members, certain, strict=True)
    ]
    first = objectives[0]
    return tuple(
        sorted(front, key=lambda m: (sense(first, m.values[first.metric]), m.trial.trial_id))
    )


def pick(front: Sequence[Member], kind: str, objectives: Sequence[Objective]) -> Member | None:
    """Return the member to ship: the best score, or for ``pareto`` the best first objective.

    The front holds only what is within the limits.
    """
    if not front:
        return None
    first = objectives[0]

    def rank(member: Member) -> float:
        score = scalar_score(kind, objectives, member.values)
        return -score if score is not None else sense(first, member.values[first.metric])

    return min(front, key=rank)


def front_hypervolume(
    trials: Sequence[Trial], objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()
) -> float:
    """Return the normalised hypervolume of these trials, baseline apart.

    Each objective is scaled so that its reference is 1 and the ideal 0; the whole box has volume 1.
    """
    chosen = candidates(trials, objectives, constraints, {})
    if not chosen:
        return 0.0
    losses = points(objectives, [trial.values() for trial, _ in chosen])
    scaled = normalise(losses, [o.goal for o in objectives], [o.reference for o in objectives])
    return hypervolume(scaled, [1.0] * len(objectives))


def hypervolume_by_trial(
    trials: Sequence[Trial], objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()
) -> list[float]:
    """Return `front_hypervolume` after each trial, baseline apart, in the order given."""
    searched = [trial for trial in trials if not trial.is_baseline]
    return [
        front_hypervolume(searched[:count], objectives, constraints)
        for count in range(1, len(searched) + 1)
    ]


def _interval_ends(
    objectives: Sequence[Objective], rows: Sequence[Mapping[str, Metric]]
) -> tuple[Losses, Losses]:
    low = np.empty((len(rows), len(objectives)))
    high = np.empty_like(low)
    for i, row in enumerate(rows):
        for j, objective in enumerate(objectives):
            metric = row[objective.metric]
            ends = [metric.value, metric.low, metric.high]
            losses = [sense(objective, end) for end in ends if end is not None]
            low[i, j], high[i, j] = min(losses), max(losses)
    return low, high
