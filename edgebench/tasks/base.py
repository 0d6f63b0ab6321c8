"""What every task offers: a score of outputs against the truth, and what its answers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy.typing as npt

from edgebench.errors import InputError

Array = npt.NDArray[Any]


class Task(Protocol):
    """Called by training on the validation part, and by export on the held-out part once a file.

    Outputs are those of the model: one array an output, (count, ...), floats. What the truth is, each task says. All
    methods are pure; they raise `InputError` where outputs, truth and labels do not fit each other.

    ``name`` is what templates and data sets call it, ``metric`` what `score` is called in records, ``title`` in reports;
    ``other_metrics`` are those of `scores` that a search may ask for, ``losses`` the names of what training can make small,
    the usual one first.
    """

    @property
    def name(self) -> str: ...

    @property
    def metric(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def other_metrics(self) -> tuple[str, ...]: ...

    @property
    def losses(self) -> tuple[str, ...]: ...

    def score(self, outputs: Sequence[Array], truth: Any) -> float:
        """Return the main figure, 0 to 1, the more the better."""
        ...

    def scores(
        self, outputs: Sequence[Array], truth: Any, labels: Sequence[str]
    ) -> dict[str, float]:
        """Return the figures beside the main one, by what people call them; ``labels`` may be empty.

        A class that nothing can be said of is left out.
        """
        ...

    def answers(self, outputs: Sequence[Array]) -> Array | None:
        """Return what two files must say alike to agree, (count, ...); None where nothing can be held together."""
        ...

    def correct(self, outputs: Sequence[Array], truth: Any) -> Array | None:
        """Return which examples are answered rightly, (count,) booleans; None where that is no question of yes or no."""
        ...


def sole_output(outputs: Sequence[Array], task: str, layout: str) -> Array:
    """Return the one output of a network.

    Args:
        outputs: Of the model.
        task: Who asks.
        layout: The axes that it needs, such as ``count, classes``.
    """
    if len(outputs) != 1:
        raise InputError(f"{task} reads one output, and this network has {len(outputs)}")
    if outputs[0].ndim != layout.count(",") + 1 or 0 in outputs[0].shape:
        raise InputError(
            f"{task} cannot read an output of shape {outputs[0].shape}",
            why=f"it needs ({layout}), none of them 0",
        )
    return outputs[0]


def require_classes(truth: Array, classes: int, task: str) -> None:
    """Raise where the truth names a class that the outputs do not have."""
    if truth.size and (truth.min() < 0 or truth.max() >= classes):
        raise InputError(
            f"the truth of {task} has classes {truth.min()} to {truth.max()}",
            why=f"the outputs have 0 to {classes - 1}",
        )


def class_names(labels: Sequence[str], classes: int, task: str) -> tuple[str, ...]:
    """Return a name for each class: its label, or its number where there are no labels."""
    if labels and len(labels) != classes:
        raise InputError(f"{len(labels)} labels do not fit the {classes} classes of this {task}")
    return tuple(labels) or tuple(map(str, range(classes)))
