"""What is found, and average precision: by hand, by definition, and of targets answered perfectly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.errors import InputError
from edgebench.tasks import (
    Detected,
    Detection,
    Objects,
    average_precisions,
    default_boxes,
    map_sizes,
    suppress,
    targets,
)
from edgebench.testing.tasks import TaskCase, TaskContract

PLACES = np.array([[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.6, 0.6], [0.7, 0.1, 0.8, 0.2]])
FAR = np.array([0.9, 0.9, 1.0, 1.0])


def objects(boxes, labels=None) -> Objects:
    boxes = np.array(boxes, float).reshape(-1, 4)
    return Objects(boxes=boxes, labels=np.array(labels or [0] * len(boxes), int))


def detected(boxes, scores, labels=None) -> Detected:
    boxes = np.array(boxes, float).reshape(-1, 4)
    return Detected(
        boxes=boxes,
        labels=np.array(labels or [0] * len(boxes), int),
        scores=np.array(scores, float),
    )


def test_average_precision_by_hand():
    found = detected([PLACES[0], FAR, PLACES[1], PLACES[1], FAR], [0.9, 0.8, 0.7, 0.6, 0.5])
    # Hits 1 0 1 0 0 of three objects: precision 1 up to recall 1/3, 2/3 up to 2/3, nothing after.
    assert average_precisions([found], [objects(PLACES)]) == {0: pytest.approx((1 + 2 / 3) / 3)}


def test_precision_is_the_best_at_that_recall_or_a_higher_one():
    found = detected([FAR, PLACES[0], PLACES[1]], [0.9, 0.8, 0.7])
    assert average_precisions([found], [objects(PLACES[:2])]) == {0: pytest.approx(2 / 3)}


def test_half_an_overlap_is_enough_and_less_is_not():
    truth = objects([0.0, 0.0, 0.5, 0.5])
    half = detected([0.0, 0.0, 0.5, 0.25], [1.0])
    less = detected([0.0, 0.0, 0.5, 0.24], [1.0])
    assert average_precisions([half], [truth]) == {0: 1.0}
    assert average_precisions([less], [truth]) == {0: 0.0}


def test_classes_and_images_are_kept_apart():
    truth = [objects(PLACES[:2], [0, 1]), objects(PLACES[:1], [1])]
    found = [detected(PLACES[:2], [0.9, 0.8], [1, 0]), detected(PLACES[:1], [0.7], [1])]
    assert average_precisions(found, truth) == {0: 0.0, 1: pytest.approx(0.5 * 0.5)}
    assert average_precisions(found, truth[::-1]) == {0: 0.0, 1: pytest.approx(0.5 * 1.0)}


def area_by_definition(hits: list[bool], total: int) -> float:
    """Integrate, over recall in steps of one object, the best precision at that recall or a higher one."""
    precision = [sum(hits[: i + 1]) / (i + 1) for i in range(len(hits))]
    area = 0.0
    for wanted in range(1, total + 1):
        reached = [p for i, p in enumerate(precision) if sum(hits[: i + 1]) >= wanted]
        area += max(reached, default=0.0) / total
    return area


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 3))
def test_average_precision_is_the_area_under_the_curve(hits, missed):
    side = 1 / 16
    truth = [objects([[0, i * side, side, (i + 1) * side] for i in range(sum(hits) + missed)])]
    places = iter(truth[0].boxes)
    found = detected([next(places) if hit else FAR for hit in hits], np.linspace(1, 0.1, len(hits)))
    expected = area_by_definition(hits, sum(hits) + missed)
    assert average_precisions([found], truth) == (
        {0: pytest.approx(expected)} if sum(hits) + missed else {}
    )


def test_suppression_keeps_the_best_of_each_class_apart():
    near = np.array([[0.1, 0.1, 0.3, 0.3], [0.11, 0.1, 0.31, 0.3], [0.1, 0.2, 0.3, 0.4]])
    scores = np.array([[0.6, 0.3], [0.9, 0.001], [0.5, 0.002]])
    found = suppress(near, scores)
    # Of the first class the second box shadows the first; the third overlaps by a third. Of the other class one is left.
    assert found.labels.tolist() == [0, 0, 1]
    assert found.scores.tolist() == [0.9, 0.5, 0.3]
    np.testing.assert_array_equal(found.boxes, near[[1, 2, 0]])


def test_a_shadowed_box_shadows_none():
    row = np.array([[0, x, 1, x + 0.4] for x in (0.0, 0.1, 0.2)])
    found = suppress(row, np.array([[0.9], [0.8], [0.7]]))
    assert found.scores.tolist() == [0.9, 0.7]


def perfect(truth: list[Objects], size: tuple[int, int], classes: int, sure: float = 20.0):
    """Return the outputs of a detector that answers what it is trained for."""
    defaults = default_boxes(map_sizes(*size))
    rows = []
    for each in truth:
        wanted = targets(each, defaults, background=classes)
        logits = sure * np.eye(classes + 1)[wanted.labels]
        rows.append(np.concatenate([wanted.offsets, logits], axis=1))
    return np.array(rows, np.float32)


class TestDetection(TaskContract):
    name = "detection"

    @pytest.fixture
    def case(self) -> TaskCase:
        truth = [objects(PLACES, [0, 1, 0]), objects(PLACES[:1], [1]), objects([])]
        right = perfect(truth, (224, 224), 2)
        wrong = right.copy()
        wrong[0, :, 4:] = [0, 0, 20]
        return TaskCase(truth=truth, right=right, wrong=wrong)


@pytest.mark.parametrize("size", [(224, 224), (200, 256)])
def test_targets_answered_perfectly_find_every_object(size):
    rng = np.random.default_rng(4)
    truth = []
    for _ in range(6):
        low = rng.uniform(0, 0.25, (2, 2)) + np.array([[0.0], [0.5]])
        truth.append(
            objects(
                np.concatenate([low, low + rng.uniform(0.1, 0.25, (2, 2))], 1),
                rng.choice(3, 2).tolist(),
            )
        )
    task = Detection(size=size)
    outputs = perfect(truth, size, 3)
    assert task.score([outputs], truth) == 1.0
    labels = sorted({int(label) for each in truth for label in each.labels})
    assert task.scores([outputs], truth, list("abc")) == {f"AP of {'abc'[i]}": 1.0 for i in labels}
    for found, each in zip(task.detect([outputs]), truth, strict=True):
        first = found.scores > 0.5
        assert sorted(found.labels[first]) == sorted(each.labels)
    outputs[..., [4, 7]] = outputs[..., [7, 4]]
    assert task.score([outputs], truth) < 1.0


def test_an_undecided_detector_scores_low_and_ends():
    truth = [objects(PLACES)] * 2
    outputs = np.random.default_rng(5).normal(0, 0.1, (2, 3150, 15)).astype(np.float32)
    task = Detection()
    assert task.score([outputs], truth) < 0.2
    assert [len(found.scores) for found in task.detect([outputs])] == [200, 200]
    assert task.answers([outputs]) is None
    assert task.correct([outputs], truth) is None


@pytest.mark.parametrize(
    ("outputs", "truth", "sentence"),
    [
        (np.zeros((1, 3149, 6)), [objects(PLACES)], r"shape \(1, 3149, 6\)"),
        (np.zeros((1, 3150, 5)), [objects(PLACES)], r"shape \(1, 3150, 5\)"),
        (np.zeros((1, 3150, 6)), [objects(PLACES)] * 2, "truth of 2 images does not fit 1"),
        (np.zeros((1, 3150, 6)), [objects(PLACES, [0, 0, 1])], "has classes 0 to 1"),
        (np.zeros((1, 3150, 6)), [objects([])], "no object in any image"),
    ],
)
def test_what_does_not_fit_is_one_sentence(outputs, truth, sentence):
    with pytest.raises(InputError, match=sentence):
        Detection().score([outputs], truth)
