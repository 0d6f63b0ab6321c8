"""Which trials of a run are on its front, how sure that is, and which one to pick."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.objectives.constraints import is_feasible
from edgebench.objectives.pareto import (
    Losses,
    certain_members,
    front_indices,
    hypervolume,
    reaching_members,
)
from edgebench.objectives.score import normalised_points, points, scalar_score, sense
from edgebench.records import Constraint, Metric, Objective, Status, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A trial on the front, or possibly on it. ``values`` holds its best known numbers, confirmed ones included."""

    trial: Trial
    metrics: Mapping[str, Metric]
    certain: bool

    @property
    def values(self) -> dict[str, float]:
        return {name: metric.value for name, metric in self.metrics.items()}


Confirmed = Mapping[str, Sequence[Metric]]


def best_known(trial: Trial, confirmed: Confirmed) -> dict[str, Metric]:
    """Return the trial's metrics by name; a confirmed one replaces that of the search."""
    return {metric.name: metric for metric in (*trial.metrics, *confirmed.get(trial.trial_id, ()))}


def candidates(
    trials: Sequence[Trial],
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    confirmed: Confirmed,
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
    confirmed: Confirmed | None = None,
) -> tuple[Member, ...]:
    """Return the front, best first objective first. The values decide who is on it, an accuracy of repeats by its mean.

    A member is ``certain`` when no other candidate would dominate it with every measured value at the end of
    its interval that suits the other best. A value without an interval is taken as it is: where no training was
    repeated, that says something of latency alone.

    Args:
        confirmed: By trial, what replaces the metrics of the search, as `confirmed_metrics` gives it.
    """
    chosen = candidates(trials, objectives, constraints, confirmed or {})
    losses, low, high = _losses(objectives, chosen)
    members = front_indices(losses)
    certain = certain_members(members, low, high)
    return _by_first_objective(
        objectives,
        (
            Member(trial=chosen[i][0], metrics=chosen[i][1], certain=sure)
            for i, sure in zip(members, certain, strict=True)
        ),
    )


def select_contenders(
    trials: Sequence[Trial],
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint] = (),
    confirmed: Confirmed | None = None,
) -> tuple[Member, ...]:
    """Return those off the front that may belong on it: none dominates them for certain. Best first objective first.

    Args:
        confirmed: As of `select_front`.
    """
    chosen = candidates(trials, objectives, constraints, confirmed or {})
    losses, low, high = _losses(objectives, chosen)
    reaching = reaching_members(front_indices(losses), low, high)
    return _by_first_objective(
        objectives,
        (Member(trial=chosen[i][0], metrics=chosen[i][1], certain=False) for i in reaching),
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
    losses = normalised_points(objectives, [trial.values() for trial, _ in chosen])
    return hypervolume(losses, [1.0] * len(objectives))


def hypervolume_by_trial(
    trials: Sequence[Trial], objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()
) -> list[float]:
    """Return `front_hypervolume` after each trial, baseline apart, in the order given."""
    front, volumes = np.empty((0, len(objectives))), [0.0]
    for trial in trials:
        if trial.is_baseline:
            continue
        chosen = candidates([trial], objectives, constraints, {})
        point = normalised_points(objectives, [each.values() for each, _ in chosen])
        if len(point) and not (front <= point).all(axis=1).any():
            front = np.vstack([front[~(point <= front).all(axis=1)], point])
            volumes.append(hypervolume(front, [1.0] * len(objectives)))
        else:
            volumes.append(volumes[-1])
    return volumes[1:]


def _by_first_objective(
    objectives: Sequence[Objective], members: Iterable[Member]
) -> tuple[Member, ...]:
    first = objectives[0]
    return tuple(
        sorted(members, key=lambda m: (sense(first, m.values[first.metric]), m.trial.trial_id))
    )


def _losses(
    objectives: Sequence[Objective], chosen: Sequence[tuple[Trial, Mapping[str, Metric]]]
) -> tuple[Losses, Losses, Losses]:
    """Return losses, and the best and the worst that each may be; shape (candidates, objectives) each."""
    rows = [row for _, row in chosen]
    losses = points(objectives, [{n: m.value for n, m in row.items()} for row in rows])
    low, high = losses.copy(), losses.copy()
    for i, row in enumerate(rows):
        for j, objective in enumerate(objectives):
            metric = row[objective.metric]
            known = [end for end in (metric.value, metric.low, metric.high) if end is not None]
            ends = [sense(objective, end) for end in known]
            low[i, j], high[i, j] = min(ends), max(ends)
    return losses, low, high
