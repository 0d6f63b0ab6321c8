"""Boxes around objects, each with a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgebench.errors import InputError
from edgebench.tasks.average_precision import average_precisions
from edgebench.tasks.base import Array, class_names, require_classes, sole_output
from edgebench.tasks.boxes import Objects
from edgebench.tasks.default_boxes import decode, default_boxes, map_sizes
from edgebench.tasks.suppression import Detected, suppress

OFFSETS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Answers with the objects that stand out of the rows of `mobilenetv2-ssd`.

    Outputs are (count, boxes, 4 + classes + 1): the offsets of each default box, then logits of its classes, the
    background's last. Truth is one `Objects` an image.

    Args:
        size: Height and width of the images, in pixels, on which the default boxes depend.
    """

    size: tuple[int, int] = (224, 224)

    name: ClassVar[str] = "detection"
    metric: ClassVar[str] = "map"
    title: ClassVar[str] = "mAP@0.5"
    losses: ClassVar[tuple[str, ...]] = ("published", "mined")
    other_metrics: ClassVar[tuple[str, ...]] = ()

    def score(self, outputs: Sequence[Array], truth: Sequence[Objects]) -> float:
        """Return the mean, over the classes that have an object, of the average precision at an overlap of one half."""
        return float(np.mean(list(self._average_precisions(outputs, truth).values())))

    def scores(
        self, outputs: Sequence[Array], truth: Sequence[Objects], labels: Sequence[str]
    ) -> dict[str, float]:
        """Return the average precision of each class that has an object."""
        found = self._average_precisions(outputs, truth)
        names = class_names(labels, self._classes(outputs), self.name)
        return {f"AP of {names[index]}": value for index, value in found.items()}

    def answers(self, outputs: Sequence[Array]) -> None:
        """Return None: what is found in an image is no single answer."""

    def correct(self, outputs: Sequence[Array], truth: Sequence[Objects]) -> None:
        """Return None: an image is not found rightly or wrongly as a whole."""

    def detect(self, outputs: Sequence[Array]) -> list[Detected]:
        """Return what is found in each image."""
        rows = sole_output(outputs, self.name, "count, boxes, 4 + classes + 1")
        defaults = default_boxes(map_sizes(*self.size))
        if rows.shape[1] != len(defaults) or self._classes(outputs) < 1:
            height, width = self.size
            raise InputError(
                f"detection cannot read an output of shape {rows.shape}",
                why=f"images of {height} x {width} have {len(defaults)} default boxes, "
                "each with 4 offsets and 2 or more scores",
            )
        return [
            suppress(decode(image[:, :OFFSETS], defaults), _probabilities(image[:, OFFSETS:]))
            for image in rows.astype(np.float64)
        ]

    def _classes(self, outputs: Sequence[Array]) -> int:
        return int(outputs[0].shape[-1]) - OFFSETS - 1

    def _average_precisions(
        self, outputs: Sequence[Array], truth: Sequence[Objects]
    ) -> dict[int, float]:
        found = self.detect(outputs)
        if len(truth) != len(found):
            raise InputError(f"the truth of {len(truth)} images does not fit {len(found)} outputs")
        for objects in truth:
            require_classes(objects.labels, self._classes(outputs), self.name)
        precisions = average_precisions(found, truth)
        if not precisions:
            raise InputError("detection cannot be scored: there is no object in any image")
        return precisions


def _probabilities(logits: Array) -> Array:
    """Return the softmax over each row's scores, without the background's."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Array = powers[:, :-1] / powers.sum(axis=-1, keepdims=True)
    return shares
