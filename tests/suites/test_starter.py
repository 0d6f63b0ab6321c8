"""The first suite for a folder of images: it fits what is there, every key is explained, and it is valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from edgebench import suites
from edgebench.errors import InputError
from edgebench.suites import starter
from edgebench.suites.starter import Found


def images(folder: Path, count: int, size: tuple[int, int] = (48, 40)) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", size, (number % 256, 0, 0)).save(folder / f"{number:03}.png")


@pytest.fixture(autouse=True)
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    images(tmp_path / "pets" / "cat", 10)
    images(tmp_path / "pets" / "dog", 30)
    return tmp_path / "pets"


def found(**changes: object) -> Found:
    fields = {
        "name": "pets", "data": "pets", "classes": 2, "images": 1000, "test_images": 200,
        "commonest_share": 0.75, "side": 50,
    }  # fmt: skip
    return Found(**(fields | changes))


def setting(text: str, key: str) -> str:
    return re.search(rf"^\s*{key}: (.*)$", text, re.MULTILINE)[1]


def test_a_folder_is_counted_and_measured() -> None:
    assert starter.look_into("pets") == found(images=32, test_images=8, side=40)


def test_parts_of_ones_own_are_counted_too(tmp_path: Path) -> None:
    for part, count in (("train", 12), ("val", 4), ("test", 3)):
        images(tmp_path / "own" / part / "a", count)
        images(tmp_path / "own" / part / "b", count)
    look = starter.look_into("own")
    assert (look.images, look.test_images, look.commonest_share) == (32, 6, 0.5)


def test_the_suite_is_valid_and_says_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "pets.yaml").write_text(starter.suite_text(starter.look_into("pets")))
    suite = suites.load("pets.yaml")
    assert suite.data.name == "pets"
    assert suite.data.size == (32, 32)
    assert {o.metric: o.reference for o in suite.objectives}["val_accuracy"] == 0.75
    assert suite.baseline == "squeezenet-1.1"
    assert suite.devices == ("local",)


def test_the_suite_of_the_digits_is_valid(tmp_path: Path) -> None:
    (tmp_path / "my-digits.yaml").write_text(starter.digits_text())
    assert suites.load("my-digits.yaml").data.name == "digits"


def test_every_key_has_its_comment() -> None:
    lines = starter.suite_text(found()).splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r"\s*\w+:", line)]
    bare = [
        lines[number] for number in keys
        if not lines[number - 1].lstrip().startswith("#") and not lines[number].endswith(":")
    ]  # fmt: skip
    assert len(keys) > 20
    assert bare == []


@pytest.mark.parametrize(
    ("side", "size"), [(8, 32), (40, 32), (60, 64), (64, 64), (90, 96), (4000, 96)]
)
def test_the_size_is_that_of_the_images_within_bounds(side: int, size: int) -> None:
    assert setting(starter.suite_text(found(side=side)), "size") == f"[{size}, {size}]"


@pytest.mark.parametrize(
    ("count", "sample", "batch_size", "epochs"),
    [
        (200, "1.0", "16", "30"), (1_000, "1.0", "32", "20"), (5_000, "1.0", "32", "12"),
        (20_000, "1.0", "64", "8"), (60_000, "0.33", "64", "8"), (10_000_000, "0.01", "64", "8"),
    ],
)  # fmt: skip
def test_many_images_are_sampled_and_few_gone_over_more_often(
    count: int, sample: str, batch_size: str, epochs: str
) -> None:
    text = starter.suite_text(found(images=count))
    chosen = [setting(text, key) for key in ("sample", "batch_size", "max_epochs")]
    assert chosen == [sample, batch_size, epochs]


def test_a_folder_called_like_a_data_set_stays_a_folder(pets: Path) -> None:
    pets.rename("digits")
    assert starter.look_into("digits").data == "./digits"


def test_names_are_quoted(pets: Path, tmp_path: Path) -> None:
    pets.rename('my "pets" #1')
    look = starter.look_into('my "pets" #1')
    (tmp_path / "odd.yaml").write_text(starter.suite_text(look))
    suite = suites.load("odd.yaml")
    assert (suite.name, suite.data.name) == ("my-pets-1", 'my "pets" #1')


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: images(root / "emu", 9), "pets has 9 images of emu"),
        (lambda root: (root / "emu").mkdir(), "emu holds no images"),
        (lambda root: images(root / "cat" / "black", 3), "cat/black is a folder in a folder of images"),
        (lambda root: (root / "cat" / "notes.txt").touch(), "notes.txt is in a folder of images and is none"),
        (lambda root: (root / "dog").rename(root.parent / "dog"), "pets is no folder of classes"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(make, said: str, pets: Path) -> None:
    make(pets)
    with pytest.raises(InputError, match=re.escape(said)) as refused:
        starter.look_into("pets")
    assert refused.value.remedy


def test_a_folder_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match="nowhere cannot be listed"):
        starter.look_into("nowhere")


def test_masks_are_another_task(tmp_path: Path) -> None:
    images(tmp_path / "field" / "images", 3)
    images(tmp_path / "field" / "masks", 3)
    with pytest.raises(InputError, match="is a folder of images and masks"):
        starter.look_into("field")
