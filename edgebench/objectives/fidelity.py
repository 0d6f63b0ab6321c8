"""Which of the trials that reached a rung of epochs goes on. Pure decisions on what trials are known by.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", arXiv:1810.05934 (ASHA, of the promotion
type); for several objectives Schmucker et al. 2021, "Multi-objective Asynchronous Successive Halving",
arXiv:2106.12639: ranked by fronts. Deviations: broken limits rank first, and within a front the hypervolume that a trial
adds to those before it decides: the ends of a wide front, which crowding prefers, are often of little use. It is measured
from the worst that stood at the rung, since half-trained networks seldom beat the reference. And who would at its end be
dominated all the same, by what became of others that stood at the rung, does not go on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.objectives.constraints import total_violation
from edgebench.objectives.free_volume import by_volume
from edgebench.objectives.pareto import Losses, front_indices
from edgebench.objectives.score import ACCURACY, best_of, normalised_points, scalar_score
from edgebench.records import Constraint, Objective, Status, Trial

LEAST_PAIRS = 3
STIFFNESS = 0.05
HOPE = 2.0
BEYOND = 1.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a trial stood when it reached a rung: how far it broke limits, and its losses, 1 at their references."""

    trial_id: str
    violation: float
    losses: tuple[float, ...]


def standing_at(
    epochs: int,
    trial: Trial,
    kind: str,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    watch: str = ACCURACY,
) -> Standing | None:
    """Return how a trial stood after so many epochs, or None where it was not trained so far.

    A training that was over earlier, its patience at an end, would not have changed: it stands as it ended. What a device
    did not give stands at its reference.

    Args:
        epochs: Of the rung.
        trial: Ended, or paused at this rung or a higher one.
        kind: The suite's objective: ``pareto`` keeps the objectives apart, the others make one score of them.
        objectives: The suite's.
        constraints: The suite's.
        watch: The metric that the history is of.
    """
    is_over = trial.status in (Status.COMPLETED, Status.INFEASIBLE)
    if not trial.history or (len(trial.history) < epochs and not is_over):
        return None
    values = {**trial.values(), watch: best_of(watch, trial.history[:epochs])}
    missing = {o.metric: o.reference for o in objectives if o.metric in trial.lacks}
    values = {**missing, **values}
    if any(objective.metric not in values for objective in objectives):
        return None
    score = scalar_score(kind, objectives, values)
    losses = normalised_points(objectives, [values])[0].tolist() if score is None else [-score]
    return Standing(
        trial_id=trial.trial_id,
        violation=total_violation(constraints, values),
        losses=tuple(losses),
    )


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """Return the standings best first: least violation, then front by front, of a front those that add most hypervolume."""
    by_violation = sorted(standings, key=lambda standing: standing.violation)
    groups = itertools.groupby(by_violation, key=lambda standing: standing.violation)
    return [standing for _, group in groups for standing in _by_fronts(list(group))]


def next_promoted(
    standings: Sequence[Standing], waiting: Collection[str], factor: int
) -> str | None:
    """Return the best trial of a rung that waits there and is among its first 1/``factor``, or None.

    Args:
        standings: All that ever reached the rung, gone on or not.
        waiting: The ids of those that are paused at it.
        factor: At least 2.
    """
    places = len(standings) // factor
    for standing in ranked(standings)[:places]:
        if standing.trial_id in waiting:
            return standing.trial_id
    return None


def hopeful(
    waiting: Sequence[Standing], pairs: Sequence[tuple[Standing, Standing]]
) -> list[Standing]:
    """Return those that may yet be on the front: two deviations better than foretold, none that ended dominates them.

    Each loss is foretold by a line through what the losses of others were at the rung and at their end. Before three
    have ended, all may.

    Args:
        waiting: Those paused at a rung.
        pairs: Of each trial that ended within all limits, how it stood at that rung and at its end.
    """
    if len(pairs) < LEAST_PAIRS:
        return list(waiting)
    before, after = (
        np.array([standing.losses for standing in each]) for each in zip(*pairs, strict=True)
    )
    asked = np.array([standing.losses for standing in waiting]).reshape(-1, before.shape[1])
    best = np.empty_like(asked)
    for column in range(asked.shape[1]):
        foretold, variance = along_line(before[:, column], after[:, column], asked[:, column])
        best[:, column] = foretold - HOPE * math.sqrt(variance)
    is_beaten = [bool((after <= row).all(axis=1).any()) for row in best]
    return [standing for standing, beaten in zip(waiting, is_beaten, strict=True) if not beaten]


def along_line(before: Losses, after: Losses, asked: Losses) -> tuple[Losses, float]:
    """Return what a line through pairs says of more, and the variance about it.

    The line is of least squares, drawn towards slope 1 where there are few pairs.

    Args:
        before: What some were, at least one number.
        after: What became of them.
        asked: What others are now.
    """
    centred = before - before.mean()
    slope = (centred @ (after - after.mean()) + STIFFNESS) / (centred @ centred + STIFFNESS)
    errors = after - after.mean() - slope * centred
    variance = float(errors @ errors) / max(len(errors) - 1, 1)
    return after.mean() + slope * (asked - before.mean()), variance


def better_count(trial_id: str, standings: Sequence[Standing]) -> int:
    """Return how many of a rung rank before that trial."""
    return [standing.trial_id for standing in ranked(standings)].index(trial_id)


def _by_fronts(standings: list[Standing]) -> list[Standing]:
    ordered: list[Standing] = []
    left = standings
    worst = np.max([standing.losses for standing in standings], axis=0)
    corner = np.maximum(1.0, BEYOND * worst)
    while left:
        losses: Losses = np.array([standing.losses for standing in left]) / corner
        members = front_indices(losses)
        ordered += [left[members[index]] for index in by_volume(losses[members])]
        gone = set(members)
        left = [standing for index, standing in enumerate(left) if index not in gone]
    return ordered
