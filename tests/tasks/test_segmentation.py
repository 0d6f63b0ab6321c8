"""Intersection over union by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, jaccard_score

from edgebench.errors import InputError
from edgebench.tasks import Segmentation
from edgebench.testing.tasks import TaskCase, TaskContract

TASK = Segmentation()


class TestSegmentation(TaskContract):
    name = "segmentation"

    @pytest.fixture(params=[1, 3])
    def case(self, request: pytest.FixtureRequest) -> TaskCase:
        classes = request.param
        truth = np.random.default_rng(7).integers(0, max(2, classes), (3, 4, 5, 1))
        right = truth if classes == 1 else np.eye(classes)[truth[..., 0]]
        wrong = right.copy()
        wrong[:, :2] = 0
        return TaskCase(truth=truth, right=right.astype(np.float32), wrong=wrong.astype(np.float32))


def test_one_mask_by_hand():
    mask = np.array([[[0.9, 0.6], [0.4, 0.5]]])[..., None]
    truth = np.array([[[1, 0], [1, 0]]])
    assert TASK.answers([mask]).tolist() == [[[1, 1], [0, 0]]]
    assert TASK.scores([mask], truth, ["plant"]) == {
        "pixel accuracy": 0.5,
        "IoU of background": pytest.approx(1 / 3),
        "IoU of plant": pytest.approx(1 / 3),
    }
    assert TASK.score([mask], truth[..., None]) == pytest.approx(1 / 3)
    assert TASK.correct([mask], truth) is None


@pytest.mark.parametrize("classes", [1, 4])
def test_scores_are_scikit_learns(classes):
    rng = np.random.default_rng(2)
    outputs = rng.random((6, 8, 8, classes))
    truth = rng.integers(0, max(2, classes), (6, 8, 8))
    flat = truth.ravel(), TASK.answers([outputs]).ravel()
    shares = jaccard_score(*flat, average=None)
    scores = TASK.scores([outputs], truth, ())
    assert scores.pop("pixel accuracy") == pytest.approx(accuracy_score(*flat))
    assert scores == {f"IoU of {i}": pytest.approx(share) for i, share in enumerate(shares)}
    assert TASK.score([outputs], truth) == pytest.approx(jaccard_score(*flat, average="macro"))


def test_a_class_that_stands_nowhere_has_no_iou_and_does_not_count():
    outputs = np.eye(4)[np.array([[[0, 0], [1, 3]]])]
    truth = np.array([[[0, 0], [1, 1]]])
    scores = TASK.scores([outputs], truth, list("abcd"))
    assert scores == {"pixel accuracy": 0.75, "IoU of a": 1.0, "IoU of b": 0.5, "IoU of d": 0.0}
    assert TASK.score([outputs], truth) == pytest.approx(0.5)


def test_an_empty_mask_that_is_found_empty_is_right():
    assert TASK.score([np.zeros((2, 4, 4, 1))], np.zeros((2, 4, 4), bool)) == 1.0


@pytest.mark.parametrize(
    ("outputs", "truth", "sentence"),
    [
        (np.zeros((1, 4, 4)), np.zeros((1, 4, 4)), r"shape \(1, 4, 4\)"),
        (np.zeros((1, 4, 4, 1)), np.zeros((1, 4, 5)), r"truth of shape \(1, 4, 5\)"),
        (np.zeros((1, 4, 4, 1)), np.zeros((1, 4, 4, 2)), r"truth of shape \(1, 4, 4, 2\)"),
        (np.zeros((1, 4, 4, 1)), np.full((1, 4, 4), 0.5), "whole class numbers"),
        (np.zeros((1, 4, 4, 1)), np.full((1, 4, 4), 255), "classes 255 to 255"),
    ],
)
def test_what_does_not_fit_is_one_sentence(outputs, truth, sentence):
    with pytest.raises(InputError, match=sentence):
        TASK.score([outputs], truth)


def test_labels_name_the_classes_of_a_mask():
    outputs, truth = np.zeros((1, 2, 2, 1)), np.zeros((1, 2, 2), int)
    assert "IoU of soil" in TASK.scores([outputs], truth, ["soil", "plant"])
    with pytest.raises(InputError, match="3 labels do not fit the 2 classes"):
        TASK.scores([outputs], truth, ["soil", "crop", "weed"])
