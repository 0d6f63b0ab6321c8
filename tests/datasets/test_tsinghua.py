"""The Tsinghua faces: layouts and names on made-up folders, as the real ones are given on request."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgebench.datasets import Dataset, load_dataset
from edgebench.datasets.tsinghua import FOLDERS, LABELS, NAME, WORDS
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract

SUBJECTS = 10


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    root = tmp_path / FOLDERS[0]
    root.mkdir()
    return root


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def flat(root: Path) -> Path:
    """All in one folder, two takes of each expression."""
    for subject in range(SUBJECTS):
        for number, label in enumerate(LABELS):
            for take in (1, 2):
                name = f"OM{subject:02}_{WORDS[label][-1]}_{take}.jpg"
                picture(root / name, 100 * subject + 10 * number + take)
    return root


@pytest.fixture
def by_class(root: Path) -> Path:
    for number, label in enumerate(LABELS):
        for take in range(10):
            picture(root / WORDS[label][-1].title() / f"img_{take:04}.png", 100 * number + take)
    return root


def tsinghua(**plan: object) -> Dataset:
    return load_dataset(DataPlan(name="tsinghua", **plan))


def refused() -> str:
    with pytest.raises(InputError) as caught:
        tsinghua().train()
    return f"{caught.value.message}: {caught.value.why}"


@pytest.mark.usefixtures("flat")
class TestTsinghuaBySubject(DatasetContract):
    @pytest.fixture
    def plan(self) -> DataPlan:
        return DataPlan(name="tsinghua", size=(16, 12))


@pytest.mark.usefixtures("by_class")
class TestTsinghuaByPicture(DatasetContract):
    @pytest.fixture
    def plan(self) -> DataPlan:
        return DataPlan(name="tsinghua", size=(16, 12))


@pytest.mark.usefixtures("flat")
def test_subjects_are_in_one_part() -> None:
    data = tsinghua(size=(8, 8))
    assert data.spec.source.endswith("split by subject, 2 of 10 are for testing")
    assert (data.spec.labels, data.spec.classes) == (LABELS, 8)
    parts = (data.train(), data.validation(), data.test())
    subjects = [set(part.groups.tolist()) for part in parts if part.groups is not None]
    assert [len(found) for found in subjects] == [6, 2, 2]
    assert len(set.union(*subjects)) == SUBJECTS
    assert [len(part) for part in parts] == [96, 32, 32]


@pytest.mark.usefixtures("by_class")
def test_without_subjects_a_fifth_of_each_class_is_for_testing() -> None:
    data = tsinghua()
    assert "split by picture, as subjects are not known" in data.spec.source
    assert data.spec.input_shapes == ((224, 224, 3),)
    assert data.test().groups is None
    assert np.bincount(data.test().y).tolist() == [2] * 8


def test_class_folders_may_tell_subjects(root: Path) -> None:
    for number, label in enumerate(LABELS):
        for subject in range(8):
            picture(root / label / f"{subject}_{label}.png", 10 * number + subject)
    assert "split by subject, 2 of 8" in tsinghua().spec.source


def test_the_other_folder_is_found_too(flat: Path) -> None:
    flat.rename(flat.with_name(FOLDERS[1]))
    assert tsinghua().lacks() == ()
    assert len(tsinghua(size=(4, 4)).test()) == 32


def test_without_the_folder_the_shape_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    data = tsinghua(inputs=("depth", "landmarks"))
    assert data.lacks() == ("tsinghua",)
    assert data.spec.input_shapes == ((224, 224, 3), (468, 3))
    assert "by its owners, on request" in refused()


@pytest.mark.parametrize(
    ("stem", "subject", "word"),
    [
        ("OF12_happiness", "OF12", "happiness"),
        ("y018f-angry-2", "y018f", "angry"),
        ("001_F_young_sad_1", "001_F_young", "sad"),
        ("12 Surprised", "12", "Surprised"),
        ("happy_018", "018", "happy"),
        ("Fear-OM3-02", "OM3", "Fear"),
        ("7.neutral", "7", "neutral"),
    ],
)
def test_names_tell_subject_and_expression(stem: str, subject: str, word: str) -> None:
    found = NAME.fullmatch(stem)
    assert found is not None
    assert (found["subject"] or found["subject_last"]) == subject
    assert (found["word"] or found["word_first"]) == word


@pytest.mark.parametrize("name", ["OF12_bored.jpg", "happiness.jpg", "anna_happy.jpg", "img_1.jpg"])
def test_names_that_tell_nothing_are_told_the_layouts(flat: Path, name: str) -> None:
    picture(flat / name, 1)
    words = refused()
    assert f"{name} does not tell subject and expression" in words
    assert "expected CLASS/picture, or pictures called SUBJECT_CLASS" in words


def test_folders_of_no_expression_and_lacking_ones(by_class: Path) -> None:
    (by_class / "Happy").rename(by_class / "glee")
    assert "glee is the folder of no expression" in refused()
    for path in (by_class / "glee").iterdir():
        path.unlink()
    (by_class / "glee").rmdir()
    assert "has no picture of happiness" in refused()
