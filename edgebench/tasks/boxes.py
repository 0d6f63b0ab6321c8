"""Boxes: shares of the image's height and width, (ymin, xmin, ymax, xmax)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebench.tasks.base import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Objects:
    """What is in one image: ``boxes`` (objects, 4) with ymin, xmin, ymax, xmax from 0 to 1, ``labels`` (objects,)."""

    boxes: Array
    labels: Array

    def __post_init__(self) -> None:
        if self.boxes.shape != (*self.labels.shape, 4) or self.labels.ndim != 1:
            raise ValueError(f"boxes {self.boxes.shape} do not fit labels {self.labels.shape}")
        low, high = self.boxes[:, :2], self.boxes[:, 2:]
        if not ((low >= 0).all() and (low < high).all() and (high <= 1).all()):
            raise ValueError("boxes need 0 <= ymin < ymax <= 1 and 0 <= xmin < xmax <= 1")


def overlaps(one: Array, other: Array) -> Array:
    """Return the intersection over union of every two boxes.

    Input shape:
        (n, 4) and (m, 4)

    Output shape:
        (n, m); 0 where both boxes are empty.
    """
    # One axis at a time: NumPy is many times slower at reducing an axis of two.
    both = _shared(one, other, 0) * _shared(one, other, 1)
    either: Array = _areas(one)[:, None] + _areas(other) - both
    shares: Array = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    return shares


def _shared(one: Array, other: Array, axis: int) -> Array:
    """Return the length along an axis that every two boxes share."""
    low = np.maximum(one[:, None, axis], other[:, axis])
    high = np.minimum(one[:, None, axis + 2], other[:, axis + 2])
    shared: Array = np.maximum(high - low, 0.0)
    return shared


def to_corners(centred: Array) -> Array:
    """Return (ymin, xmin, ymax, xmax) of boxes that are (y, x, height, width) around their centres."""
    middle, half = centred[..., :2], centred[..., 2:] / 2
    return np.concatenate([middle - half, middle + half], axis=-1)


def to_centred(corners: Array) -> Array:
    """Return (y, x, height, width) around the centres of boxes that are (ymin, xmin, ymax, xmax)."""
    low, high = corners[..., :2], corners[..., 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=-1)


def _areas(boxes: Array) -> Array:
    areas: Array = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
