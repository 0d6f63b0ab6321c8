"""Tasks by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgebench.errors import InputError, UnknownNameError
from edgebench.tasks.base import Task
from edgebench.tasks.classification import Classification
from edgebench.tasks.detection import Detection
from edgebench.tasks.segmentation import Segmentation

Shapes = Sequence[Sequence[int]]
USUAL_SHAPES: Shapes = ((224, 224, 3),)


def _detection(input_shapes: Shapes) -> Detection:
    if len(input_shapes[0]) != 3:
        raise InputError(f"detection needs images, not inputs of shape {tuple(input_shapes[0])}")
    height, width, _ = input_shapes[0]
    return Detection(size=(height, width))


TASKS: dict[str, Callable[[Shapes], Task]] = {
    Classification.name: lambda _: Classification(),
    Segmentation.name: lambda _: Segmentation(),
    Detection.name: _detection,
}


def load_task(name: str, input_shapes: Shapes = USUAL_SHAPES) -> Task:
    """Return the task of that name for networks with these inputs, each (height, width, channels) where it is an image.

    Raises:
        UnknownNameError: No task is called so.
        InputError: The task does not fit the inputs.
    """
    if name not in TASKS:
        raise UnknownNameError("a task", name, TASKS)
    return TASKS[name](input_shapes)
