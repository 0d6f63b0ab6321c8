"""The embedded data set: 1,797 real handwritten digits that scikit-learn bundles.

Source: Alpaydin and Kaynak 1998, UCI "Optical Recognition of Handwritten Digits" (the test part, 8x8 counts of
ink per 4x4 cell). Deviation: resized bilinearly and repeated to three channels, so that the published
three-channel counts of the templates hold.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import DatasetSpec, Labels, Part
from edgebench.datasets.plans import first_count, require_plan
from edgebench.datasets.resizing import resize_bilinear
from edgebench.errors import InputError
from edgebench.records import DataPlan

DEFAULT_SIZE = (32, 32)
TEST_SHARE = 0.2
POOL_COUNT = 1437
SPLIT_SEED = 0
MAX_INK = 16.0
CLASSES = 10


class Digits:
    """Ten classes, 360 test examples whatever the seed; the rest is split into train and validation.

    Args:
        plan: ``sample`` takes that share of each class of the training pool, ``size`` (height, width) of the inputs,
            8 to 256.

    Raises:
        InputError: the size is out of bounds.
    """

    def __init__(self, plan: DataPlan) -> None:
        require_plan(plan, "digits")
        size = plan.size or DEFAULT_SIZE
        if not all(8 <= side <= 256 for side in size):
            raise InputError(
                f"data.size {size[0]}x{size[1]} does not suit digits",
                why="expected 8 to 256 a side",
            )
        self._plan = plan
        self.pool_count = first_count(plan.sample, POOL_COUNT)
        self.spec = DatasetSpec(
            name="digits",
            task="classification",
            input_shapes=((*size, 3),),
            classes=CLASSES,
            labels=tuple(str(digit) for digit in range(CLASSES)),
            normalisation="ink count / 16, in [0, 1], grey repeated to 3 channels",
            source="scikit-learn load_digits (UCI optical recognition of handwritten digits)",
        )

    def pool(self) -> Part:
        pool, _ = self._rows
        return self._part(_share_of_each_class(pool, self._bunch.target[pool], self.pool_count))

    def test(self) -> Part:
        return self._part(self._rows[1])

    def lacks(self) -> tuple[str, ...]:
        return ()

    @cached_property
    def _bunch(self) -> Any:
        from sklearn.datasets import load_digits

        return load_digits()

    @cached_property
    def _rows(self) -> tuple[Labels, Labels]:
        from sklearn.model_selection import train_test_split

        target = self._bunch.target
        pool, test = train_test_split(
            np.arange(len(target)), test_size=TEST_SHARE, stratify=target, random_state=SPLIT_SEED
        )
        return pool, test

    def _part(self, rows: Labels) -> Part:
        height, width, _ = self.spec.input_shapes[0]
        grey = resize_bilinear(self._bunch.images[rows] / MAX_INK, height, width)
        x = np.repeat(grey[..., None], 3, axis=-1).astype(np.float32)
        return Part(x=x, y=self._bunch.target[rows].astype(np.int64))


def _share_of_each_class(
    rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """Return ``count`` of the rows with the shares of the classes kept; fewer are always among more."""
    ranks = np.empty(len(rows))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        ranks[members] = (np.arange(len(members)) + 0.5) / len(members)
    return rows[np.sort(np.argsort(ranks, kind="stable")[:count])]
