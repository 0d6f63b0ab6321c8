"""How much a point would add to a front's hypervolume, for many points at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgebench.objectives.pareto import Losses, crowding_distance

MOST_CELLS = 1_000_000


class FreeVolume:
    """The volume between a front and the reference corner at 1, known at every corner of the front's grid.

    The front's own coordinates cut the box into cells, each wholly free or wholly dominated. What a point would add is
    the free volume of the box from it to the corner, and that is multilinear inside a cell: so its values at the cells'
    corners, summed once, give it exactly for any number of points.

    Args:
        front: Shape (members, objectives), normalised losses; those that do not beat the corner are left out. Of a
            front with too many cells the least crowded members stand for all.
        lowest: The least loss that will be asked for, one an objective.
    """

    def __init__(self, front: Losses, lowest: Sequence[float]) -> None:
        self._lowest = np.asarray(lowest, dtype=np.float64)
        inside = front[(front < 1.0).all(axis=1)]
        dimensions = len(self._lowest)
        most = int(MOST_CELLS ** (1.0 / dimensions)) - 1
        if len(inside) > most:
            inside = inside[np.argsort(-crowding_distance(inside), kind="stable")[:most]]
        self._axes = [
            np.unique(np.concatenate([[min(low, 1.0 - 1e-9)], column[column > low], [1.0]]))
            for low, column in zip(self._lowest, inside.T, strict=True)
        ]
        self._volume = _corner_volumes(self._axes, inside)

    def gain(self, points: Losses) -> npt.NDArray[np.float64]:
        """Return what each point would add to the hypervolume.

        Args:
            points: Shape (..., objectives), normalised losses.
        """
        lower, share = [], []
        for axis, column in zip(self._axes, np.moveaxis(points, -1, 0), strict=True):
            clipped = np.clip(column, axis[0], 1.0)
            cell = np.minimum(np.searchsorted(axis, clipped, side="right"), len(axis) - 1) - 1
            lower.append(cell)
            share.append((clipped - axis[cell]) / (axis[cell + 1] - axis[cell]))
        gained = np.zeros(points.shape[:-1])
        for steps in itertools.product((0, 1), repeat=len(self._axes)):
            weight = np.ones(points.shape[:-1])
            for step, part in zip(steps, share, strict=True):
                weight = weight * (part if step else 1.0 - part)
            corner = tuple(cell + step for cell, step in zip(lower, steps, strict=True))
            gained += weight * self._volume[corner]
        return gained


def _corner_volumes(axes: Sequence[Losses], front: Losses) -> npt.NDArray[np.float64]:
    """Return the free volume from every corner of the grid to its last corner."""
    middles = [(axis[1:] + axis[:-1]) / 2 for axis in axes]
    free = np.ones([len(middle) for middle in middles])
    for member in front:
        dominated = tuple(
            slice(int(np.searchsorted(middle, value)), None)
            for middle, value in zip(middles, member, strict=True)
        )
        free[dominated] = 0.0
    for dimension, axis in enumerate(axes):
        shape = [-1 if d == dimension else 1 for d in range(len(axes))]
        free *= np.diff(axis).reshape(shape)
    for dimension in range(len(axes)):
        free = np.flip(np.cumsum(np.flip(free, dimension), dimension), dimension)
    return np.pad(free, [(0, 1)] * len(axes))


def by_volume(losses: Losses) -> list[int]:
    """Return the rows in the order in which each adds most to the hypervolume of those before it, up to the corner at 1.

    Rows that add nothing come last, the least crowded first.

    Args:
        losses: Shape (rows, objectives), normalised.
    """
    order: list[int] = []
    left = list(range(len(losses)))
    lowest = losses.min(axis=0, initial=0.0)
    while left:
        gains = FreeVolume(losses[order], lowest).gain(losses[left])
        best = int(np.argmax(gains))
        if gains[best] <= 0.0:
            break
        order.append(left.pop(best))
    crowding = crowding_distance(losses)
    return order + sorted(left, key=lambda row: -crowding[row])
