"""The default boxes of the single shot detector, and what is said in terms of them.

Source: Liu et al. 2015, "SSD: Single Shot MultiBox Detector", arXiv:1512.02325, sections 2.2 and 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.tasks.base import Array
from edgebench.tasks.boxes import Objects, overlaps, to_centred, to_corners

FIRST_SCALE = 0.1
SCALES = 0.2, 0.9
ASPECT_RATIOS = 1.0, 2.0, 0.5
"""Width over height, in the order of the boxes at one position."""

VARIANCES = np.array([0.1, 0.1, 0.2, 0.2])
LEAST_MATCH = 0.5
LARGEST_GROWTH = 1000 / 16


def map_sizes(height: int, width: int) -> tuple[tuple[int, int], ...]:
    """Return height and width of the six feature maps of `mobilenetv2-ssd` for an image of this size."""
    return tuple(zip(_map_sides(height), _map_sides(width), strict=True))


def _map_sides(side: int) -> tuple[int, ...]:
    """Return the widths of the maps: of the stem, which is not padded, and its halvings; then two that are not padded."""
    sides = [(side - 1) // 2]
    for _ in range(5):
        sides.append(-(-sides[-1] // 2))
    return (*sides[2:], sides[-1] - 2, sides[-1] - 3)


def default_boxes(maps: Sequence[tuple[int, int]]) -> Array:
    """Return the default boxes of feature maps, in the order of the rows of `ssd_head`.

    The first map's boxes have scale .1, those of the others rise evenly from .2 to .9. Each position has a square, a
    wide and a tall box of the same area around its middle. The published larger square is left out, as the detector has
    three boxes a position.

    Args:
        maps: Height and width of each feature map, in order.

    Output shape:
        (boxes, 4): y, x, height, width as shares of the image's; (y, x) is the centre.
    """
    scales = (FIRST_SCALE, *np.linspace(*SCALES, len(maps) - 1)) if maps else ()
    roots = np.sqrt(ASPECT_RATIOS)
    parts = []
    for (height, width), scale in zip(maps, scales, strict=True):
        y, x, root = np.meshgrid(
            (np.arange(height) + 0.5) / height,
            (np.arange(width) + 0.5) / width,
            roots,
            indexing="ij",
        )
        parts.append(np.stack([y, x, scale / root, scale * root], axis=-1).reshape(-1, 4))
    return np.concatenate(parts)


def encode(boxes: Array, defaults: Array) -> Array:
    """Return the offsets at which each default box stands for its box; `decode` is its inverse.

    They are the shift of the centre in sizes of the default box, and the logarithm of the growth, (y, x, height, width),
    over `VARIANCES`: what TFLite's own detection postprocessing reads with scales 10, 10, 5, 5.

    Args:
        boxes: (..., 4), ymin, xmin, ymax, xmax.
        defaults: (..., 4) from `default_boxes`.
    """
    centred = to_centred(boxes)
    shift = (centred[..., :2] - defaults[..., :2]) / defaults[..., 2:]
    growth = np.log(centred[..., 2:] / defaults[..., 2:])
    offsets: Array = np.concatenate([shift, growth], axis=-1) / VARIANCES
    return offsets


def decode(offsets: Array, defaults: Array) -> Array:
    """Return the boxes that offsets stand for, cut off at the image's edge.

    Args:
        offsets: (..., 4), as `encode` gives them.
        defaults: (..., 4) from `default_boxes`.

    Output shape:
        (..., 4): ymin, xmin, ymax, xmax. No side grows to more than 62.5 times the default box's.
    """
    scaled = offsets * VARIANCES
    middle = defaults[..., :2] + scaled[..., :2] * defaults[..., 2:]
    size = defaults[..., 2:] * np.exp(np.minimum(scaled[..., 2:], np.log(LARGEST_GROWTH)))
    return np.clip(to_corners(np.concatenate([middle, size], axis=-1)), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """What a detector should answer for one image: ``offsets`` (boxes, 4), 0 at the background's boxes, ``labels`` (boxes,)."""

    offsets: Array
    labels: Array


def targets(objects: Objects, defaults: Array, background: int) -> Targets:
    """Match objects to default boxes.

    Each object takes the free default box that it overlaps most, the best pair of all first; then every other default
    box goes to the object that it overlaps most, if by more than one half. The rest is background.

    Args:
        objects: Of one image.
        defaults: (boxes, 4) from `default_boxes`.
        background: The background's class number.
    """
    offsets, labels = np.zeros_like(defaults), np.full(len(defaults), background)
    if not len(objects.labels):
        return Targets(offsets=offsets, labels=labels)
    shared = overlaps(to_corners(defaults), objects.boxes)
    owner = np.where(shared.max(axis=1) > LEAST_MATCH, shared.argmax(axis=1), -1)
    for _ in objects.labels:
        box, item = np.unravel_index(shared.argmax(), shared.shape)
        owner[box] = item
        shared[box], shared[:, item] = -1.0, -1.0
    taken = owner >= 0
    labels[taken] = objects.labels[owner[taken]]
    offsets[taken] = encode(objects.boxes[owner[taken]], defaults[taken])
    return Targets(offsets=offsets, labels=labels)
