"""What training makes small, for each task. Each loss gives one number an example; a batch's is their mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgebench.datasets import DatasetSpec
from edgebench.errors import UnknownNameError
from edgebench.tasks import (
    LARGEST_GROWTH,
    VARIANCES,
    Array,
    default_boxes,
    map_sizes,
    targets,
)

OFFSETS = 4
NEGATIVES_A_POSITIVE = 3


class Loss(Protocol):
    """Called with ``targets`` for the truth of a data set, once, and then with batches of them, inside a traced step."""

    def targets(self, truth: Any) -> npt.NDArray[Any]:
        """Return the truth in the form of the loss, one row an example."""
        ...

    def __call__(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (batch,), made of differentiable `keras.ops`."""
        ...


@dataclass(frozen=True, slots=True)
class CrossEntropy:
    """Of class numbers, one an example or one a pixel, against probabilities; a single mask's is binary."""

    def targets(self, truth: Array) -> npt.NDArray[np.int64]:
        return _class_targets(truth)

    def __call__(self, targets: Any, outputs: Any) -> Any:
        from keras import losses, ops

        if outputs.shape[-1] == 1:
            truth = ops.cast(_flat(targets), "float32")
            return losses.binary_crossentropy(truth, _flat(outputs))
        if len(outputs.shape) == 2:
            return losses.sparse_categorical_crossentropy(targets, outputs)
        truth = ops.reshape(targets, (-1, *outputs.shape[1:-1]))
        each = losses.sparse_categorical_crossentropy(truth, outputs)
        return ops.mean(_flat(each), axis=-1)


@dataclass(frozen=True, slots=True)
class Dice:
    """One less twice the overlap over the sum of both areas, of a mask or the mean over the classes of pixels.

    Source: Milletari et al. 2016, "V-Net", arXiv:1606.04797, section 3, with the areas themselves in place of their
    squares, and one pixel added to all, so that an empty mask counts as found.
    """

    def targets(self, truth: Array) -> npt.NDArray[np.int64]:
        return _class_targets(truth)

    def __call__(self, targets: Any, outputs: Any) -> Any:
        from keras import ops

        shares = ops.reshape(outputs, (-1, int(np.prod(outputs.shape[1:-1])), outputs.shape[-1]))
        classes = outputs.shape[-1]
        flat = _flat(targets)
        if classes == 1:
            truth = ops.cast(flat, "float32")[..., None]
        else:
            truth = ops.one_hot(ops.cast(flat, "int32"), classes)
        both = ops.sum(shares * truth, axis=1)
        areas = ops.sum(shares, axis=1) + ops.sum(truth, axis=1)
        return ops.mean(1.0 - (2.0 * both + 1.0) / (areas + 1.0), axis=-1)


@dataclass(frozen=True, slots=True)
class Sum:
    """Several losses on the same targets, added."""

    parts: tuple[Loss, ...]

    def targets(self, truth: Any) -> npt.NDArray[Any]:
        return self.parts[0].targets(truth)

    def __call__(self, targets: Any, outputs: Any) -> Any:
        first, *rest = (part(targets, outputs) for part in self.parts)
        return sum(rest, first)


@dataclass(frozen=True, slots=True)
class PublishedBoxes:
    """Mean smooth-L1 over all boxes, plus mean cross-entropy over all boxes, the background's included.

    A box that no object takes should stay where it is, as the background. Smooth-L1 is of the pixels by which centre,
    height and width of a decoded box are off, so that its unit is that of the published figures.

    Source: the MNIST detection experiment of Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0, whose network
    gives pixels; deviation: ours gives offsets in units of its default boxes, which are decoded first.

    Args:
        size: Height and width of the images, in pixels.
        classes: Without the background, whose number comes after theirs.
    """

    size: tuple[int, int]
    classes: int

    def targets(self, truth: Sequence[Any]) -> npt.NDArray[np.float32]:
        """Return offsets and the class number of each box, shape (count, boxes, 5)."""
        return _box_targets(truth, self.size, self.classes)

    def __call__(self, targets: Any, outputs: Any) -> Any:
        from keras import ops

        pixels = self._pixels(outputs[..., :OFFSETS]) - self._pixels(targets[..., :OFFSETS])
        off = ops.mean(_smooth_l1(pixels), axis=(1, 2))
        return off + ops.mean(_confidence(targets, outputs), axis=-1)

    def _pixels(self, offsets: Any) -> Any:
        """Return how far a decoded box's centre lies from its default box's, and its height and width."""
        from keras import ops

        sides = default_boxes(map_sizes(*self.size))[:, 2:] * self.size
        scaled = offsets * VARIANCES.astype(np.float32)
        sides = ops.convert_to_tensor(sides.astype(np.float32))
        growth = ops.exp(ops.minimum(scaled[..., 2:], math.log(LARGEST_GROWTH)))
        return ops.concatenate([scaled[..., :2] * sides, growth * sides], axis=-1)


@dataclass(frozen=True, slots=True)
class MinedBoxes:
    """Smooth-L1 of the offsets of taken boxes, plus cross-entropy of these and of the hardest of the background.

    Three boxes of the background for each that is taken, those that are least seen as background; over the number taken.

    Source: Liu et al. 2015, "SSD", arXiv:1512.02325, section 2.2, equations 1 to 3.

    Args:
        size: Height and width of the images, in pixels.
        classes: Without the background, whose number comes after theirs.
    """

    size: tuple[int, int]
    classes: int

    def targets(self, truth: Sequence[Any]) -> npt.NDArray[np.float32]:
        """Return offsets and the class number of each box, shape (count, boxes, 5)."""
        return _box_targets(truth, self.size, self.classes)

    def __call__(self, targets: Any, outputs: Any) -> Any:
        from keras import ops

        taken = ops.cast(targets[..., OFFSETS] < self.classes, "float32")
        count = ops.sum(taken, axis=-1)
        off = ops.sum(_smooth_l1(outputs[..., :OFFSETS] - targets[..., :OFFSETS]), axis=-1)
        wrong = _confidence(targets, outputs)
        background = ops.stop_gradient(ops.where(taken > 0, -1.0, wrong))
        rank = ops.argsort(ops.argsort(-background, axis=-1), axis=-1)
        hard = ops.cast(rank, "float32") < NEGATIVES_A_POSITIVE * count[:, None]
        weight = ops.where(hard, 1.0, taken)
        total = ops.sum(off * taken, axis=-1) + ops.sum(wrong * weight, axis=-1)
        return total / ops.maximum(count, 1.0)


def load_loss(name: str, spec: DatasetSpec) -> Loss:
    """Return a loss of a task by name; the task's first where the name is empty.

    Raises:
        UnknownNameError: the task has no loss of that name.
    """
    known = LOSSES[spec.task]
    if name and name not in known:
        raise UnknownNameError(f"a loss of {spec.task}", name, known)
    return known[name or next(iter(known))](spec)


def _image_size(spec: DatasetSpec) -> tuple[int, int]:
    height, width, *_ = spec.input_shapes[0]
    return height, width


LOSSES: dict[str, dict[str, Callable[[DatasetSpec], Loss]]] = {
    "classification": {"crossentropy": lambda _: CrossEntropy()},
    "segmentation": {
        "crossentropy": lambda _: CrossEntropy(),
        "dice": lambda _: Dice(),
        "crossentropy+dice": lambda _: Sum((CrossEntropy(), Dice())),
    },
    "detection": {
        "published": lambda spec: PublishedBoxes(_image_size(spec), spec.classes),
        "mined": lambda spec: MinedBoxes(_image_size(spec), spec.classes),
    },
}


def _class_targets(truth: Array) -> npt.NDArray[np.int64]:
    """Return class numbers, those of pixels with a last axis of 1: Keras takes that of a mask away where they have none."""
    numbers = np.asarray(truth, dtype=np.int64)
    return numbers[..., None] if numbers.ndim == 3 else numbers


def _flat(tensor: Any) -> Any:
    from keras import ops

    return ops.reshape(tensor, (-1, int(np.prod(tensor.shape[1:]))))


def _smooth_l1(difference: Any) -> Any:
    """Source: Girshick 2015, "Fast R-CNN", arXiv:1504.08083, equation 3."""
    from keras import ops

    size = ops.abs(difference)
    return ops.where(size < 1.0, 0.5 * size**2, size - 0.5)


def _confidence(targets: Any, outputs: Any) -> Any:
    """Return the cross-entropy of each box, (batch, boxes)."""
    from keras import losses, ops

    labels = ops.cast(targets[..., OFFSETS], "int32")
    return losses.sparse_categorical_crossentropy(labels, outputs[..., OFFSETS:], from_logits=True)


def _box_targets(
    truth: Sequence[Any], size: tuple[int, int], classes: int
) -> npt.NDArray[np.float32]:
    defaults = default_boxes(map_sizes(*size))
    found = np.empty((len(truth), len(defaults), OFFSETS + 1), dtype=np.float32)
    for row, objects in zip(found, truth, strict=True):
        matched = targets(objects, defaults, background=classes)
        row[:, :OFFSETS], row[:, OFFSETS] = matched.offsets, matched.labels
    return found
