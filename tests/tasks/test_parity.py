"""A file beside its Keras model: by hand, against SciPy's and scikit-learn's numbers, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from edgebench.errors import WorkError
from edgebench.tasks import Classification, Detection, Segmentation, compare, mcnemar_p

KERAS = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]], dtype=np.float32)
FILE = np.array([[0.8, 0.2], [0.4, 0.6], [0.2, 0.8], [0.55, 0.45]], dtype=np.float32)


def test_numbers_by_hand():
    score, parity = compare(
        [FILE], [KERAS], np.array([0, 0, 1, 0]), Classification(), ["cat", "dog"]
    )
    assert score == 0.75
    assert parity.examples == 4
    assert parity.max_abs_diff == pytest.approx(0.25)
    assert parity.mean_abs_diff == pytest.approx((0.1 + 0.2 + 0 + 0.25) / 4)
    assert (parity.agreement, parity.lost, parity.gained, parity.mcnemar_p) == (0.5, 1, 1, 1.0)
    assert parity.scores == {"accuracy of cat": pytest.approx(2 / 3), "accuracy of dog": 1.0}


def test_differences_are_over_all_outputs():
    class Both(Classification):
        def answers(self, outputs):
            return super().answers(outputs[:1])

    other = np.zeros((4, 8), np.float32)
    _, parity = compare([FILE, other + 2], [KERAS, other], None, Both())
    assert parity.max_abs_diff == 2
    assert parity.mean_abs_diff == pytest.approx((2 * 0.55 + 32 * 2) / 40)


@pytest.mark.parametrize("truth", [None, np.array([0, 1, 1, 0])])
def test_without_truth_there_are_no_scores(truth):
    score, parity = compare([FILE], [KERAS], truth, Classification())
    known = truth is not None
    assert (score is not None) is known
    assert (
        (parity.lost is not None) is (parity.mcnemar_p is not None) is bool(parity.scores) is known
    )
    assert parity.agreement == 0.5


def mcnemar_by_definition(lost: int, gained: int) -> float:
    """Sum the chances of all splits that are no likelier than the one seen."""
    total = lost + gained
    ways = [math.comb(total, k) for k in range(total + 1)]
    return sum(way for way in ways if way <= ways[lost]) / 2**total


@pytest.mark.parametrize(
    ("lost", "gained"), [(0, 0), (1, 0), (0, 5), (5, 0), (10, 2), (3, 3), (40, 21)]
)
def test_mcnemar_is_exact_and_two_sided(lost, gained):
    assert mcnemar_p(lost, gained) == pytest.approx(mcnemar_by_definition(lost, gained))
    assert mcnemar_p(lost, gained) == pytest.approx(mcnemar_p(gained, lost))


def test_lost_less_gained_is_what_accuracy_falls_by():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10, 500)
    keras = rng.random((500, 10)) + 2 * np.eye(10)[truth] * (rng.random((500, 1)) < 0.8)
    file = keras + rng.normal(0, 0.5, keras.shape)
    score, parity = compare([file], [keras], truth, Classification())
    accuracies = [accuracy_score(truth, outputs.argmax(1)) for outputs in (file, keras)]
    assert score == pytest.approx(accuracies[0])
    assert (parity.gained - parity.lost) / 500 == pytest.approx(accuracies[0] - accuracies[1])
    assert parity.lost > 10
    assert parity.gained > 0


def test_pixels_agree_one_by_one_and_no_mask_is_right_as_a_whole():
    keras = np.zeros((2, 2, 2, 1), np.float32)
    file = keras.copy()
    file[0, 0, 0] = 0.9
    score, parity = compare([file], [keras], np.zeros((2, 2, 2, 1)), Segmentation())
    assert parity.agreement == 7 / 8
    assert (parity.lost, parity.gained, parity.mcnemar_p) == (None, None, None)
    assert score == pytest.approx(np.mean([7 / 8, 0]))


def test_boxes_have_no_single_answer():
    outputs = np.zeros((1, 3150, 15), np.float32)
    score, parity = compare([outputs], [outputs], None, Detection())
    assert (score, parity.agreement, parity.max_abs_diff) == (None, None, 0.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_an_error(value):
    broken = FILE.copy()
    broken[2, 1] = value
    with pytest.raises(WorkError, match="the file answers with something that is not a number"):
        compare([broken], [KERAS], None, Classification())
    with pytest.raises(WorkError, match="the Keras model answers with something"):
        compare([FILE], [broken], None, Classification())


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ([FILE[:3]], r"answers in shapes \(3, 2\)"),
        ([FILE, FILE], r"answers in shapes \(4, 2\) and \(4, 2\)"),
        ([], "answers in shapes none at all"),
    ],
)
def test_shapes_must_be_those_of_keras(outputs, sentence):
    with pytest.raises(WorkError, match=sentence) as caught:
        compare(outputs, [KERAS], None, Classification())
    assert "(4, 2)" in caught.value.why


def test_no_example_is_an_error():
    empty = np.zeros((0, 2), np.float32)
    with pytest.raises(WorkError, match="no output to compare"):
        compare([empty], [empty], None, Classification())
