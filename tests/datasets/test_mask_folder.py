"""A folder of photographs and masks: pairs, classes, tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgebench.datasets import Dataset, load_dataset
from edgebench.datasets.photographs import Cut
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.tasks import Segmentation
from edgebench.testing.datasets import DatasetContract, parts

SIDE = 24


def write(root: Path, stem: str, mask: np.ndarray, seed: int = 0) -> None:
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (*mask.shape[:2], 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "images" / f"{stem}.bmp")
    Image.fromarray(mask.astype(np.uint8)).save(root / "masks" / f"{stem}.png")


def fields(root: Path, values: tuple[int, ...], count: int = 10, first: int = 0) -> Path:
    """Write photographs whose masks hold all the values."""
    for number in range(first, first + count):
        drawn = np.random.default_rng(number).integers(0, len(values), (SIDE, SIDE))
        write(root, f"f{number:02}", np.array(values)[drawn], number)
    return root


def loaded(folder: Path, **plan: object) -> Dataset:
    return load_dataset(DataPlan(name=str(folder), **plan))


def refused(folder: Path, **plan: object) -> str:
    with pytest.raises(InputError) as caught:
        parts(loaded(folder, **plan))
    return f"{caught.value.message}: {caught.value.why}. {caught.value.remedy}"


class TestMaskFolder(DatasetContract):
    @pytest.fixture
    def plan(self, tmp_path: Path) -> DataPlan:
        return DataPlan(name=str(fields(tmp_path, (0, 255))), tile=(10, 10))


class TestMaskFolderOfClasses(DatasetContract):
    @pytest.fixture
    def plan(self, tmp_path: Path) -> DataPlan:
        fields(tmp_path / "train", (0, 1, 2), 24)
        fields(tmp_path / "test", (0, 1, 2), 3, first=50)
        return DataPlan(name=str(tmp_path), size=(12, 12))


@pytest.mark.parametrize("values", [(0, 1), (0, 255)])
def test_two_values_are_background_and_foreground(tmp_path: Path, values: tuple[int, int]) -> None:
    data = loaded(fields(tmp_path, values))
    assert (data.spec.classes, data.spec.labels) == (1, ("foreground",))
    assert data.spec.input_shapes == ((SIDE, SIDE, 3),)
    assert (len(data.train()), len(data.validation()), len(data.test())) == (7, 1, 2)
    assert data.train().groups is None
    truth = data.test().y
    told = Segmentation().scores([truth[..., None] * 1.0], truth, data.spec.labels)
    assert told == {"pixel accuracy": 1.0, "IoU of background": 1.0, "IoU of foreground": 1.0}


def test_classes_may_be_named(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1, 2))
    assert loaded(tmp_path).spec.labels == ("0", "1", "2")
    (tmp_path / "labels.txt").write_text("soil\ncrop\nweed\nstone\n")
    assert loaded(tmp_path).spec.labels == ("soil", "crop", "weed", "stone")
    (tmp_path / "labels.txt").write_text("soil\ncrop\n")
    assert "hold 0, 1, 2" in refused(tmp_path)
    assert "labels.txt names 2" in refused(tmp_path)


def test_palette_and_grey_colours_are_numbers(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1, 2))
    mask = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) % 3
    palette = Image.new("P", (SIDE, SIDE))
    palette.putdata(mask.ravel().tolist())
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    palette.save(tmp_path / "masks" / "f00.png")
    grey = np.repeat(mask[..., None], 3, axis=-1).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "masks" / "f01.png")
    assert loaded(tmp_path).spec.classes == 3
    grey[0, 0] = (9, 0, 0)
    Image.fromarray(grey).save(tmp_path / "masks" / "f01.png")
    assert "f01.png is coloured" in refused(tmp_path)


def test_numbers_that_are_no_classes(tmp_path: Path) -> None:
    fields(tmp_path / "gap", (0, 1, 3))
    assert "hold 0, 1, 3: expected 0 and 1, 0 and 255, or the numbers" in refused(tmp_path / "gap")
    fields(tmp_path / "empty", (0,))
    assert "hold only 0" in refused(tmp_path / "empty")
    fields(tmp_path / "blurred", tuple(range(0, 256, 5)))
    assert "0, 5, 10, 15, 20, 25, ... 255" in refused(tmp_path / "blurred")


def test_pairs_must_be_whole(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1))
    (tmp_path / "masks" / "f03.png").rename(tmp_path / "elsewhere.png")
    assert "f03.bmp has no mask" in refused(tmp_path)
    (tmp_path / "images" / "f03.bmp").rename(tmp_path / "elsewhere.bmp")
    (tmp_path / "images" / "f04.bmp").unlink()
    assert "f04.png has no image" in refused(tmp_path)
    (tmp_path / "masks" / "f05.bmp").write_bytes(b"")
    assert "f05.png has the same name as f05.bmp" in refused(tmp_path)


def test_sizes_must_agree(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1))
    Image.new("L", (SIDE, SIDE + 1), 1).save(tmp_path / "masks" / "f03.png")
    assert "f03.png is 25x24, and its image is 24x24" in refused(tmp_path, size=(8, 8))
    write(tmp_path, "f03", np.ones((30, 40)))
    assert "f03.bmp is 30x40, and others are 24x24" in refused(tmp_path)
    assert loaded(tmp_path, tile=(8, 8)).spec.input_shapes == ((8, 8, 3),)
    assert "data.tile 25x8 does not fit into" in refused(tmp_path, tile=(25, 8))


def test_one_photograph_is_too_few(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1), 1)
    assert "holds a single photograph" in refused(tmp_path)


def test_tiles_cover_a_photograph_evenly(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:25, :40]
    for number in range(10):
        write(tmp_path, f"p{number}", (rows + columns + number) % 2, number)
    data = loaded(tmp_path, tile=(10, 20))
    train, validation, test = (data.train(), data.validation(), data.test())
    assert [len(part) // 6 for part in (train, validation, test)] == [6, 2, 2]
    assert data._source.pool_count == 48
    whole = loaded(tmp_path).test()
    tops, lefts = (0, 8, 15), (0, 20)
    for tile, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        window = np.s_[0, top : top + 10, left : left + 20]
        np.testing.assert_array_equal(test.x[tile], whole.x[window])
        np.testing.assert_array_equal(test.y[tile], whole.y[window])


def test_more_tiles_than_memory_holds_are_counted_and_not_listed(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1))
    told = refused(tmp_path, size=(10**6, 10**6), tile=(4, 4))
    assert told.startswith("500000000000 examples of ")
    assert "take 96,000.0 GB of memory" in told


def test_a_size_comes_before_tiles(tmp_path: Path) -> None:
    fields(tmp_path, (0, 255))
    data = loaded(tmp_path, size=(16, 48), tile=(16, 16))
    assert data._source.pool_count == 8 * 3
    assert set(np.unique(data.train().y)) == {0, 1}
    assert "does not fit into data.size, 16x48" in refused(tmp_path, size=(16, 48), tile=(17, 8))


def test_masks_are_resized_as_their_photographs(tmp_path: Path) -> None:
    """An image of its own mask, each a fourth as high and wide: what is white in one is 1 in the other."""
    for number in range(7):
        small = np.random.default_rng(number).integers(0, 2, (6, 6))
        mask = np.kron(small, np.ones((4, 4))) * 255
        write(tmp_path, f"p{number}", mask)
        Image.fromarray(mask.astype(np.uint8)).save(tmp_path / "images" / f"p{number}.bmp")
    part = loaded(tmp_path, size=(6, 6)).train()
    np.testing.assert_array_equal(part.x[..., 0].round(), part.y)


def test_a_sample_is_of_photographs(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1))
    data = loaded(tmp_path, sample=0.5, tile=(12, 12))
    assert (data._source.pool_count, len(data.test())) == (4 * 4, 1 * 4)


def test_headers_are_read_where_sizes_may_differ(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1), 5)
    write(tmp_path, "big", np.eye(48))
    pool = loaded(tmp_path, tile=(12, 12))._source
    assert pool.pool_count == len(pool.pool())
    assert Cut(size=None, tile=None).count([]) == 0


def test_numbers_over_a_byte_stay_themselves(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1))
    for path in (tmp_path / "masks").iterdir():
        Image.fromarray((np.eye(SIDE) * 299).astype(np.uint16)).save(path)
    (tmp_path / "labels.txt").write_text("".join(f"kind {number}\n" for number in range(300)))
    assert set(np.unique(loaded(tmp_path).train().y)) == {0, 299}


def test_a_sample_is_of_the_same_classes(tmp_path: Path) -> None:
    fields(tmp_path, (0, 1), 9)
    fields(tmp_path, (0, 1, 2), 1, first=9)
    assert loaded(tmp_path, sample=0.6).spec.labels == ("0", "1", "2")


def test_a_mask_is_turned_as_its_photograph(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # both are upside down in the file
    for number in range(7):
        mask = np.triu(np.full((SIDE, SIDE), 255, dtype=np.uint8))
        for name in ("images", "masks"):
            (tmp_path / name).mkdir(exist_ok=True)
            Image.fromarray(mask).save(tmp_path / name / f"p{number}.png", exif=exif)
    part = loaded(tmp_path).train()
    np.testing.assert_array_equal(part.x[..., 0], part.y)


def test_names_that_do_not_fit_are_told(tmp_path: Path) -> None:
    fields(tmp_path, (0, 255))
    (tmp_path / "labels.txt").write_text("soil\ncrop\n")
    assert "hold 0, 255: labels.txt names 2, whose numbers are 0 to 1" in refused(tmp_path)
    (tmp_path / "labels.txt").write_text("soil\ncrop\nsoil\n")
    assert "labels.txt names soil twice" in refused(tmp_path)
