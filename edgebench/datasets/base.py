"""What every data set offers: its shape of input, and three parts that never overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """What a model for this data must look like.

    ``input_shapes`` are (height, width, channels), one an input. ``normalisation`` says in words what was done
    to raw values, for the people who feed the shipped file. ``synthetic`` says that the examples were made up.
    ``notes`` are what else people should know of the examples, such as how many were left out.
    """

    name: str
    task: str
    input_shapes: tuple[tuple[int, ...], ...]
    classes: int
    labels: tuple[str, ...]
    normalisation: str
    source: str
    synthetic: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Examples fed as they are to the float model: ``x`` (count, *input shape), ``y`` as the task has it, one an example.

    Of networks with several inputs ``x`` is the first, ``more`` are the others. Equal channels may be views of one. ``groups`` (count,) tells what examples
    belong together, such as those of one photograph or of one person: validation takes a group whole or not at all.
    """

    x: Floats
    y: Any
    more: tuple[Floats, ...] = ()
    groups: Labels | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def inputs(self) -> tuple[Floats, ...]:
        return (self.x, *self.more)

    def drawn(self, count: int, seed: int) -> tuple[Floats, ...]:
        """Return the inputs of ``count`` examples drawn by a seed, the same rows of each input."""
        rows = np.random.default_rng(seed).permutation(len(self.x))[:count]
        return tuple(array[rows] for array in self.inputs)

    def head(self, count: int | None) -> Part:
        """Return the first examples; all of them for None."""
        return self.of(slice(count))

    def of(self, rows: slice | Labels) -> Part:
        """Return some of the examples."""
        return Part(
            x=_rows_of(self.x, rows),
            y=self.y[rows],
            more=tuple(_rows_of(array, rows) for array in self.more),
            groups=None if self.groups is None else self.groups[rows],
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the examples as plain arrays by the names that an .npz file of examples has, see `ArraySource`."""
        inputs = {
            f"x{index or ''}": x for index, x in zip((0, *range(2, 99)), self.inputs, strict=False)
        }
        if self.y.dtype != object:
            return {**inputs, "y": self.y}
        most = max(len(objects.labels) for objects in self.y)
        boxes, labels = np.zeros((len(self), most, 4)), np.full((len(self), most), -1)
        for index, objects in enumerate(self.y):
            boxes[index, : len(objects.labels)] = objects.boxes
            labels[index, : len(objects.labels)] = objects.labels
        return {**inputs, "y": labels, "boxes": boxes}


def _rows_of(array: Floats, rows: slice | Labels) -> Floats:
    """Return some rows; channels that are one repeated without a copy stay so."""
    if array.strides[-1]:
        return array[rows]
    found = array[..., :1][rows]
    return np.broadcast_to(found, (*found.shape[:-1], array.shape[-1]))


class Source(Protocol):
    """What is known of one data set. `Split` makes a `Dataset` of it.

    Made of a plan; raises `InputError` where the plan does not suit it, and reads no example before it is asked to.
    """

    @property
    def spec(self) -> DatasetSpec: ...

    @property
    def pool_count(self) -> int:
        """How many examples `pool` will have."""
        ...

    def pool(self) -> Part:
        """Return all examples that may be trained on, the plan's sample of them."""
        ...

    def test(self) -> Part:
        """Return the examples for testing, those of the plan's sample."""
        ...

    def lacks(self) -> tuple[str, ...]:
        """Return the files that the plan needs and that are not there."""
        ...


@runtime_checkable
class Divided(Protocol):
    """What a `Source` has besides, that may itself say which examples are held out to choose by."""

    @property
    def held_out_count(self) -> int:
        """How many; 0 where a share of the pool is."""
        ...

    def held_out(self) -> Part:
        """Return them; they are not in the pool."""
        ...


@runtime_checkable
class Dataset(Protocol):
    """Called by training (train, validation), by export (representative) and once for winners (test).

    The three parts are the same at every call and on every machine for the same plan.
    """

    @property
    def spec(self) -> DatasetSpec: ...

    def train(self) -> Part: ...

    def validation(self) -> Part: ...

    def test(self) -> Part: ...

    def representative(self, count: int) -> tuple[Floats, ...]:
        """Return ``count`` training inputs, drawn by the seed, for calibrating int8: one array an input."""
        ...

    def lacks(self) -> tuple[str, ...]:
        """Return the files that it needs and that are not there."""
        ...


def repeated(names: Iterable[str]) -> str:
    """Return the first name that stands there twice; empty where each stands once."""
    return next((name for name, count in Counter(names).items() if count > 1), "")


def facts(dataset: Dataset) -> dict[str, Any]:
    """Return the counts that a run records about its data."""
    return {
        "name": dataset.spec.name,
        "task": dataset.spec.task,
        "train": len(dataset.train()),
        "validation": len(dataset.validation()),
        "test": len(dataset.test()),
        "classes": dataset.spec.classes,
        "labels": list(dataset.spec.labels),
        "input_shapes": [list(shape) for shape in dataset.spec.input_shapes],
        "normalisation": dataset.spec.normalisation,
        "source": dataset.spec.source,
        "synthetic": dataset.spec.synthetic,
        "commonest_share": commonest_share(dataset),
        "notes": list(dataset.spec.notes),
    }


def commonest_share(dataset: Dataset) -> float | None:
    """Return how right the commonest answer is, given everywhere in the validation part; None for boxes."""
    if dataset.spec.task == "detection":
        return None
    counts = np.bincount(dataset.validation().y.ravel())
    return float(counts.max() / counts.sum())
