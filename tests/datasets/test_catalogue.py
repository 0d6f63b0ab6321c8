"""The catalogue: what it says of files that are here, missing or damaged, and what is in data sets."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgebench.datasets import (
    CATALOGUE,
    DATASETS,
    inspect,
    inspect_table,
    load_dataset,
    require_here,
)
from edgebench.datasets.checksums import file_facts, folder_facts
from edgebench.errors import InputError
from edgebench.records import DataPlan

NAMES = {
    "digits",
    "cifar10",
    "mnist",
    "mnist-detection",
    "cwfid",
    "tsinghua",
    "expressions",
    "nb201",
}
RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    return tmp_path


def test_every_data_set_is_told_of() -> None:
    assert set(CATALOGUE) == NAMES
    assert set(DATASETS) <= NAMES
    for name, entry in CATALOGUE.items():
        loaded = name in DATASETS and load_dataset(DataPlan(name=name))
        assert not loaded or loaded.spec.task == entry.task
        for layout in entry.layouts:
            for download in layout.downloads:
                assert download.url.startswith("https://")
                assert len(download.md5) == 32
                assert download.size_bytes > 4000


def test_states_follow_the_files(folder: Path) -> None:
    cifar = CATALOGUE["cifar10"]
    assert (CATALOGUE["digits"].state, cifar.state) == ("embedded", "missing")
    assert cifar.layout.folder == "cifar-10-batches-bin"
    python = folder / "cifar-10-batches-py"
    python.mkdir()
    for name in cifar.layouts[1].files:
        assert CATALOGUE["cifar10"].state in ("missing", "in part")
        (python / name).touch()
    assert (cifar.state, cifar.layout.folder) == ("here", "cifar-10-batches-py")
    (folder / "mnist").mkdir()
    (folder / "mnist" / "t10k-labels-idx1-ubyte.gz").touch()
    assert CATALOGUE["mnist"].state == "in part"
    assert len(CATALOGUE["mnist"].layout.missing()) == 3


@pytest.mark.parametrize("name", ["cifar10", "mnist", "mnist-detection"])
def test_what_is_missing_is_told_in_full(folder: Path, name: str) -> None:
    dataset = load_dataset(DataPlan(name=name))
    with pytest.raises(InputError, match=f"^{name} is not here: ") as caught:
        require_here(name, dataset)
    assert str(folder) in caught.value.message
    assert CATALOGUE[name].terms in caught.value.why
    assert f"edgebench data get {name}" in caught.value.remedy
    with pytest.raises(InputError, match=f"^{name} is not here: "):
        inspect(DataPlan(name=name))


def test_what_is_in_one_s_own_classes(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    x, y = RNG.random((40, 2, 2, 1)), np.arange(40) % 4
    np.savez(
        path,
        x=x,
        y=np.minimum(y, 2),
        x_train=np.concatenate([x[:5], -x[5:]]),
        y_train=y % 3,
        labels=["a", "b", "c"],
    )
    found = inspect(DataPlan(name=str(path)))
    assert {name: part["count"] for name, part in found["parts"].items()} == {
        "train": 32, "validation": 8, "test": 40,
    }  # fmt: skip
    assert found["parts"]["test"]["classes"] == [
        {"class": "a", "count": 10, "share": 0.25},
        {"class": "b", "count": 10, "share": 0.25},
        {"class": "c", "count": 20, "share": 0.5},
    ]
    assert found["parts"]["test"]["range"] == {
        "low": pytest.approx(x.min()), "high": pytest.approx(x.max()),
    }  # fmt: skip
    assert found["duplicates"]["train, test"] + found["duplicates"]["validation, test"] == 5
    assert found["duplicates"]["train, validation"] == 0
    assert [file["state"] for file in found["files"]] == ["unknown"]


def test_masks_are_balanced_by_pixels_and_a_test_part_alone_will_do(tmp_path: Path) -> None:
    masks = np.zeros((4, 2, 2), dtype=int)
    masks[:, 0, 0] = 1
    np.savez(tmp_path / "masks.npz", x=RNG.random((4, 2, 2, 3)), y=masks)
    found = inspect(DataPlan(name=str(tmp_path / "masks.npz")))
    assert list(found["parts"]) == ["test"]
    assert [row["share"] for row in found["parts"]["test"]["classes"]] == [0.75, 0.25]


def test_a_single_mask_is_of_background_and_its_label(tmp_path: Path) -> None:
    masks = np.zeros((4, 2, 2), dtype=int)
    masks[:, 0, 0] = 1
    path = tmp_path / "masks.npz"
    np.savez(path, x=RNG.random((4, 2, 2, 3)), y=masks, labels=["plant"])
    classes = inspect(DataPlan(name=str(path)))["parts"]["test"]["classes"]
    assert [(row["class"], row["count"]) for row in classes] == [("background", 12), ("plant", 4)]


def test_photographs_are_counted_beside_their_tiles(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for number in range(10):
        mask = RNG.integers(0, 2, (8, 8), dtype=np.uint8)
        Image.fromarray(mask * 200).save(tmp_path / "images" / f"{number}.png")
        Image.fromarray(mask).save(tmp_path / "masks" / f"{number}.png")
    found = inspect(DataPlan(name=str(tmp_path), tile=(4, 4)))
    counts = {name: (part["count"], part["groups"]) for name, part in found["parts"].items()}
    assert counts == {"train": (24, 6), "validation": (8, 2), "test": (8, 2)}
    (file,) = found["files"]
    assert (file["path"], file["count"]) == (str(tmp_path), 20)
    assert inspect(DataPlan(name=str(tmp_path)))["parts"]["train"]["groups"] is None


def test_a_folder_is_hashed_by_the_names_and_bytes_of_its_images(tmp_path: Path) -> None:
    """As ``sha256sum`` lists them, so that anyone can check."""
    (tmp_path / "cat").mkdir()
    for name in ("cat/b.png", "cat/a.jpg", "labels.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "cat" / ".hidden.png").touch()
    (tmp_path / "README.md").touch()
    command = "sha256sum cat/a.jpg cat/b.png labels.txt | sha256sum"
    said = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=True)
    found = folder_facts(tmp_path)
    assert said.stdout.decode().split()[0] == found.sha256
    assert (found.count, found.size_bytes, found.state) == (3, 28, "unknown")
    (tmp_path / "README.md").write_text("more")
    os.utime(tmp_path / "cat" / "a.jpg", (0, 0))
    assert folder_facts(tmp_path) == found
    (tmp_path / "cat" / "a.jpg").write_text("cat/A.jpg")
    assert folder_facts(tmp_path).sha256 != found.sha256


def test_a_link_that_leads_back_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "up").symlink_to("..")
    with pytest.raises(InputError, match=r"raw/up leads back to a folder that it is in"):
        folder_facts(tmp_path)


def test_the_real_files_are_the_published_ones(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (data_dir / "cifar-10-batches-bin").is_dir():
        pytest.skip(f"no cifar-10-batches-bin at {data_dir}")
    monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
    found = inspect(DataPlan(name="cifar10", sample=0.01))
    assert {file["state"] for file in found["files"]} == {"ok"}
    found = inspect(DataPlan(name="mnist-detection", sample=0.1))
    assert [file["state"] for file in found["files"]] == ["ok"] * 4
    assert sum(row["count"] for row in found["parts"]["test"]["classes"]) == 10


def test_a_changed_file_differs(tmp_path: Path) -> None:
    path = tmp_path / "some.gz"
    path.write_bytes(gzip.compress(b"content"))
    assert file_facts(path, "9a0364b9e99bb480dd25e1f0284c8555").state == "ok"
    assert file_facts(path, "0" * 32).state == "differs"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match=r"some\.gz cannot be read"):
        file_facts(path)


class TestTable:
    def test_rows_and_ranges_of_the_real_one(
        self, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not (data_dir / "nasbench").is_dir():
            pytest.skip(f"no nasbench at {data_dir}")
        monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
        found = inspect_table("nb201")
        assert found["rows"] == 15_625
        assert found["columns"]["params_m"]["low"] == pytest.approx(0.073306)

    @pytest.mark.parametrize(
        "content", [b"", b"arch,ms\na,1\nb\n", b"arch,ms\na,fast\n", b"arch,ms\na,nan\n"]
    )
    def test_a_damaged_one_is_one_sentence(self, folder: Path, content: Any) -> None:
        (folder / "nasbench").mkdir()
        (folder / "nasbench" / "nb201_raspi4.csv.gz").write_bytes(gzip.compress(content))
        with pytest.raises(InputError, match="is no table of nb201"):
            inspect_table("nb201")

    def test_a_missing_one_is_told(self, folder: Path) -> None:
        with pytest.raises(InputError, match=r"nb201 is not here: nasbench/nb201_raspi4\.csv\.gz"):
            inspect_table("nb201")
