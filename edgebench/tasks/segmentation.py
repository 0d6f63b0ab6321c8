"""One class a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from edgebench.errors import InputError
from edgebench.tasks.base import Array, class_names, require_classes, sole_output

MASK_THRESHOLD = 0.5
BACKGROUND = "background"


class Segmentation:
    """Answers with a class for each pixel: of a single mask whether it is over one half, else the largest output's.

    Outputs are (count, height, width, classes), probabilities; a single mask stands for two classes, the background
    and what is masked. Truth is the class numbers, (count, height, width) or with a last axis of 1.

    A score is the mean, over classes, of the intersection over union of all pixels of all examples together. A class
    that stands neither in the truth nor in the answers has none and does not count.
    """

    name = "segmentation"
    metric = "iou"
    title = "mean IoU"
    losses: ClassVar[tuple[str, ...]] = ("crossentropy", "dice", "crossentropy+dice")
    other_metrics: ClassVar[tuple[str, ...]] = ("pixel_accuracy",)

    def score(self, outputs: Sequence[Array], truth: Array) -> float:
        return float(np.nanmean(_unions(self._confusion(outputs, truth))))

    def scores(
        self, outputs: Sequence[Array], truth: Array, labels: Sequence[str]
    ) -> dict[str, float]:
        """Return the share of pixels that are answered rightly, and the IoU of each class.

        The single label of a single mask is that of what is masked.
        """
        confusion = self._confusion(outputs, truth)
        names = pixel_classes(labels, len(confusion))
        shares = dict(zip(names, _unions(confusion).tolist(), strict=True))
        return {
            "pixel accuracy": float(confusion.trace() / confusion.sum()),
            **{f"IoU of {name}": share for name, share in shares.items() if not np.isnan(share)},
        }

    def answers(self, outputs: Sequence[Array]) -> Array:
        """Return the class of each pixel, (count, height, width)."""
        masks = sole_output(outputs, self.name, "count, height, width, classes")
        if masks.shape[-1] == 1:
            return (masks[..., 0] > MASK_THRESHOLD).astype(np.int64)
        classes: Array = masks.argmax(axis=-1)
        return classes

    def correct(self, outputs: Sequence[Array], truth: Array) -> None:
        """Return None: the pixels of one image are not answers of their own."""

    def _confusion(self, outputs: Sequence[Array], truth: Array) -> Array:
        """Return how many pixels of each true class (row) are answered with each class (column)."""
        answers = self.answers(outputs)
        classes = max(2, outputs[0].shape[-1])
        if truth.shape not in (answers.shape, (*answers.shape, 1)):
            raise InputError(
                f"truth of shape {truth.shape} does not fit outputs of shape {outputs[0].shape}",
                why="segmentation needs one class number a pixel",
            )
        numbers = truth.reshape(answers.shape).astype(np.int64)
        if not np.array_equal(numbers, truth.reshape(answers.shape)):
            raise InputError("the truth of segmentation is not made of whole class numbers")
        require_classes(numbers, classes, self.name)
        counts = np.bincount((numbers * classes + answers).ravel(), minlength=classes**2)
        return counts.reshape(classes, classes)


def pixel_classes(labels: Sequence[str], classes: int) -> tuple[str, ...]:
    """Return a name for each class that pixels have: the single label of a single mask is that of what is masked."""
    given = (BACKGROUND, *labels) if len(labels) == 1 and classes == 2 else labels
    return class_names(given, classes, Segmentation.name)


def _unions(confusion: Array) -> Array:
    """Return the intersection over union of each class; NaN where there is no union."""
    both = confusion.diagonal().astype(np.float64)
    either = confusion.sum(axis=0) + confusion.sum(axis=1) - both
    return np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0)
