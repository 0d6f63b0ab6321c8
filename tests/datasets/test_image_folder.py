"""A folder of pictures: the layouts people have, all that Pillow may meet, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgebench.datasets import Dataset, facts, load_dataset
from edgebench.datasets.images import decode, read_images, shown, size_of
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract, parts

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def noise(seed: int, height: int = 8, width: int = 10) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def fill(folder: Path, count: int = 10, first: int = 0) -> None:
    """Write images that all differ."""
    folder.mkdir(parents=True)
    for number in range(first, first + count):
        noise(number).save(folder / f"{number:03}.png")


def classes(root: Path, *names: str, count: int = 10, first: int = 0) -> Path:
    for index, name in enumerate(names):
        fill(root / name, count, first + 1000 * index)
    return root


def loaded(folder: Path, **plan: object) -> Dataset:
    return load_dataset(DataPlan(name=str(folder), **plan))


def refused(folder: Path, **plan: object) -> str:
    """Return what is said when all parts are asked for."""
    with pytest.raises(InputError) as caught:
        parts(loaded(folder, **plan))
    assert "\n" not in caught.value.message
    return f"{caught.value.message}: {caught.value.why}. {caught.value.remedy}"


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return classes(tmp_path / "pets", "dog", "cat", "old cat", count=15)


class TestImageFolder(DatasetContract):
    @pytest.fixture
    def plan(self, pets: Path) -> DataPlan:
        return DataPlan(name=str(pets), size=(6, 6))


class TestImageFolderOfParts(DatasetContract):
    @pytest.fixture
    def plan(self, tmp_path: Path) -> DataPlan:
        for number, part in enumerate(("train", "val", "test")):
            classes(tmp_path / part, "dog", "cat", count=12, first=100 * number)
        return DataPlan(name=str(tmp_path))


def test_a_fifth_of_each_class_is_the_test_part(pets: Path) -> None:
    data = loaded(pets)
    assert data.spec.labels == ("cat", "dog", "old cat")
    assert data.spec.input_shapes == ((8, 10, 3),)
    assert "a fifth of each class, drawn, is the test part" in data.spec.source
    assert np.bincount(data.test().y).tolist() == [3, 3, 3]
    assert (len(data.train()), len(data.validation())) == (29, 7)
    assert facts(data)["notes"] == []


def test_another_class_does_not_change_what_is_tested(pets: Path) -> None:
    before = {row.tobytes() for row in loaded(pets).test().x}
    fill(pets / "ape", first=7000)
    assert before < {row.tobytes() for row in loaded(pets).test().x}


def test_a_sample_is_the_first_of_each_class_and_of_a_larger_sample(pets: Path) -> None:
    small, large = (parts(loaded(pets, sample=share)) for share in (0.5, 1.0))
    assert {name: len(part) for name, part in small.items()} == {
        "train": 15,
        "validation": 3,
        "test": 6,
    }
    there = {row.tobytes() for name in ("train", "validation") for row in large[name].x}
    assert {row.tobytes() for name in ("train", "validation") for row in small[name].x} < there
    assert {row.tobytes() for row in small["test"].x} < {row.tobytes() for row in large["test"].x}


@pytest.mark.parametrize("called", ["val", "valid", "validation"])
def test_parts_that_folders_give_are_kept(tmp_path: Path, called: str) -> None:
    for number, (part, count) in enumerate({"train": 9, called: 3, "test": 4}.items()):
        classes(tmp_path / part, "a", "b", count=count, first=100 * number)
    data = loaded(tmp_path, validation=0.5)
    assert {name: len(part) for name, part in parts(data).items()} == {
        "train": 18,
        "validation": 6,
        "test": 8,
    }
    assert data.spec.source.endswith("parts as the folders are")
    assert len(loaded(tmp_path, validation="test").validation()) == 8


def test_without_a_test_folder_a_fifth_of_train_is_it(tmp_path: Path) -> None:
    classes(tmp_path / "train", "a", "b", count=10)
    data = loaded(tmp_path)
    assert (len(data.train()), len(data.validation()), len(data.test())) == (13, 3, 4)
    assert "fifth of each class of train" in data.spec.source


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    assert loaded(classes(tmp_path, "car", "plane", "train")).spec.labels == (
        "car",
        "plane",
        "train",
    )


def test_what_is_hidden_is_left_alone(pets: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", ".hidden.png"):
        (pets / "cat" / name).write_bytes(b"?")
    (pets / ".edgebench-landmarks").mkdir()
    (pets / "README.md").write_text("my pets")
    assert loaded(pets).spec.classes == 3


def test_names_may_hold_anything(tmp_path: Path) -> None:
    root = classes(tmp_path / "with space", "a\nb", "çä 猫", "c")
    noise(5).save(root / "c" / "new\nline.png")
    assert loaded(root).spec.labels == ("a\\nb", "c", "çä 猫")
    (root / "c" / "bro\nken.png").write_bytes(b"not an image")
    assert "bro\\nken.png cannot be read as an image" in refused(root)
    broken = os.fsdecode(b"\xff.png")
    assert shown(broken) == "\\udcff.png"


def test_folders_may_be_links_and_circles_end(pets: Path, tmp_path: Path) -> None:
    root = tmp_path / "linked"
    root.mkdir()
    (root / "cat").symlink_to(pets / "cat")
    (root / "dog").symlink_to(pets / "dog")
    assert loaded(root).spec.classes == 2
    (root / "cat2").symlink_to(root)
    assert "is a folder in a folder of images" in refused(root)
    (root / "cat2").unlink()
    (root / "loop").symlink_to(root / "loop")
    assert "cannot be listed: Too many levels of symbolic links" in refused(root)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("zero.png", b"", "zero.png is empty"),
        ("text.jpg", b"hello", "text.jpg cannot be read as an image: it is none of BMP, GIF"),
        ("notes.txt", b"hello", "notes.txt is in a folder of images and is none"),
        ("scan.tiff", b"II*\0", "images end in .bmp, .gif, .jpeg, .jpg, .png, .webp"),
    ],
)
def test_what_is_no_image_is_told(pets: Path, name: str, content: bytes, words: str) -> None:
    (pets / "cat" / name).write_bytes(content)
    assert words in refused(pets)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "gif"])
def test_a_cut_file_is_told(pets: Path, suffix: str) -> None:
    path = pets / "dog" / f"cut.{suffix}"
    noise(1, 64, 64).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert f"cut.{suffix} cannot be read as an image" in refused(pets, size=(8, 8))


def test_other_decoders_are_not_tried(pets: Path) -> None:
    noise(1).save(pets / "dog" / "really.png", "TIFF")
    assert "really.png cannot be read as an image: it is none of" in refused(pets)


def test_a_pipe_does_not_hold_the_reader_up(pets: Path) -> None:
    os.mkfifo(pets / "dog" / "pipe.png")
    assert "pipe.png is no file" in refused(pets)


def test_a_bomb_is_told(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 8 * 10)
    noise(1, 9, 9).save(pets / "dog" / "bomb.png")
    assert "bomb.png cannot be read as an image" in refused(pets, size=(8, 8))


def test_sizes_that_differ_need_a_size(pets: Path) -> None:
    noise(1, 20, 20).save(pets / "dog" / "zz.png")
    assert "20x20, and others are 8x10: a network takes one size. say which in data.size" in (
        refused(pets)
    )
    assert loaded(pets, size=(12, 16)).test().x.shape[1:] == (12, 16, 3)


def test_layouts_that_are_none(tmp_path: Path) -> None:
    one = classes(tmp_path / "one", "cat")
    assert "holds 1 folder; a class is a folder of images, and there are at least two" in (
        refused(one)
    )
    flat = tmp_path / "flat"
    fill(flat, 3)
    assert "holds 0 folders, and 3 images beside" in refused(flat)
    (one / "dog").mkdir()
    assert f"{one / 'dog'} holds no images" in refused(one)
    noise(0).save(one / "dog" / "only.png")
    assert f"{one / 'dog'} holds a single image" in refused(one)
    with pytest.raises(UnknownNameError):
        loaded(tmp_path / "nowhere")


def test_parts_must_have_the_same_classes(tmp_path: Path) -> None:
    classes(tmp_path / "train", "a", "b")
    classes(tmp_path / "test", "a", "b", "c")
    assert "c is a class that the training part does not have" in refused(tmp_path)
    classes(tmp_path / "val", "a")
    fill(tmp_path / "train" / "c")
    assert "val is no folder of classes: it holds 1 folder" in refused(tmp_path)
    fill(tmp_path / "val" / "c")
    assert "val has no picture of b" in refused(tmp_path)
    (tmp_path / "valid").mkdir()
    assert "has val and valid" in refused(tmp_path)


@pytest.mark.parametrize("key", ["tile", "target"])
def test_what_a_folder_of_pictures_cannot_do(pets: Path, key: str) -> None:
    value = {"tile": (4, 4), "target": "cats"}[key]
    assert f"data.{key} means nothing to" in refused(pets, **{key: value})


def test_views_that_are_none(pets: Path) -> None:
    assert "smell is not a view of a picture" in refused(pets, inputs=("smell",))
    assert "names a view twice" in refused(pets, inputs=("image", "image"))


@pytest.mark.parametrize("suffix", ["png", "bmp", "webp", "gif"])
def test_each_format_is_decoded(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"IMAGE.{suffix.upper()}"
    picture = Image.new("RGB", (4, 3), GREEN)
    picture.save(path, **({"lossless": True} if suffix == "webp" else {}))
    np.testing.assert_array_equal(decode(str(path)), np.asarray(picture))


def test_a_jpeg_is_decoded_as_a_camera_held_it(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    picture = Image.new("RGB", (32, 16), BLUE)
    picture.paste(RED, (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: what is left in the file is up
    picture.save(path, exif=exif, quality=95, subsampling=0)
    assert size_of(str(path)) == (32, 16)
    upright = decode(str(path))
    assert upright.shape == (32, 16, 3)
    assert np.abs(upright[4, 8].astype(int) - RED).max() < 6
    assert np.abs(upright[28, 8].astype(int) - BLUE).max() < 6


@pytest.mark.parametrize(
    ("mode", "colour", "suffix", "expected"),
    [
        ("L", 128, "png", (128, 128, 128)),
        ("1", 1, "png", (255, 255, 255)),
        ("LA", (0, 0), "png", (255, 255, 255)),
        ("RGBA", (255, 0, 0, 255), "png", RED),
        ("RGBA", (255, 0, 0, 0), "png", (255, 255, 255)),
        ("I;16", 65535, "png", (255, 255, 255)),
        ("I;16", 32896, "png", (128, 128, 128)),
        ("CMYK", (0, 255, 255, 0), "jpg", RED),
    ],
)
def test_each_kind_of_pixel_becomes_rgb(
    tmp_path: Path, mode: str, colour: object, suffix: str, expected: tuple[int, ...]
) -> None:
    path = tmp_path / f"x.{suffix}"
    Image.new(mode, (16, 16), colour).save(path)
    found = decode(str(path))
    assert (found.shape, found.dtype.name) == ((16, 16, 3), "uint8")
    assert np.abs(found[8, 8].astype(int) - expected).max() <= 2


def test_a_palette_and_a_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    assert decode(str(tmp_path / "two.gif"))[0, 0].tolist() == [255, 0, 0]
    frames[1].quantize(4).save(tmp_path / "palette.png")
    assert decode(str(tmp_path / "palette.png"))[0, 0].tolist() == [0, 0, 255]


def test_what_becomes_smaller_is_averaged(tmp_path: Path) -> None:
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    small = read_images([str(tmp_path / "stripes.png")], (8, 8), resize=True)
    assert (small.shape, small.dtype.name) == ((1, 8, 8, 3), "float32")
    np.testing.assert_allclose(small, 0.5, atol=0.02)


def test_values_are_shares_in_the_order_of_the_files(tmp_path: Path) -> None:
    paths = []
    for number in range(40):
        paths.append(str(tmp_path / f"{number}.png"))
        Image.new("L", (2, 2), number).save(paths[-1])
    found = read_images(paths, (2, 2), resize=False)
    np.testing.assert_allclose(found[:, 0, 0, 0], np.arange(40) / 255, rtol=1e-6)


def test_many_files_are_listed_and_none_is_read(tmp_path: Path) -> None:
    """Links to files that are no images: the shape is known, and the first part that is read tells it."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "0.png").write_bytes(b"no image")
        for number in range(1, 10_000):
            os.link(tmp_path / name / "0.png", tmp_path / name / f"{number}.png")
    data = loaded(tmp_path, size=(32, 32))
    assert data.spec.input_shapes == ((32, 32, 3),)
    assert data._source.pool_count == 16_000
    assert "cannot be read as an image" in refused(tmp_path, size=(32, 32), sample=0.005)
