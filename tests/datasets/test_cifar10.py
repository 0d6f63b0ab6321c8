"""CIFAR-10: its records on made-up files, and the real photographs where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.datasets import load_dataset
from edgebench.datasets.cifar10 import BATCH_COUNT, FOLDER, KINDS, RECORD, Cifar10
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract, parts, rows


def cifar(**plan: object) -> Cifar10:
    return Cifar10(DataPlan(name="cifar10", **plan))


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write one training file: record number n has label n % 10, red n % 251, green 1 and blue 2."""
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    records = np.empty((BATCH_COUNT, RECORD), dtype=np.uint8)
    numbers = np.arange(BATCH_COUNT)
    records[:, 0] = numbers % 10
    records[:, 1:1025] = (numbers % 251)[:, None]
    records[:, 1025:2049], records[:, 2049:] = 1, 2
    path = tmp_path / FOLDER / "data_batch_1.bin"
    path.parent.mkdir()
    records.tofile(path)
    return path


def test_a_sample_is_the_first_photographs_and_reads_no_other_file(batch: Path) -> None:
    dataset = cifar(sample=0.01, validation=0.2)
    train, validation = dataset.train(), dataset.validation()
    assert (len(train), len(validation)) == (400, 100)
    red = np.concatenate([train.x[:, 0, 0, 0], validation.x[:, 0, 0, 0]]) * 255
    assert sorted(np.rint(red).astype(int)) == sorted(np.arange(500) % 251)
    np.testing.assert_allclose(train.x[..., 1:] * 255, np.broadcast_to([1, 2], (400, 32, 32, 2)))
    assert np.bincount(validation.y).tolist() == [10] * 10


def test_a_plane_is_read_row_by_row(batch: Path) -> None:
    record = np.zeros((BATCH_COUNT, RECORD), dtype=np.uint8)
    record[:, 0] = np.arange(BATCH_COUNT) % 10
    record[:, 1 + 32 * 3 + 5] = 255
    record.tofile(batch)
    x = cifar(sample=0.01).train().x
    assert np.argwhere(x[0]).tolist() == [[3, 5, 0]]


@pytest.mark.parametrize("damage", ["short", "label", "missing"])
def test_a_bad_file_is_one_sentence(batch: Path, damage: str) -> None:
    content = np.fromfile(batch, dtype=np.uint8)
    if damage == "short":
        content[:3000].tofile(batch)
    elif damage == "label":
        content[RECORD] = 10
        content.tofile(batch)
    else:
        batch.unlink()
    with pytest.raises(InputError) as caught:
        cifar(sample=0.01).train()
    assert "data_batch_1.bin" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("plan", [{"size": (16, 16)}, {"sample": 0.0005}, {"validation": 0.0}])
def test_a_plan_that_does_not_fit_is_refused(plan: dict[str, object]) -> None:
    with pytest.raises(InputError):
        cifar(**plan)


class TestCifar10(DatasetContract):
    @pytest.fixture
    def plan(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> DataPlan:
        if not (data_dir / FOLDER).is_dir():
            pytest.skip(f"no {FOLDER} at {data_dir}")
        monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
        return DataPlan(name="cifar10", sample=0.004)


class TestRealPhotographs:
    @pytest.fixture
    def dataset(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Cifar10:
        if not (data_dir / FOLDER).is_dir():
            pytest.skip(f"no {FOLDER} at {data_dir}")
        monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
        return load_dataset(DataPlan(name="cifar10", sample=0.04))

    def test_counts_and_shares(self, dataset: Cifar10) -> None:
        assert {name: len(part) for name, part in parts(dataset).items()} == {
            "train": 1600,
            "validation": 400,
            "test": 10_000,
        }
        assert np.bincount(dataset.test().y).tolist() == [1000] * len(KINDS)

    def test_no_photograph_is_in_two_parts(self, dataset: Cifar10) -> None:
        everything = [row for part in parts(dataset).values() for row in rows(part.x)]
        assert len(everything) == len(set(everything)) == 12_000
