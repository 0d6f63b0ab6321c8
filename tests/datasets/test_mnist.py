"""MNIST and the digits to be found: on the official files where they are, and on made-up ones."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.datasets import Dataset, load_dataset
from edgebench.datasets.mnist import COUNTS, FOLDER, SIDE
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract, parts


def load(name: str = "mnist", **plan: Any) -> Dataset:
    return load_dataset(DataPlan(name=name, **plan))


def idx(values: np.ndarray) -> bytes:
    numbers = [0x0800 | values.ndim, *values.shape]
    return np.array(numbers, dtype=">u4").tobytes() + values.tobytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the four files: digit n is n % 10, and its ink is n % 251 in the first row and 0 below."""
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    made = tmp_path / FOLDER
    made.mkdir()
    for part, count in COUNTS.items():
        images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
        images[:, 0] = (np.arange(count) % 251)[:, None]
        labels = (np.arange(count) % 10).astype(np.uint8)
        packed = gzip.compress(idx(images), compresslevel=1)
        (made / f"{part}-images-idx3-ubyte.gz").write_bytes(packed)
        (made / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return made


@pytest.fixture
def real(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (data_dir / FOLDER).is_dir():
        pytest.skip(f"no {FOLDER} at {data_dir}")
    monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))


class TestMnist(DatasetContract):
    @pytest.fixture
    def plan(self, real: None) -> DataPlan:
        return DataPlan(name="mnist", sample=0.01, size=(16, 20))


class TestMnistDetection(DatasetContract):
    @pytest.fixture
    def plan(self, real: None) -> DataPlan:
        return DataPlan(name="mnist-detection", sample=0.3, size=(64, 48))


@pytest.mark.usefixtures("folder")
def test_a_sample_is_the_first_digits() -> None:
    found = load(sample=0.005)
    assert {name: len(part) for name, part in parts(found).items()} == {
        "train": 240, "validation": 60, "test": 50,
    }  # fmt: skip
    test = found.test()
    assert test.x.shape == (50, 28, 28, 1)
    np.testing.assert_array_equal(test.y, np.arange(50) % 10)
    np.testing.assert_allclose(test.x[:, 0, 5, 0] * 255, np.arange(50), rtol=1e-6)


@pytest.mark.usefixtures("folder")
def test_digits_are_resized_in_every_chunk() -> None:
    x = load(sample=0.2, size=(14, 28)).test().x
    assert x.shape == (2000, 14, 28, 1)
    np.testing.assert_allclose(x[:, 0, 3, 0], np.arange(2000) % 251 / 510, rtol=1e-6)
    assert not x[:, 1:].any()


def test_what_is_missing_is_told_with_its_place(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()
    assert load().lacks() == load("mnist-detection").lacks() == ("mnist/t10k-labels-idx1-ubyte.gz",)
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte\.gz cannot be read"):
        load().test()


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda content: content[:-1], "10007 of 10008 bytes"),
        (lambda content: content + b"\0", "more than 10008 bytes"),
        (lambda content: b"\0\0\x08\x03" + content[4:], "expected [2049, 10000]"),
        (lambda content: content[:7] + b"\x11" + content[8:], "expected [2049, 10000]"),
        (lambda content: content[:-1] + b"\x0a", "a label in it is 10"),
        (lambda content: b"", "expected [2049, 10000]"),
    ],
)
def test_a_damaged_file_is_one_sentence(
    folder: Path, damage: Any, why: str, is_packed: bool
) -> None:
    path = folder / "t10k-labels-idx1-ubyte"
    content = damage(path.read_bytes())
    path.unlink()
    if is_packed:
        path, content = path.with_name(f"{path.name}.gz"), gzip.compress(content)
    path.write_bytes(content)
    with pytest.raises(InputError, match=path.name) as caught:
        load().test()
    assert why in caught.value.why


@pytest.mark.parametrize("keep", [1, 9, 5000, -9])
def test_a_cut_or_changed_archive_is_one_sentence(folder: Path, keep: int) -> None:
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte\.gz is no file of MNIST"):
        load().test()


@pytest.mark.parametrize(
    "plan",
    [
        {"name": "mnist", "size": (4, 4)},
        {"name": "mnist-detection", "size": (27, 224)},
        {"name": "mnist-detection", "size": (224, 2000)},
        {"name": "mnist", "tile": (8, 8)},
    ],
)
def test_a_plan_that_does_not_fit_is_refused(plan: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        load(**plan)


@pytest.mark.usefixtures("real")
class TestRealDigits:
    def test_counts_and_classes(self) -> None:
        test = load().test()
        counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        assert np.bincount(test.y).tolist() == counts
        assert (test.x.min(), test.x.max()) == (0.0, 1.0)

    def test_every_digit_lies_in_its_box(self) -> None:
        digits, found = load(sample=0.01).test(), load("mnist-detection").test()
        assert (len(found), found.x.shape[1:]) == (100, (224, 224, 3))
        for index, objects in enumerate(found.y):
            top, left, bottom, right = np.rint(objects.boxes[0] * 224).astype(int)
            inside = found.x[index, top:bottom, left:right]
            np.testing.assert_array_equal(inside, np.repeat(digits.x[index], 3, axis=-1))
            assert found.x[index].sum() == pytest.approx(inside.sum(), rel=1e-5)
            assert objects.labels.tolist() == [digits.y[index]]

    def test_places_are_uniform_and_those_of_a_sample_the_same(self) -> None:
        everything, some = load("mnist-detection"), load("mnist-detection", sample=0.5)
        np.testing.assert_array_equal(everything.test().x[:50], some.test().x)
        boxes = np.concatenate(
            [o.boxes for o in load("mnist-detection", validation="test").train().y]
        )
        assert len(boxes) == 600
        corners = boxes[:, :2] * 224 / 196
        assert corners.min() >= 0
        assert corners.max() == pytest.approx(1, abs=0.01)
        np.testing.assert_allclose(np.histogram(corners, bins=4)[0] / 1200, 0.25, atol=0.04)

    def test_only_one_channel_takes_memory(self) -> None:
        for part in parts(load("mnist-detection", validation=0.2)).values():
            assert part.x.strides[-1] == 0
            assert part.head(10).x.strides[-1] == 0
            assert part.x[np.array([3, 1])].flags.owndata
