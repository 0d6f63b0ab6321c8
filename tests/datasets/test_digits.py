"""The embedded digits: their counts, their parts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from edgebench.datasets import DATASETS, Dataset, load_dataset
from edgebench.datasets.digits import POOL_COUNT, Digits
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract, parts, rows


def digits(**plan: object) -> Dataset:
    return load_dataset(DataPlan(name="digits", **plan))


@pytest.fixture(scope="module")
def whole() -> Dataset:
    return digits()


class TestDigits(DatasetContract):
    @pytest.fixture
    def plan(self) -> DataPlan:
        return DataPlan(name="digits", size=(8, 12), sample=0.5)


def test_counts_of_the_parts(whole: Dataset) -> None:
    assert {name: len(part) for name, part in parts(whole).items()} == {
        "train": 1150,
        "validation": 287,
        "test": 360,
    }
    assert len(load_digits().target) - len(whole.test()) == POOL_COUNT


def test_every_digit_is_in_one_part(whole: Dataset) -> None:
    everything = [row for part in parts(whole).values() for row in rows(part.x)]
    assert len(everything) == len(set(everything)) == 1797


def test_labels_are_those_of_the_source(whole: Dataset) -> None:
    """At 8 x 8 nothing is resized, so that each input is found again by its ink."""
    source = load_digits()
    label = {
        (image / 16).astype(np.float32).tobytes(): target
        for image, target in zip(source.images, source.target, strict=True)
    }
    for part in parts(digits(size=(8, 8))).values():
        assert [label[x[..., 0].tobytes()] for x in part.x] == part.y.tolist()


def test_classes_have_their_share_of_every_part(whole: Dataset) -> None:
    shares = np.bincount(load_digits().target) / 1797
    for part in parts(whole).values():
        counts = np.bincount(part.y, minlength=10)
        np.testing.assert_allclose(counts, shares * len(part), atol=1.0)


def test_inputs_are_three_equal_channels_between_nothing_and_full_ink(whole: Dataset) -> None:
    for part in parts(whole).values():
        assert part.x.shape[1:] == (32, 32, 3)
        assert part.x.min() == 0.0
        assert 0.9 < part.x.max() <= 1.0
        for channel in (1, 2):
            np.testing.assert_array_equal(part.x[..., channel], part.x[..., 0])


@pytest.mark.parametrize(("size", "shape"), [((8, 8), (8, 8, 3)), ((24, 40), (24, 40, 3))])
def test_height_stands_before_width(size: tuple[int, int], shape: tuple[int, ...]) -> None:
    dataset = digits(size=size)
    assert dataset.spec.input_shapes == (shape,)
    assert dataset.test().x.shape == (360, *shape)


def test_the_test_part_is_the_same_whatever_the_plan(whole: Dataset) -> None:
    other = digits(sample=0.3, validation=0.5)
    np.testing.assert_array_equal(other.test().x, whole.test().x)


@pytest.mark.parametrize(
    ("plan", "train", "validation"),
    [
        ({"validation": 0.5}, 719, 718),
        ({"sample": 0.5}, 575, 143),
        ({"sample": 0.1}, 116, 28),
        ({"sample": 0.999}, 1149, 287),
        ({"sample": 0.035}, 40, 10),
    ],
)
def test_sample_and_validation_are_shares(
    plan: dict[str, float], train: int, validation: int
) -> None:
    dataset = digits(**plan)
    assert (len(dataset.train()), len(dataset.validation())) == (train, validation)
    for part in parts(dataset).values():
        counts = np.bincount(part.y, minlength=10)
        assert counts.min() >= 1
        assert counts.max() - counts.min() <= 0.01 * len(part) + 2


def test_a_sample_is_part_of_a_larger_one(whole: Dataset) -> None:
    def pool(dataset: Dataset) -> set[bytes]:
        return set(rows(dataset.train().x)) | set(rows(dataset.validation().x))

    assert pool(digits(sample=0.1)) < pool(digits(sample=0.4)) < pool(whole)


@pytest.mark.parametrize(
    "plan", [{"sample": 0.01}, {"validation": 0.001}, {"validation": 0.9995}, {"sample": 0.034}]
)
def test_too_few_examples_are_told(plan: dict[str, float]) -> None:
    with pytest.raises(InputError, match="would be for validation") as caught:
        digits(**plan)
    assert caught.value.why == "validation and training both need at least 10, one a class"


@pytest.mark.parametrize("size", [(7, 32), (32, 257), (0, 0)])
def test_a_size_out_of_bounds_is_told(size: tuple[int, int]) -> None:
    with pytest.raises(InputError) as caught:
        digits(size=size)
    assert caught.value.message == f"data.size {size[0]}x{size[1]} does not suit digits"


def test_representative_inputs_come_from_training_alone(whole: Dataset) -> None:
    train = set(rows(whole.train().x))
    drawn = rows(whole.representative(500)[0])
    assert len(set(drawn)) == 500
    assert set(drawn) <= train
    assert len(whole.representative(5000)[0]) == 1150
    assert whole.representative(0)[0].shape == (0, 32, 32, 3)


def test_a_data_set_that_is_not_known() -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_dataset(DataPlan(name="digit"))
    assert caught.value.message == "digit is not a data set"
    assert caught.value.remedy == "did you mean digits?"
    assert DATASETS["digits"] is Digits
