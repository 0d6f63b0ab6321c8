"""The embedded data set: 1,797 real handwritten digits that scikit-learn bundles.

Source: Alpaydin and Kaynak 1998, UCI "Optical Recognition of Handwritten Digits" (the test part, 8x8 counts of
ink per 4x4 cell). Deviation: resized bilinearly and repeated to three channels, so that the published
three-channel counts of the templates hold.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import DatasetSpec, Floats, Part
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
        plan: ``sample`` takes that share of each class of the training pool, ``validation`` that share of it for
            validation, ``size`` (height, width) of the inputs, 8 to 256.
        seed: Draws the representative inputs. The parts do not depend on it, so that runs compare.

    Raises:
        InputError: the size is out of bounds, or too few examples are left to train or validate on.
    """

    def __init__(self, plan: DataPlan, seed: int = 0) -> None:
        size = plan.size or DEFAULT_SIZE
        if not all(8 <= side <= 256 for side in size):
            raise InputError(
                f"data.size {size[0]}x{size[1]} does not suit digits",
                why="expected 8 to 256 a side",
            )
        examples = round(plan.sample * POOL_COUNT)
        held_back = int(plan.validation * examples)
        if not CLASSES <= held_back <= examples - CLASSES:
            raise InputError(
                f"of {examples} digits, {held_back} would be for validation and {examples - held_back} for training",
                why=f"both need at least {CLASSES}, one a class",
                remedy="raise data.sample, or bring data.validation nearer to 0.2",
            )
        self._plan = plan
        self._seed = seed
        self.spec = DatasetSpec(
            name="digits",
            task="classification",
            input_shapes=((*size, 3),),
            classes=CLASSES,
            labels=tuple(str(digit) for digit in range(CLASSES)),
            normalisation="ink count / 16, in [0, 1], grey repeated to 3 channels",
            source="scikit-learn load_digits (UCI optical recognition of handwritten digits)",
        )

    def train(self) -> Part:
        return self._parts[0]

    def validation(self) -> Part:
        return self._parts[1]

    def test(self) -> Part:
        return self._parts[2]

    def representative(self, count: int) -> Floats:
        x = self.train().x
        order = np.random.default_rng(self._seed).permutation(len(x))
        return np.asarray(x[order[:count]], dtype=np.float32)

    @cached_property
    def _parts(self) -> tuple[Part, Part, Part]:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        bunch = load_digits()
        everything = np.arange(len(bunch.target))
        pool, test = train_test_split(
            everything, test_size=TEST_SHARE, stratify=bunch.target, random_state=SPLIT_SEED
        )
        pool = _share_of_each_class(pool, bunch.target[pool], round(self._plan.sample * len(pool)))
        train, validation = train_test_split(
            pool,
            test_size=int(self._plan.validation * len(pool)),
            random_state=SPLIT_SEED,
            stratify=bunch.target[pool],
        )
        height, width, _ = self.spec.input_shapes[0]

        def part(rows: npt.NDArray[np.int64]) -> Part:
            grey = resize_bilinear(bunch.images[rows] / MAX_INK, height, width)
            x = np.repeat(grey[..., None], 3, axis=-1).astype(np.float32)
            return Part(x=x, y=bunch.target[rows].astype(np.int64))

        return part(train), part(validation), part(test)


def _share_of_each_class(
    rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """Return ``count`` of the rows with the shares of the classes kept; fewer are always among more."""
    ranks = np.empty(len(rows))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        ranks[members] = (np.arange(len(members)) + 0.5) / len(members)
    return rows[np.sort(np.argsort(ranks, kind="stable")[:count])]


def resize_bilinear(images: npt.NDArray[np.float64], height: int, width: int) -> Floats:
    """Resize (count, h, w) images with half-pixel centres and edges repeated."""
    rows, row_share = _sources(images.shape[1], height)
    columns, column_share = _sources(images.shape[2], width)
    tall = images[:, rows] * (1 - row_share)[:, None] + images[:, rows + 1] * row_share[:, None]
    wide = tall[:, :, columns] * (1 - column_share) + tall[:, :, columns + 1] * column_share
    return np.asarray(wide, dtype=np.float32)


def _sources(
    count_in: int, count_out: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return for each output position the lower source index and the share of the next one."""
    centres = (np.arange(count_out) + 0.5) * count_in / count_out - 0.5
    centres = np.clip(centres, 0, count_in - 1)
    lower = np.minimum(centres.astype(np.int64), count_in - 2)
    return lower, centres - lower
