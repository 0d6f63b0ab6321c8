"""Accuracy by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from edgebench.errors import InputError
from edgebench.tasks import Classification
from edgebench.testing.tasks import TaskCase, TaskContract

TASK = Classification()


class TestClassification(TaskContract):
    name = "classification"

    @pytest.fixture
    def case(self) -> TaskCase:
        truth = np.array([2, 0, 1, 1])
        right = np.eye(3, dtype=np.float32)[truth]
        return TaskCase(truth=truth, right=right, wrong=right[[0, 1, 2, 0]])


def test_scores_are_scikit_learns():
    rng = np.random.default_rng(1)
    outputs, truth = rng.random((300, 5)), rng.integers(0, 5, 300)
    answers = TASK.answers([outputs])
    assert TASK.score([outputs], truth) == pytest.approx(accuracy_score(truth, answers))
    recalls = recall_score(truth, answers, average=None)
    scores = TASK.scores([outputs], truth, list("abcde"))
    assert scores == {
        f"accuracy of {c}": pytest.approx(r) for c, r in zip("abcde", recalls, strict=True)
    }
    assert TASK.correct([outputs], truth).tolist() == (answers == truth).tolist()


def test_a_class_without_examples_has_no_accuracy_and_equal_outputs_are_the_first():
    outputs = np.array([[0.5, 0.5, 0.0], [0.0, 0.2, 0.8]])
    assert TASK.scores([outputs], np.array([0, 0]), ()) == {"accuracy of 0": 0.5}


@pytest.mark.parametrize(
    ("outputs", "truth", "sentence"),
    [
        ([np.zeros((2, 3))] * 2, np.zeros(2, int), "reads one output"),
        ([np.zeros((2, 3, 3))], np.zeros(2, int), r"shape \(2, 3, 3\)"),
        ([np.zeros((0, 3))], np.zeros(0, int), r"shape \(0, 3\)"),
        ([np.zeros((2, 3))], np.zeros(3, int), "does not fit 2 examples"),
        ([np.zeros((2, 3))], np.array([0, 3]), "has classes 0 to 3"),
    ],
)
def test_what_does_not_fit_is_one_sentence(outputs, truth, sentence):
    with pytest.raises(InputError, match=sentence):
        TASK.score(outputs, truth)


def test_labels_must_be_as_many_as_classes():
    with pytest.raises(InputError, match="2 labels do not fit the 3 classes"):
        TASK.scores([np.zeros((2, 3))], np.zeros(2, int), ["a", "b"])
