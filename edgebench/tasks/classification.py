"""One class an example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from edgebench.errors import InputError
from edgebench.tasks.base import Array, class_names, require_classes, sole_output


class Classification:
    """Answers with the class of the largest output, the first of equal ones.

    Outputs are (count, classes), truth is the class numbers, (count,).
    """

    name = "classification"
    metric = "accuracy"
    title = "accuracy"
    losses: ClassVar[tuple[str, ...]] = ("crossentropy",)
    other_metrics: ClassVar[tuple[str, ...]] = ()

    def score(self, outputs: Sequence[Array], truth: Array) -> float:
        """Return the share of examples whose largest output is the truth's."""
        return float(self.correct(outputs, truth).mean())

    def scores(
        self, outputs: Sequence[Array], truth: Array, labels: Sequence[str]
    ) -> dict[str, float]:
        """Return the share of each class's examples that are answered rightly."""
        right = self.correct(outputs, truth)
        names = class_names(labels, outputs[0].shape[-1], self.name)
        return {
            f"accuracy of {name}": float(right[truth == index].mean())
            for index, name in enumerate(names)
            if (truth == index).any()
        }

    def answers(self, outputs: Sequence[Array]) -> Array:
        """Return the class of each example, (count,)."""
        answers: Array = sole_output(outputs, self.name, "count, classes").argmax(axis=-1)
        return answers

    def correct(self, outputs: Sequence[Array], truth: Array) -> Array:
        answers = self.answers(outputs)
        if truth.shape != answers.shape:
            raise InputError(
                f"truth of shape {truth.shape} does not fit {len(answers)} examples",
                why="classification needs one class number an example",
            )
        require_classes(truth, outputs[0].shape[-1], self.name)
        return np.asarray(answers == truth)
