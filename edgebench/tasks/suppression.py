"""From scored boxes to objects found: the best first, and none twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebench.tasks.base import Array
from edgebench.tasks.boxes import overlaps

LEAST_SCORE = 0.01
MOST_OVERLAP = 0.45
MOST_A_CLASS = 400
MOST_AN_IMAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detected:
    """What is found in one image, the best score first: ``boxes`` (found, 4) as in `Objects`, ``labels``, ``scores`` (found,)."""

    boxes: Array
    labels: Array
    scores: Array


def suppress(boxes: Array, scores: Array) -> Detected:
    """Keep, in each class, the boxes that overlap no better one by more than .45.

    Boxes that score under .01 are left out, of each class the 400 best are looked at, and of all 200 are kept: the
    numbers of the published detector.

    Args:
        boxes: (boxes, 4).
        scores: (boxes, classes), from 0 to 1, without the background's.

    Source: Liu et al. 2015, arXiv:1512.02325, section 3; the 400 are its authors' code's.
    """
    ranked = np.argsort(-scores, axis=0, kind="stable")[:MOST_A_CLASS]
    rows, labels = ranked.ravel(), np.tile(np.arange(scores.shape[1]), len(ranked))
    order = np.argsort(-scores[rows, labels], kind="stable")
    rows, labels = rows[order], labels[order]
    places, found = boxes[rows], scores[rows, labels]
    left = np.flatnonzero(found >= LEAST_SCORE)
    kept: list[int] = []
    while len(left) and len(kept) < MOST_AN_IMAGE:
        best, left = left[0], left[1:]
        kept.append(best)
        is_near = overlaps(places[best : best + 1], places[left])[0] > MOST_OVERLAP
        left = left[~(is_near & (labels[left] == labels[best]))]
    return Detected(boxes=places[kept], labels=labels[kept], scores=found[kept])
