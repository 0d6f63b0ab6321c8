"""Digits to be found: each of MNIST's first at a place of its own on a black canvas.

Source: Chantrapornchai, Kajkamhaeng and Romphet 2023, doi 10.1038/s41598-023-37682-0: 600 to train on, 100 for testing,
224x224. They leave the places open; here a seed draws them, so that they are the same everywhere.
"""

from __future__ import annotations

import numpy as np

from edgebench.datasets.base import DatasetSpec, Part
from edgebench.datasets.mnist import KINDS, SIDE, missing_files, read_digits
from edgebench.datasets.plans import first_count, require_plan
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.tasks import Objects

DEFAULT_SIZE = (224, 224)
MOST_SIDE = 1024
COUNTS = {"train": 600, "t10k": 100}
PLACE_SEED = 0
CHANNELS = 3


class MnistDetection:
    """One digit an image, of three equal channels, with the box of its 28x28 pixels.

    Nothing is stored: the images are made of MNIST's files, and only one of their channels takes memory.

    Args:
        plan: ``sample`` takes that share of the 600 and of the 100, the first ones; ``size`` (height, width) of the canvas,
            28 to 1024.

    Raises:
        InputError: a file of MNIST is missing or damaged, or the size is out of bounds.
    """

    def __init__(self, plan: DataPlan) -> None:
        require_plan(plan, "mnist-detection")
        size = plan.size or DEFAULT_SIZE
        if not all(SIDE <= side <= MOST_SIDE for side in size):
            raise InputError(
                f"data.size {size[0]}x{size[1]} does not suit mnist-detection",
                why=f"expected {SIDE} to {MOST_SIDE} a side: a digit has {SIDE}",
            )
        self._size = size
        self.pool_count = first_count(plan.sample, COUNTS["train"])
        self._test_count = first_count(plan.sample, COUNTS["t10k"])
        self.spec = DatasetSpec(
            name="mnist-detection",
            task="detection",
            input_shapes=((*size, CHANNELS),),
            classes=len(KINDS),
            labels=KINDS,
            normalisation="ink / 255, in [0, 1], grey repeated to 3 channels",
            source="MNIST (LeCun, Cortes and Burges 1998), each digit at a place drawn by a seed",
        )

    def pool(self) -> Part:
        return self._part("train", self.pool_count)

    def test(self) -> Part:
        return self._part("t10k", self._test_count)

    def lacks(self) -> tuple[str, ...]:
        return missing_files()

    def _part(self, part: str, count: int) -> Part:
        digits, labels = read_digits(part, count)
        room = np.array(self._size) - SIDE
        rng = np.random.default_rng((PLACE_SEED, list(COUNTS).index(part)))
        corners = rng.integers(0, room, size=(COUNTS[part], 2), endpoint=True)[:count]
        canvas = np.zeros((count, *self._size, 1), dtype=np.float32)
        found = np.empty(count, dtype=object)
        for index, (top, left) in enumerate(corners.tolist()):
            canvas[index, top : top + SIDE, left : left + SIDE, 0] = digits[index]
            box = np.array([[top, left, top + SIDE, left + SIDE]]) / np.tile(self._size, 2)
            found[index] = Objects(boxes=box, labels=labels[index : index + 1].astype(np.int64))
        canvas /= np.float32(255)
        return Part(x=np.broadcast_to(canvas, (*canvas.shape[:-1], CHANNELS)), y=found)
