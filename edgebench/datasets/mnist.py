"""MNIST in its official idx files: 28x28 handwritten digits.

Source: LeCun, Cortes and Burges 1998, "The MNIST database of handwritten digits". An idx file is a magic number (the type
of the values, and how many dimensions), the size of each dimension as a big-endian 32-bit number, and the values.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import DatasetSpec, Floats, Part
from edgebench.datasets.plans import data_folder, first_count, require_plan
from edgebench.datasets.resizing import resize_bilinear
from edgebench.errors import InputError
from edgebench.records import DataPlan

FOLDER = "mnist"
SIDE = 28
KINDS = tuple(str(digit) for digit in range(10))
COUNTS = {"train": 60_000, "t10k": 10_000}
FILES = tuple(f"{part}-{kind}-ubyte" for part in COUNTS for kind in ("images-idx3", "labels-idx1"))
UNSIGNED_BYTES = 0x08
CHUNK = 1000
Bytes = npt.NDArray[np.uint8]


class Mnist:
    """The first of the 60,000 training digits, and the first of the 10,000 for testing.

    The four files lie in ``mnist`` of the folder that ``EDGEBENCH_DATA`` names, as published: gzip, or unpacked.

    Args:
        plan: ``sample`` takes that share of the training digits and of those for testing, the first ones; ``size`` (height,
            width) of the inputs, 8 to 256.

    Raises:
        InputError: a file is missing or damaged, or the size is out of bounds.
    """

    def __init__(self, plan: DataPlan) -> None:
        require_plan(plan, "mnist")
        size = plan.size or (SIDE, SIDE)
        if not all(8 <= side <= 256 for side in size):
            raise InputError(
                f"data.size {size[0]}x{size[1]} does not suit mnist", why="expected 8 to 256 a side"
            )
        self._size = size
        self.pool_count = first_count(plan.sample, COUNTS["train"])
        self._test_count = first_count(plan.sample, COUNTS["t10k"])
        self.spec = DatasetSpec(
            name="mnist",
            task="classification",
            input_shapes=((*size, 1),),
            classes=len(KINDS),
            labels=KINDS,
            normalisation="ink / 255, in [0, 1]",
            source="MNIST (LeCun, Cortes and Burges 1998)",
        )

    def pool(self) -> Part:
        return self._part("train", self.pool_count)

    def test(self) -> Part:
        return self._part("t10k", self._test_count)

    def lacks(self) -> tuple[str, ...]:
        return missing_files()

    def _part(self, part: str, count: int) -> Part:
        images, labels = read_digits(part, count)
        return Part(x=_resized(images, *self._size)[..., None], y=labels.astype(np.int64))


def missing_files() -> tuple[str, ...]:
    """Return the files that are not there, neither packed nor unpacked."""
    return tuple(f"{FOLDER}/{name}.gz" for name in FILES if not file_path(name).is_file())


def file_path(name: str) -> Path:
    """Return where a file lies, unpacked or as it is published; where there is none, where the published one belongs."""
    unpacked = data_folder() / FOLDER / name
    return unpacked if unpacked.is_file() else unpacked.with_name(f"{name}.gz")


def read_digits(part: str, count: int) -> tuple[Bytes, Bytes]:
    """Return the first images (count, 28, 28) and labels (count,) of ``train`` or ``t10k``.

    Raises:
        InputError: a file is missing, cut, of another kind, or has a label above 9.
    """
    there = COUNTS[part]
    images = _read(f"{part}-images-idx3-ubyte", (there, SIDE, SIDE))[:count]
    labels = _read(f"{part}-labels-idx1-ubyte", (there,))[:count]
    if labels.max(initial=0) >= len(KINDS):
        path = file_path(f"{part}-labels-idx1-ubyte")
        raise _wrong(path, f"a label in it is {labels.max()}, and the last is {len(KINDS) - 1}")
    return images, labels


def _read(name: str, shape: tuple[int, ...]) -> Bytes:
    """Return the values of an idx file that must have this shape."""
    header = np.array([UNSIGNED_BYTES << 8 | len(shape), *shape], dtype=">u4").tobytes()
    size_bytes = len(header) + int(np.prod(shape))
    path = file_path(name)
    try:
        with gzip.open(path) if path.suffix else path.open("rb") as file:
            content = file.read(size_bytes + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _wrong(path, f"it cannot be unpacked: {error}") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read",
            why=str(error.strerror),
            remedy=f"set EDGEBENCH_DATA to the folder that holds {FOLDER}, or edgebench data get mnist",
        ) from None
    if not content.startswith(header):
        found = np.frombuffer(content[: len(header) // 4 * 4], dtype=">u4").tolist()
        expected = np.frombuffer(header, dtype=">u4").tolist()
        raise _wrong(path, f"it begins with the numbers {found}, expected {expected}")
    if len(content) != size_bytes:
        least = "more than" if len(content) > size_bytes else f"{len(content)} of"
        raise _wrong(path, f"it holds {least} {size_bytes} bytes")
    return np.frombuffer(content, dtype=np.uint8, offset=len(header)).reshape(shape)


def _wrong(path: Path, why: str) -> InputError:
    return InputError(f"{path} is no file of MNIST", why=why, remedy="get it again")


def _resized(images: Bytes, height: int, width: int) -> Floats:
    """Return images in [0, 1], resized some at a time: between, each takes 16 times its bytes."""
    if images.shape[1:] == (height, width):
        return images.astype(np.float32) / np.float32(255)
    found = np.empty((len(images), height, width), dtype=np.float32)
    for first in range(0, len(images), CHUNK):
        rows = slice(first, first + CHUNK)
        found[rows] = resize_bilinear(images[rows] / 255.0, height, width)
    return found
