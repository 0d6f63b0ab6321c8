"""CIFAR-10 in its official formats: 32x32 colour photographs of ten kinds of things.

Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images"; for research use. A record of the binary
format is one byte of label and 3,072 of pixels: the red plane, then green, then blue, row by row. The Python format holds
the same photographs in the same order, the labels beside them, in pickled dicts that are read without unpickling.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import DatasetSpec, Part
from edgebench.datasets.pickled import read_batch
from edgebench.datasets.plans import data_folder, first_count, require_plan
from edgebench.errors import InputError
from edgebench.records import DataPlan

FOLDER = "cifar-10-batches-bin"
PYTHON_FOLDER = "cifar-10-batches-py"
SIDE = 32
PIXELS = 3 * SIDE * SIDE
RECORD = 1 + PIXELS
BATCH_COUNT = 10_000
TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_BATCH = "test_batch"
TRAIN_COUNT = BATCH_COUNT * len(TRAIN_BATCHES)
LARGEST_PICKLE_BYTES = 64 * 2**20
"""An official one has 31 MB."""

KINDS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
Records = npt.NDArray[np.uint8]


class Cifar10:
    """The first of the 50,000 training photographs, in the order of the files, and the first of the 10,000 for testing.

    The files lie in ``cifar-10-batches-bin`` or ``cifar-10-batches-py`` of the folder that ``EDGEBENCH_DATA`` names; where
    a batch is in both, the first is read. Only those batches are read that the sample reaches into.

    Args:
        plan: ``sample`` takes that share of the training photographs and of those for testing, the first ones.

    Raises:
        InputError: a file is missing or damaged, or another size is asked for.
    """

    def __init__(self, plan: DataPlan) -> None:
        require_plan(plan, "cifar10")
        if plan.size not in (None, (SIDE, SIDE)):
            raise InputError("data.size does not suit cifar10", why=f"it is {SIDE}x{SIDE}")
        self.pool_count = first_count(plan.sample, TRAIN_COUNT)
        self._test_count = first_count(plan.sample, BATCH_COUNT)
        self.spec = DatasetSpec(
            name="cifar10",
            task="classification",
            input_shapes=((SIDE, SIDE, 3),),
            classes=len(KINDS),
            labels=KINDS,
            normalisation="red, green, blue / 255, in [0, 1]",
            source="CIFAR-10 (Krizhevsky 2009)",
        )

    def pool(self) -> Part:
        return _part(np.concatenate([_read(name, count) for name, count in self._needs()]))

    def test(self) -> Part:
        return _part(_read(TEST_BATCH, self._test_count))

    def lacks(self) -> tuple[str, ...]:
        paths = [batch_path(name) for name in (*(name for name, _ in self._needs()), TEST_BATCH)]
        return tuple(f"{p.parent.name}/{p.name}" for p in paths if not p.is_file())

    def _needs(self) -> list[tuple[str, int]]:
        """Return the training batches that the sample reaches into, and how many records of each."""
        firsts = range(0, self.pool_count, BATCH_COUNT)
        return [
            (name, min(BATCH_COUNT, self.pool_count - first))
            for name, first in zip(TRAIN_BATCHES, firsts, strict=False)
        ]


def batch_path(name: str) -> Path:
    """Return where a batch lies; where there is none, where the binary one belongs."""
    folder = data_folder()
    paths = folder / FOLDER / f"{name}.bin", folder / PYTHON_FOLDER / name
    return next((path for path in paths if path.is_file()), paths[0])


def _read(name: str, count: int) -> Records:
    """Return the first records of a batch, shape (count, 3073)."""
    path = batch_path(name)
    remedy = f"set EDGEBENCH_DATA to the folder that holds {FOLDER}, or edgebench data get cifar10"
    try:
        found = _read_binary(path, count) if path.suffix else _read_pickled(path, count)
    except OSError as error:
        raise InputError(f"{path} cannot be read", why=str(error.strerror), remedy=remedy) from None
    except ValueError as error:
        raise InputError(
            f"{path} is no file of CIFAR-10", why=str(error), remedy="get it again"
        ) from None
    if found[:, 0].max(initial=0) >= len(KINDS):
        raise InputError(
            f"{path} is no file of CIFAR-10",
            why=f"a label in it is {found[:, 0].max()}, and the last is {len(KINDS) - 1}",
            remedy="get it again",
        )
    return found


def _read_binary(path: Path, count: int) -> Records:
    found = np.fromfile(path, dtype=np.uint8, count=count * RECORD)
    if path.stat().st_size != BATCH_COUNT * RECORD or len(found) < count * RECORD:
        raise ValueError(f"expected {BATCH_COUNT} records of {RECORD} bytes")
    return found.reshape(count, RECORD)


def _read_pickled(path: Path, count: int) -> Records:
    with path.open("rb") as file:
        content = file.read(LARGEST_PICKLE_BYTES + 1)
    if len(content) > LARGEST_PICKLE_BYTES:
        raise ValueError(f"it has more than {LARGEST_PICKLE_BYTES} bytes")
    found = read_batch(content)
    pixels, labels = found.get("data"), found.get("labels")
    if not isinstance(pixels, np.ndarray) or pixels.shape != (BATCH_COUNT, PIXELS):
        raise ValueError(f"expected data of {BATCH_COUNT} x {PIXELS} bytes")
    if not isinstance(labels, list) or len(labels) != BATCH_COUNT or not all(map(_is_byte, labels)):
        raise ValueError(f"expected {BATCH_COUNT} labels")
    return np.column_stack([np.array(labels[:count], dtype=np.uint8), pixels[:count]])


def _is_byte(label: object) -> bool:
    return type(label) is int and 0 <= label < 256


def _part(records: Records) -> Part:
    planes = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
    x = planes.transpose(0, 2, 3, 1).astype(np.float32) / np.float32(255)
    return Part(x=x, y=records[:, 0].astype(np.int64))
