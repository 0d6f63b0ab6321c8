"""CIFAR-10: its records on made-up files, and the real photographs where they are."""

from __future__ import annotations

import pickle
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.datasets import Dataset, load_dataset
from edgebench.datasets.cifar10 import (
    BATCH_COUNT,
    FOLDER,
    KINDS,
    PYTHON_FOLDER,
    RECORD,
    TEST_BATCH,
)
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract, parts, rows


def cifar(**plan: object) -> Dataset:
    return load_dataset(DataPlan(name="cifar10", **plan))


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


def as_python_2_wrote_it(pixels: np.ndarray, labels: list[int]) -> bytes:
    """Return a batch in the opcodes of the official files: protocol 2, all text as byte strings."""

    def short(text: str) -> bytes:
        return b"U" + bytes([len(text)]) + text.encode()

    size = struct.pack("<i", pixels.size)
    dtype = b"cnumpy\ndtype\n" + short("u1") + b"K\x00K\x01\x87R(K\x03" + short("|")
    dtype += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"M" + struct.pack("<H", len(pixels)) + b"M" + struct.pack("<H", 3072) + b"\x86"
    array = b"cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nK\x00\x85" + short("b")
    array += b"\x87R(K\x01" + shape + dtype + b"\x89T" + size + pixels.tobytes() + b"tb"
    listed = b"]q\x03(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    name = short("training batch 1 of 5")
    return (
        b"\x80\x02}q\x01(" + short("batch_label") + name + short("labels") + listed
        + short("data") + array + short("filenames") + b"](" + short("leptodactylus_s_000004.png") + b"eu."
    )  # fmt: skip


def pickled(records: np.ndarray, protocol: int) -> bytes:
    labels = records[:, 0].tolist()
    if protocol == 0:
        return as_python_2_wrote_it(records[:, 1:], labels)
    return pickle.dumps({b"data": records[:, 1:], b"labels": labels}, protocol=protocol)


@pytest.fixture
def both(batch: Path) -> Path:
    """Write the training batch of `batch` and a test batch in both formats; return the data folder."""
    records = np.fromfile(batch, dtype=np.uint8).reshape(BATCH_COUNT, RECORD)
    others = records.copy()
    others[:, 1:] += 7
    others.tofile(batch.with_name(f"{TEST_BATCH}.bin"))
    python = batch.parents[1] / PYTHON_FOLDER
    python.mkdir()
    (python / "data_batch_1").write_bytes(pickled(records, protocol=0))
    (python / TEST_BATCH).write_bytes(pickled(others, protocol=4))
    return batch.parents[1]


class TestPythonFormat:
    def test_both_formats_give_the_same_parts(self, both: Path) -> None:
        binary = parts(cifar(sample=0.02))
        shutil.rmtree(both / FOLDER)
        for name, part in parts(cifar(sample=0.02)).items():
            np.testing.assert_array_equal(part.x, binary[name].x)
            np.testing.assert_array_equal(part.y, binary[name].y)

    @pytest.mark.parametrize("protocol", [2, 3, 4])
    def test_what_python_3_wrote_is_read_too(self, both: Path, protocol: int) -> None:
        records = np.fromfile(both / FOLDER / "data_batch_1.bin", dtype=np.uint8)
        records = np.asfortranarray(records.reshape(BATCH_COUNT, RECORD))
        expected = cifar(sample=0.01).train()
        shutil.rmtree(both / FOLDER)
        (both / PYTHON_FOLDER / "data_batch_1").write_bytes(pickled(records, protocol))
        np.testing.assert_array_equal(cifar(sample=0.01).train().x, expected.x)

    def test_the_binary_format_goes_before(self, both: Path) -> None:
        for path in (both / PYTHON_FOLDER).iterdir():
            path.write_bytes(b"damaged")
        assert len(cifar(sample=0.01).train()) == 400
        assert cifar(sample=0.01).lacks() == ()

    def test_a_batch_counts_as_missing_where_the_sample_needs_it(self, both: Path) -> None:
        assert cifar(sample=0.2).lacks() == ()
        assert cifar(sample=0.3).lacks() == (f"{FOLDER}/data_batch_2.bin",)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "does not"),
            (b"\x80\x02}q\x01(U\x04dataK\x01u.", "expected data"),
            (
                pickle.dumps({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 2]}, 4),
                "data of",
            ),
            (pickle.dumps({b"data": np.zeros((2, 2)), b"labels": [1, 2]}, 4), "called"),
            (pickle.dumps([1, 2], 4), "no dict"),
        ],
    )
    def test_what_is_no_batch_is_one_sentence(self, both: Path, content: bytes, why: str) -> None:
        shutil.rmtree(both / FOLDER)
        (both / PYTHON_FOLDER / "data_batch_1").write_bytes(content)
        with pytest.raises(InputError, match="data_batch_1") as caught:
            cifar(sample=0.01).train()
        assert why in caught.value.why or not content

    @pytest.mark.parametrize("labels", [[10] * 10_000, [1] * 9_999, [300] * 10_000, ["1"] * 10_000])
    def test_labels_that_cannot_be(self, both: Path, labels: list[Any]) -> None:
        shutil.rmtree(both / FOLDER)
        content = {b"data": np.zeros((BATCH_COUNT, 3072), np.uint8), b"labels": labels}
        (both / PYTHON_FOLDER / "data_batch_1").write_bytes(pickle.dumps(content))
        with pytest.raises(InputError, match="data_batch_1"):
            cifar(sample=0.01).train()


class TestCifar10(DatasetContract):
    @pytest.fixture
    def plan(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> DataPlan:
        if not (data_dir / FOLDER).is_dir():
            pytest.skip(f"no {FOLDER} at {data_dir}")
        monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
        return DataPlan(name="cifar10", sample=0.004)


class TestRealPhotographs:
    @pytest.fixture
    def dataset(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
        if not (data_dir / FOLDER).is_dir():
            pytest.skip(f"no {FOLDER} at {data_dir}")
        monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
        return load_dataset(DataPlan(name="cifar10", sample=0.04))

    def test_counts_and_shares(self, dataset: Dataset) -> None:
        assert {name: len(part) for name, part in parts(dataset).items()} == {
            "train": 1600,
            "validation": 400,
            "test": 400,
        }
        everything = load_dataset(DataPlan(name="cifar10")).test()
        assert np.bincount(everything.y).tolist() == [1000] * len(KINDS)

    def test_no_photograph_is_in_two_parts(self, dataset: Dataset) -> None:
        everything = [row for part in parts(dataset).values() for row in rows(part.x)]
        assert len(everything) == len(set(everything)) == 2400
