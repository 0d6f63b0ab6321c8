"""Average precision as PASCAL VOC computes it since 2010: the area under the whole curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebench.tasks.base import Array
from edgebench.tasks.boxes import Objects, overlaps
from edgebench.tasks.suppression import Detected

LEAST_OVERLAP = 0.5


def average_precisions(
    found: Sequence[Detected], truth: Sequence[Objects], least_overlap: float = LEAST_OVERLAP
) -> dict[int, float]:
    """Return the average precision of each class that has an object, by its number.

    Everything found in all images is gone through by its score. It is right where the object of its class that it
    overlaps most is overlapped enough and was not found before; else it is wrong.

    Args:
        found: One an image.
        truth: One an image, in the same order.
        least_overlap: Intersection over union from which on an object is found.

    Source: Everingham et al. 2015, "The PASCAL Visual Object Classes Challenge: A Retrospective", section 3; its
    development kit's ``VOCevaldet``.
    """
    labels = (
        np.concatenate([objects.labels for objects in truth]) if len(truth) else np.empty(0, int)
    )
    return {
        int(label): _average_precision(found, truth, int(label), least_overlap)
        for label in np.unique(labels)
    }


def _average_precision(
    found: Sequence[Detected], truth: Sequence[Objects], label: int, least_overlap: float
) -> float:
    claims: list[tuple[float, tuple[int, int] | None]] = []
    total = 0
    for image, (detected, objects) in enumerate(zip(found, truth, strict=True)):
        mine = detected.labels == label
        boxes = objects.boxes[objects.labels == label]
        total += len(boxes)
        shared = overlaps(detected.boxes[mine], boxes)
        for score, row in zip(detected.scores[mine].tolist(), shared, strict=True):
            meant = int(row.argmax()) if row.size else 0
            is_near = row.size and row[meant] >= least_overlap
            claims.append((score, (image, meant) if is_near else None))
    claims.sort(key=lambda claim: -claim[0])
    taken: set[tuple[int, int]] = set()
    hits = []
    for _, item in claims:
        hits.append(item is not None and item not in taken)
        if item is not None:
            taken.add(item)
    return _area(np.array(hits, dtype=bool), total)


def _area(hits: Array, total: int) -> float:
    """Return the area under precision over recall, precision being the best at that recall or a higher one."""
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[hits].sum() / total)
