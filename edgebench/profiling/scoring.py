"""How well a file answers on a device: its own figure on held-out examples, beside another file, beside this machine."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.datasets import Dataset, load_dataset, require_here
from edgebench.errors import DeviceError, InputError, UnavailableError, WorkError
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.profiler import Profiler
from edgebench.records import DataPlan, Score
from edgebench.tasks import compare, load_task

Array = npt.NDArray[Any]


def open_test(data: DataPlan) -> Dataset:
    """Return a data set whose test part is there, the only one that scoring needs.

    Raises:
        InputError: it is not, or its files are wrong.
    """
    dataset = load_dataset(data)
    try:
        dataset.test()
    except InputError:
        require_here(data.name, dataset)
        raise
    return dataset


def as_expected(inputs: Sequence[Array], input_range: tuple[float, float]) -> list[Array]:
    """Return inputs in [0, 1] as files expect them that were trained on another range, least and largest."""
    if input_range == (0.0, 1.0):
        return list(inputs)
    low, high = input_range
    return [(x * (high - low) + low).astype(np.float32) for x in inputs]


def outputs_of(
    model: Path, inputs: Sequence[Array], profiler: Profiler, plan: MeasurePlan
) -> list[Array]:
    """Return what a file answers, an array of an example a row for each output.

    Raises:
        WorkError: an output is not a number.
        EdgebenchError: the file does not run.
    """
    outputs = profiler.infer(model, list(inputs), plan)
    if not all(np.isfinite(output).all() for output in outputs):
        raise WorkError(f"{model.name} answers with something that is not a number")
    return outputs


@contextlib.contextmanager
def answering(model: str, data: str) -> Iterator[None]:
    """Say of which file and data set it is where outputs turn out to be no answers."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"the outputs of {model} are no answers to {data}",
            why=error.message,
            remedy="name the data set that the model was trained for",
        ) from error


class Examination:
    """Asks files the same held-out examples on one device. The first file is what the others are compared with.

    Args:
        dataset: Its test part is opened here.
        there: Of the device.
        here: Of this machine, where that is another.
        plan: Runtime, delegate and threads.
        examples: The first so many; None for all.
        input_range: Least and largest input that the files expect, where the data set's are 0 and 1.
    """

    def __init__(
        self,
        dataset: Dataset,
        there: Profiler,
        here: Profiler | None,
        plan: MeasurePlan,
        *,
        examples: int | None = None,
        input_range: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        part, spec = dataset.test().head(examples), dataset.spec
        self._x = as_expected(part.inputs, input_range)
        self._y = part.y
        self._name, self._labels = spec.name, spec.labels
        self._task = load_task(spec.task, spec.input_shapes)
        self._there, self._here, self._plan = there, here, plan
        self._first: tuple[str, list[Array]] | None = None

    def __len__(self) -> int:
        return len(self._y)

    def score(self, model: Path) -> Score:
        """Run one file over the examples.

        Raises:
            InputError: its outputs are not answers to this data set.
            DeviceError: the device gave none.
        """
        outputs = outputs_of(model, self._x, self._there, self._plan)
        against, parity = None, None
        with answering(model.name, self._name):
            value = self._task.score(outputs, self._y)
            if self._first is None:
                self._first = (model.name, outputs)
            elif [a.shape for a in self._first[1]] == [a.shape for a in outputs]:
                against = self._first[0]
                _, parity = compare(outputs, self._first[1], self._y, self._task, self._labels)
        return Score(
            model_name=model.name,
            device=self._there.device_name,
            data=self._name,
            examples=len(self),
            metric=self._task.metric,
            value=value,
            same_here=self._same_here(model, outputs),
            against=against,
            parity=parity,
        )

    def _same_here(self, model: Path, outputs: list[Array]) -> int | None:
        if self._here is None:
            return None
        plain = dataclasses.replace(self._plan, delegate=None)
        try:
            here = self._here.infer(model, self._x, plain)
        except DeviceError:
            raise
        except UnavailableError:
            return None
        theirs, ours = self._task.answers(outputs), self._task.answers(here)
        if theirs is None or ours is None:
            return None
        return int((theirs == ours).reshape(len(self), -1).all(axis=1).sum())
