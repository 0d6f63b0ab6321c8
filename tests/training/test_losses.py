"""Losses: against numbers worked out by hand, and with a gradient that lowers them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgebench.datasets import DatasetSpec
from edgebench.errors import UnknownNameError
from edgebench.tasks import (
    TASKS,
    Objects,
    decode,
    default_boxes,
    load_task,
    map_sizes,
    targets,
)
from edgebench.training import LOSSES, load_loss
from edgebench.training.losses import Dice, MinedBoxes, PublishedBoxes

SIZE = (200, 200)
DEFAULTS = default_boxes(map_sizes(*SIZE))
RNG = np.random.default_rng(0)


def spec(task: str, classes: int = 1) -> DatasetSpec:
    return DatasetSpec(
        name="made up", task=task, input_shapes=((*SIZE, 3),), classes=classes, labels=(),
        normalisation="", source="",
    )  # fmt: skip


def value(loss, truth, outputs) -> np.ndarray:
    from keras import ops

    found = loss(ops.convert_to_tensor(loss.targets(truth)), ops.convert_to_tensor(outputs))
    assert found.shape == (len(truth),)
    return ops.convert_to_numpy(found)


def one_object(label: int = 0) -> Objects:
    return Objects(boxes=np.array([[0.4, 0.4, 0.54, 0.54]]), labels=np.array([label]))


def perfect(objects: Objects, classes: int, confidence: float = 40.0) -> np.ndarray:
    """Return outputs that say just what is there."""
    matched = targets(objects, DEFAULTS, background=classes)
    logits = confidence * np.eye(classes + 1)[matched.labels]
    return np.concatenate([matched.offsets, logits], axis=-1).astype(np.float32)[None]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_names_the_losses_that_there_are(task: str) -> None:
    assert tuple(LOSSES[task]) == load_task(task).losses
    assert type(load_loss("", spec(task))) is type(load_loss(load_task(task).losses[0], spec(task)))


def test_a_loss_that_is_not_known() -> None:
    with pytest.raises(UnknownNameError, match="mined is not a loss of segmentation"):
        load_loss("mined", spec("segmentation"))


def test_crossentropy_of_classes_is_the_log_of_the_truth_s_share() -> None:
    outputs = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], dtype=np.float32)
    found = value(load_loss("", spec("classification", 3)), np.array([0, 2]), outputs)
    np.testing.assert_allclose(found, [-math.log(0.7), -math.log(0.4)], rtol=1e-5)


def test_crossentropy_of_a_mask_is_binary() -> None:
    shares = np.array([[[0.9, 0.4]]], dtype=np.float32)[..., None]
    found = value(load_loss("", spec("segmentation")), np.array([[[1, 0]]]), shares)
    np.testing.assert_allclose(found, -(math.log(0.9) + math.log(0.6)) / 2, rtol=1e-5)
    with_axis = value(load_loss("", spec("segmentation")), np.array([[[[1], [0]]]]), shares)
    np.testing.assert_allclose(with_axis, found)


def test_crossentropy_of_pixels_of_several_classes_is_their_mean() -> None:
    shares = np.array([[[[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]]], dtype=np.float32)
    found = value(load_loss("", spec("segmentation", 3)), np.array([[[1, 2]]]), shares)
    np.testing.assert_allclose(found, -(math.log(0.25) + math.log(0.8)) / 2, rtol=1e-5)


def test_dice_of_a_mask_and_of_classes() -> None:
    mask = np.array([[[1, 1, 0, 0]]])
    shares = np.array([[[0.5, 1.0, 0.5, 0.0]]], dtype=np.float32)
    by_hand = 1 - (2 * 1.5 + 1) / (2 + 2 + 1)
    np.testing.assert_allclose(value(Dice(), mask, shares[..., None]), by_hand, rtol=1e-6)
    two = np.stack([1 - shares, shares], axis=-1)
    np.testing.assert_allclose(value(Dice(), mask, two), by_hand, rtol=1e-6)
    both = value(load_loss("crossentropy+dice", spec("segmentation")), mask, shares[..., None])
    alone = value(load_loss("crossentropy", spec("segmentation")), mask, shares[..., None])
    np.testing.assert_allclose(both, alone + by_hand, rtol=1e-6)


@pytest.mark.parametrize("kind", [PublishedBoxes, MinedBoxes])
def test_what_is_perfect_costs_nothing(kind) -> None:
    assert value(kind(SIZE, 2), [one_object(1)], perfect(one_object(1), 2)) < 1e-6


def test_the_published_loss_is_in_pixels_over_all_boxes() -> None:
    outputs = perfect(one_object(), 2)
    box = int(np.flatnonzero(targets(one_object(), DEFAULTS, background=2).labels < 2)[0])
    outputs[0, box, :4] += [0.3, 2.0, 0.0, 0.4]
    offsets = targets(one_object(), DEFAULTS, background=2).offsets[box]
    sides = [_pixels(decode(each, DEFAULTS[box])) for each in (outputs[0, box, :4], offsets)]
    difference = np.abs(np.subtract(*sides))
    by_hand = np.where(difference < 1, difference**2 / 2, difference - 0.5).sum()
    found = value(PublishedBoxes(SIZE, 2), [one_object()], outputs)
    np.testing.assert_allclose(found, by_hand / (4 * len(DEFAULTS)), rtol=1e-4)


def test_the_published_loss_holds_the_background_in_place_too() -> None:
    outputs = perfect(one_object(), 2)
    outputs[0, -1, 0] += 1.0
    assert value(PublishedBoxes(SIZE, 2), [one_object()], outputs) > 1e-6
    assert value(MinedBoxes(SIZE, 2), [one_object()], outputs) < 1e-6


def test_confidence_of_no_opinion_is_the_log_of_the_classes() -> None:
    outputs = np.zeros((1, len(DEFAULTS), 4 + 3), dtype=np.float32)
    empty = Objects(boxes=np.zeros((0, 4)), labels=np.zeros(0, dtype=int))
    np.testing.assert_allclose(
        value(PublishedBoxes(SIZE, 2), [empty], outputs), math.log(3), rtol=1e-5
    )
    assert value(MinedBoxes(SIZE, 2), [empty], outputs) == 0.0


def test_mining_takes_the_three_hardest_of_the_background_for_each_box_taken() -> None:
    outputs = perfect(one_object(), 2)
    labels = targets(one_object(), DEFAULTS, background=2).labels
    taken = int((labels < 2).sum())
    wrong = np.flatnonzero(labels == 2)[: 3 * taken + 5]
    outputs[0, wrong, 4:] = 0.0
    found = value(MinedBoxes(SIZE, 2), [one_object()], outputs)
    np.testing.assert_allclose(found, 3 * math.log(3), rtol=1e-4)


@pytest.mark.parametrize("kind", [PublishedBoxes, MinedBoxes])
def test_a_box_loss_can_be_made_small(kind, keras) -> None:
    loss = kind(SIZE, 2)
    asked = keras.ops.convert_to_tensor(loss.targets([one_object()]))
    start = RNG.normal(size=(1, len(DEFAULTS), 7)).astype(np.float32)
    outputs = keras.Variable(start)
    import tensorflow as tf

    rule, seen = keras.optimizers.Adam(0.2), []
    for _ in range(120):
        with tf.GradientTape() as tape:
            total = loss(asked, outputs.value)[0]
        rule.apply([tape.gradient(total, outputs.value)], [outputs])
        seen.append(float(total))
    assert np.isfinite(seen).all()
    assert seen[-1] < 0.6 * seen[0]


def _pixels(corners: np.ndarray) -> np.ndarray:
    top, left, bottom, right = 200 * corners
    return np.array([(top + bottom) / 2, (left + right) / 2, bottom - top, right - left])
