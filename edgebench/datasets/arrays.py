"""Examples of one's own, as arrays by name: an .npz file, such as ``heldout.npz`` of a report, or what a function returns.

``x`` (count, *input shape) are inputs as the float model takes them, of further inputs ``x2``, ``x3``, ...; ``y`` (count,)
is the class of each, or (count, height, width[, 1]) the class of each pixel (of 0 and 1 alone, with one label or none, a single
mask), or with ``boxes`` (count, objects, 4; ymin, xmin,
ymax, xmax as shares) the class of each object (count, objects), below 0 where there is none: the test part, which may also
be called ``x_test`` and so on. ``x_train``, ``y_train`` and so on are what training, validation and calibration take; without them files can be scored, and none
calibrated. Where there are only these, a seeded fifth of them is the test part. ``labels`` names the classes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import DatasetSpec, Floats, Labels, Part, repeated
from edgebench.datasets.images import shown
from edgebench.datasets.memory import require_memory
from edgebench.datasets.plans import first_count, require_plan
from edgebench.datasets.split import split_rows
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.tasks import Objects

SUFFIX = ".npz"
TEST_SHARE = 0.2
WHITE = 255
MOST_CLASSES = 100_000
Arrays = Mapping[str, npt.NDArray[Any]]


class ArraySource:
    """Implements `Source` on arrays.

    Args:
        arrays: See the module.
        plan: ``sample`` takes that share of the training examples, the first ones.
        name: What the data set is called.
        place: The file or function that they are from, for what is told of mistakes.
        remedy: How such arrays are made.

    Raises:
        InputError: an array is missing, holds something else, or does not fit the others.
    """

    def __init__(
        self, arrays: Arrays, plan: DataPlan, *, name: str, place: str, remedy: str
    ) -> None:
        self._arrays = arrays
        self._place = place
        self._remedy = remedy
        pool = self._part("_train") if "x_train" in arrays else None
        is_drawn = pool is not None and not {"x", "y"} & arrays.keys()
        task = self._task("y_train" if is_drawn else "y")
        largest = self._largest_class()
        if task == "segmentation" and largest == WHITE and self._is_white_on_black():
            raise self._wrong(f"y holds 0 and {WHITE} alone; a single mask is of 0 and 1")
        labels = self._labels(task, largest)
        first = pool if pool is not None and is_drawn else self._part("")
        shapes = tuple(tuple(array.shape[1:]) for array in first.inputs)
        if pool is not None and shapes != (there := tuple(x.shape[1:] for x in pool.inputs)):
            raise self._wrong(f"inputs for training are {there}, and those for testing {shapes}")
        self.spec = DatasetSpec(
            name=name,
            task=task,
            input_shapes=shapes,
            classes=len(labels) or _classes(task, largest),
            labels=labels,
            normalisation="as the arrays are",
            source=shown(Path(place).name) + ("; a fifth drawn for testing" if is_drawn else ""),
        )
        if pool is not None and is_drawn:
            pool, self._test = self._drawn(pool)
        else:
            self._test = first
        self._pool = pool and pool.head(first_count(plan.sample, len(pool)))
        self.pool_count = 0 if self._pool is None else len(self._pool)

    def pool(self) -> Part:
        if self._pool is None:
            raise InputError(
                f"{self._place} has no training examples",
                why="training and calibration take x_train and y_train, and never the test part",
                remedy="add them, or leave precisions that are calibrated out",
            )
        return self._pool

    def test(self) -> Part:
        return self._test

    def lacks(self) -> tuple[str, ...]:
        return ()

    def _drawn(self, pool: Part) -> tuple[Part, Part]:
        """Divide examples into those to train on and those for testing."""
        held_back = max(round(TEST_SHARE * len(pool)), 1)
        if self.spec.task == "classification":
            held_back = max(held_back, self.spec.classes)
        if held_back >= len(pool):
            raise self._wrong(f"{len(pool)} examples are too few to draw some for testing")
        train, test = split_rows(pool, held_back, self.spec)
        return pool.of(np.sort(train)), pool.of(np.sort(test))

    def _task(self, name: str) -> str:
        if any(key.startswith("boxes") for key in self._arrays):
            return "detection"
        return "segmentation" if self._answers_of(name).ndim > 2 else "classification"

    def _part(self, suffix: str) -> Part:
        answers = self._answers(suffix)
        first, *more = (self._inputs(name, len(answers)) for name in self._input_names(suffix))
        if getattr(answers, "ndim", 1) == 3 and answers.shape[1:] != first.shape[1:3]:
            raise self._wrong(f"y{suffix} {answers.shape} does not fit x{suffix} {first.shape}")
        return Part(x=first, y=answers, more=tuple(more))

    def _input_names(self, suffix: str) -> list[str]:
        names = [f"x{suffix}"]
        while (name := f"x{len(names) + 1}{suffix}") in self._arrays:
            names.append(name)
        return names

    def _inputs(self, name: str, count: int) -> Floats:
        x = self._array(name)
        if x.dtype.kind not in "fiu" or x.ndim < 2 or len(x) != count or not x.size:
            raise self._wrong(f"{name}, {x.dtype} {x.shape}, is no {count} inputs of numbers")
        with np.errstate(over="ignore"):
            found = x.astype(np.float32, copy=False)
        if not np.isfinite(found).all():
            raise self._wrong(f"{name} holds something that is no number")
        return found

    def _answers(self, suffix: str) -> Any:
        y = self._answers_of(f"y{suffix}")
        if f"boxes{suffix}" in self._arrays:
            return self._objects(self._array(f"boxes{suffix}"), y)
        if y.ndim == 2 or y.min() < 0:
            raise self._wrong(f"y{suffix} {y.shape} holds neither classes nor pixels of classes")
        return y.astype(np.int64)

    def _answers_of(self, name: str) -> npt.NDArray[Any]:
        """Return whole numbers, without the last dimension where it is 1 and says nothing."""
        y = self._array(name)
        if y.dtype.kind not in "iu" or not y.ndim or not y.size:
            raise self._wrong(f"{name}, {y.dtype} {y.shape}, must hold whole numbers")
        is_objects = name.replace("y", "boxes") in self._arrays
        return y[..., 0] if y.ndim in (2, 4) and y.shape[-1] == 1 and not is_objects else y

    def _largest_class(self) -> int:
        numbers = [self._array(name) for name in ("y", "y_train") if name in self._arrays]
        largest = max((int(array.max(initial=0)) for array in numbers), default=0)
        if largest >= MOST_CLASSES:
            raise self._wrong(f"y goes up to {largest}, and there may be {MOST_CLASSES} classes")
        return largest

    def _is_white_on_black(self) -> bool:
        numbers = [self._array(name) for name in ("y", "y_train") if name in self._arrays]
        return all(np.isin(array, (0, WHITE)).all() for array in numbers)

    def _labels(self, task: str, largest: int) -> tuple[str, ...]:
        """Return the names of the classes; none where there are none: not each need have an example."""
        labels = self._arrays.get("labels")
        if labels is None:
            return ()
        if labels.ndim != 1 or labels.dtype.kind not in "USiu":
            raise self._wrong(f"labels, {labels.dtype} {labels.shape}, are no names")
        is_mask = task == "segmentation" and len(labels) == 1 == largest
        if len(labels) <= largest and not is_mask:
            raise self._wrong(f"labels names {len(labels)} classes, and y goes up to {largest}")
        names = tuple(x.decode() if isinstance(x, bytes) else str(x) for x in labels.tolist())
        if name := repeated(names):
            raise self._wrong(f"labels names {name} twice")
        return names

    def _objects(self, boxes: npt.NDArray[Any], labels: Labels) -> npt.NDArray[np.object_]:
        if boxes.shape != (*labels.shape, 4):
            raise self._wrong(f"boxes {boxes.shape} do not fit y {labels.shape}")
        found = np.empty(len(labels), dtype=object)
        for index, (mine, kinds) in enumerate(zip(boxes, labels, strict=True)):
            try:
                there = kinds >= 0
                found[index] = Objects(boxes=mine[there].astype(float), labels=kinds[there])
            except ValueError as error:
                raise self._wrong(f"example {index}: {error}") from None
        return found

    def _array(self, name: str) -> npt.NDArray[Any]:
        if name not in self._arrays:
            raise self._wrong(f"it has no array {name}")
        return self._arrays[name]

    def _wrong(self, why: str) -> InputError:
        return InputError(f"{self._place} is no data set", why=why, remedy=self._remedy)


def _classes(task: str, largest: int) -> int:
    """Return how many classes a network needs where none is named; a single mask is of one."""
    if task == "segmentation" and largest == 1:
        return 1
    return max(largest + 1, 2 if task == "classification" else 1)


def array_file(plan: DataPlan) -> ArraySource:
    """Return the source of an .npz file, which the plan names.

    Raises:
        InputError: the file is missing, is none of arrays, or they do not fit each other. Pickled objects are refused.
    """
    require_plan(plan, "an .npz file")
    path = Path(plan.name)
    return ArraySource(
        _read(path),
        plan,
        name=shown(path.stem),
        place=str(path),
        remedy="write it with numpy.savez(file, x=inputs, y=classes)",
    )


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}", why="expected arrays there", remedy="name an .npz file")
    try:
        with zipfile.ZipFile(path) as archive:  # an .npy file is none
            size_bytes = sum(member.file_size for member in archive.infolist())
        require_memory(f"the arrays of {path}", size_bytes, "write fewer examples")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {name.removesuffix("_test"): arrays[name] for name in arrays.files}
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a damaged archive raises what its compression does
        raise InputError(
            f"{path} cannot be read", why=str(error), remedy="write it with numpy.savez"
        ) from None
    if others := [name for name, array in found.items() if not isinstance(array, np.ndarray)]:
        raise InputError(f"{path} is no data set", why=f"{others[0]} in it is no array")
    return found
