"""What every data set offers: its shape of input, and three parts that never overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """What a model for this data must look like.

    ``input_shapes`` are (height, width, channels), one an input. ``normalisation`` says in words what was done
    to raw values, for the people who feed the shipped file.
    """

    name: str
    task: str
    input_shapes: tuple[tuple[int, ...], ...]
    classes: int
    labels: tuple[str, ...]
    normalisation: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Examples fed as they are to the float model: ``x`` (count, *input shape), ``y`` (count,)."""

    x: Floats
    y: Labels

    def __len__(self) -> int:
        return len(self.y)


class Dataset(Protocol):
    """Called by training (train, validation), by export (representative) and once for winners (test).

    The three parts are the same at every call and on every machine for the same plan and seed.
    """

    @property
    def spec(self) -> DatasetSpec: ...

    def train(self) -> Part: ...

    def validation(self) -> Part: ...

    def test(self) -> Part: ...

    def representative(self, count: int) -> Floats:
        """Return ``count`` training inputs, drawn by the data plan's seed, for calibrating int8."""
        ...


def facts(dataset: Dataset) -> dict[str, Any]:
    """Return the counts that a run records about its data."""
    return {
        "name": dataset.spec.name,
        "train": len(dataset.train()),
        "validation": len(dataset.validation()),
        "test": len(dataset.test()),
        "classes": dataset.spec.classes,
        "labels": list(dataset.spec.labels),
        "input_shapes": [list(shape) for shape in dataset.spec.input_shapes],
        "normalisation": dataset.spec.normalisation,
        "source": dataset.spec.source,
    }
