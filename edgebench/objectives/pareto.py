"""Fronts in objective space. Every function takes losses: each column is to be minimised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgebench.records import Goal

Losses = npt.NDArray[np.float64]


def dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return whether ``a`` is nowhere worse than ``b`` and somewhere better."""
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(
        x < y for x, y in zip(a, b, strict=True)
    )


def front_indices(losses: Losses) -> list[int]:
    """Return the rows that no other row dominates, in order; of equal rows the first.

    Args:
        losses: Shape (points, objectives).
    """
    members = []
    for i, row in enumerate(losses):
        no_worse = (losses <= row).all(axis=1)
        better = no_worse & (losses < row).any(axis=1)
        twin_before = (losses[:i] == row).all(axis=1).any()
        if not better.any() and not twin_before:
            members.append(i)
    return members


def certain_members(members: Sequence[int], low: Losses, high: Losses) -> list[bool]:
    """Return for each member whether it stays on the front wherever the truth lies in the intervals.

    Args:
        members: Row numbers of the front.
        low: Shape (points, objectives): the best each loss may be.
        high: Same shape: the worst each loss may be.
    """
    return [
        not any(j != i and dominates(low[j].tolist(), high[i].tolist()) for j in range(len(low)))
        for i in members
    ]


def reaching_members(members: Sequence[int], low: Losses, high: Losses) -> list[int]:
    """Return the rows beside the front that would be on it with their losses at their best and all others at their worst.

    Args:
        members, low, high: As of `certain_members`.
    """
    found = []
    for i in sorted(set(range(len(low))) - set(members)):
        no_worse = (high <= low[i]).all(axis=1)
        no_worse[i] = False
        if not no_worse.any():
            found.append(i)
    return found


def normalise(losses: Losses, goals: Sequence[Goal], references: Sequence[float]) -> Losses:
    """Scale losses so that the reference lies at 1 and the ideal at 0.

    The ideal is 0 for a cost and 1 for a share such as an accuracy; where the reference is already beyond it
    (a gain that is not a share, a cost that may be negative), the reference's size is the scale.

    Args:
        losses: Shape (points, objectives).
        goals: One an objective.
        references: The worst value worth having of each objective, in its own unit and sense.
    """
    worst = np.array([r if g is Goal.MIN else -r for g, r in zip(goals, references, strict=True)])
    ideal = np.array([0.0 if g is Goal.MIN else -1.0 for g in goals])
    room = np.where(worst > ideal, worst - ideal, np.maximum(np.abs(worst), 1.0))
    return np.asarray(1.0 - (worst - losses) / room)


def hypervolume(losses: Losses, reference: Sequence[float]) -> float:
    """Return the exact volume dominated by the points, up to the reference corner.

    Points that do not beat the reference in every objective add nothing. Slices along the last objective,
    recursively: exact for any number of objectives, fast enough for fronts of hundreds in three.

    Args:
        losses: Shape (points, objectives).
        reference: The corner, one value an objective.
    """
    corner = np.asarray(reference, dtype=np.float64)
    inside = losses[(losses < corner).all(axis=1)] if len(losses) else losses
    return _volume(inside, corner)


def _volume(points: Losses, corner: Losses) -> float:
    if len(points) == 0:
        return 0.0
    if points.shape[1] == 1:
        return float(corner[0] - points.min())
    points = points[front_indices(points)]
    points = points[np.argsort(points[:, -1], kind="stable")]
    if points.shape[1] == 2:
        height = np.diff(np.append(points[:, 1], corner[1]))
        return float(((corner[0] - points[:, 0]) * height).sum())
    levels = np.append(points[:, -1], corner[-1])
    return sum(
        float(levels[k + 1] - levels[k]) * _volume(points[: k + 1, :-1], corner[:-1])
        for k in range(len(points))
        if levels[k + 1] > levels[k]
    )


def crowding_distance(losses: Losses) -> npt.NDArray[np.float64]:
    """Return each point's crowding distance; the ends of every objective are infinite.

    Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II".
    """
    count = len(losses)
    distance = np.zeros(count)
    for column in losses.T:
        order = np.argsort(column, kind="stable")
        spread = column[order[-1]] - column[order[0]] if count else 0.0
        if count:
            distance[order[[0, -1]]] = np.inf
        if count > 2 and spread > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / spread
    return distance
