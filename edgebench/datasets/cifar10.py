"""CIFAR-10 in its official binary format: 32x32 colour photographs of ten kinds of things.

Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images"; for research use. A record is one byte of
label and 3,072 of pixels: the red plane, then green, then blue, row by row.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import DatasetSpec, Floats, Labels, Part
from edgebench.errors import InputError
from edgebench.records import DataPlan

FOLDER = "cifar-10-batches-bin"
SIDE = 32
PIXELS = 3 * SIDE * SIDE
RECORD = 1 + PIXELS
BATCH_COUNT = 10_000
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE = "test_batch.bin"
TRAIN_COUNT = BATCH_COUNT * len(TRAIN_FILES)
SPLIT_SEED = 0
KINDS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


class Cifar10:
    """The first of the 50,000 training photographs, in the order of the files, and all 10,000 for testing.

    The files lie in ``cifar-10-batches-bin`` of the folder that ``EDGEBENCH_DATA`` names; only those are read that the
    sample reaches into.

    Args:
        plan: ``sample`` takes that share of the training photographs, the first ones, ``validation`` that share of them
            for validation, the same of each class.
        seed: Draws the representative inputs. The parts do not depend on it, so that runs compare.

    Raises:
        InputError: a file is missing or damaged, another size is asked for, or too few photographs are left to train or
            validate on.
    """

    def __init__(self, plan: DataPlan, seed: int = 0) -> None:
        if plan.size not in (None, (SIDE, SIDE)):
            raise InputError("data.size does not suit cifar10", why=f"it is {SIDE}x{SIDE}")
        self._count = round(plan.sample * TRAIN_COUNT)
        self._held_back = int(plan.validation * self._count)
        if not len(KINDS) <= self._held_back <= self._count - len(KINDS):
            raise InputError(
                f"of {self._count} photographs, {self._held_back} would be for validation",
                why=f"validation and training both need at least {len(KINDS)}, one a class",
                remedy="raise data.sample, or bring data.validation nearer to 0.2",
            )
        self._seed = seed
        self.spec = DatasetSpec(
            name="cifar10",
            task="classification",
            input_shapes=((SIDE, SIDE, 3),),
            classes=len(KINDS),
            labels=KINDS,
            normalisation="red, green, blue / 255, in [0, 1]",
            source="CIFAR-10, binary version (Krizhevsky 2009)",
        )

    def train(self) -> Part:
        return self._pool[0]

    def validation(self) -> Part:
        return self._pool[1]

    def test(self) -> Part:
        return self._test

    def representative(self, count: int) -> Floats:
        x = self.train().x
        order = np.random.default_rng(self._seed).permutation(len(x))
        return np.asarray(x[order[:count]], dtype=np.float32)

    @cached_property
    def _pool(self) -> tuple[Part, Part]:
        from sklearn.model_selection import train_test_split

        read = [
            _read(name, min(BATCH_COUNT, self._count - first))
            for name, first in zip(TRAIN_FILES, range(0, self._count, BATCH_COUNT), strict=False)
        ]
        records = np.concatenate(read)
        train, validation = train_test_split(
            np.arange(self._count),
            test_size=self._held_back,
            random_state=SPLIT_SEED,
            stratify=_labels(records),
        )
        return _part(records[train]), _part(records[validation])

    @cached_property
    def _test(self) -> Part:
        return _part(_read(TEST_FILE, BATCH_COUNT))


def _read(name: str, count: int) -> npt.NDArray[np.uint8]:
    """Return the first records of a file, shape (count, 3073)."""
    path = Path(os.environ.get("EDGEBENCH_DATA", "."), FOLDER, name)
    remedy = f"set EDGEBENCH_DATA to the folder that holds {FOLDER}"
    try:
        found = np.fromfile(path, dtype=np.uint8, count=count * RECORD)
    except OSError as error:
        raise InputError(f"{path} cannot be read", why=str(error.strerror), remedy=remedy) from None
    if len(found) < count * RECORD or found[::RECORD].max() >= len(KINDS):
        raise InputError(
            f"{path} is no file of CIFAR-10",
            why=f"expected {BATCH_COUNT} records of {RECORD} bytes that begin with a label below {len(KINDS)}",
            remedy="get the binary version again",
        )
    return found.reshape(count, RECORD)


def _labels(records: npt.NDArray[np.uint8]) -> Labels:
    return records[:, 0].astype(np.int64)


def _part(records: npt.NDArray[np.uint8]) -> Part:
    planes = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
    x = planes.transpose(0, 2, 3, 1).astype(np.float32) / np.float32(255)
    return Part(x=x, y=_labels(records))
