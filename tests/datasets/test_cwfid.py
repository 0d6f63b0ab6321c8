"""CWFID: the real photographs where they are, their parts, tiles and classes; damage and absence on made-up folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgebench.datasets import Dataset, load_dataset
from edgebench.datasets.cwfid import FOLDER
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract, parts

TILES = 4 * 6  # of 128x128 in 648x483


def cwfid(**plan: object) -> Dataset:
    return load_dataset(DataPlan(name="cwfid", **plan))


@pytest.fixture
def real(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (data_dir / FOLDER).is_dir():
        pytest.skip(f"no {FOLDER} in {data_dir}: see docs/data.md on how to get it")
    monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A field at the original size: its upper half is soil, then crop, then weed; photograph 2 is in both lists."""
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    root = tmp_path / FOLDER
    for name in ("images", "masks", "annotations"):
        (root / name).mkdir(parents=True)
    (root / "train_test_split.yaml").write_text("train: [1, 2]\ntest: [2, 3]\n")
    plants = np.zeros((966, 1296, 3), dtype=np.uint8)
    plants[483:700], plants[700:] = (0, 255, 0), (255, 0, 0)
    for number in (1, 2, 3):
        mask = np.where(plants.any(axis=-1), 0, 255).astype(np.uint8)
        Image.new("RGB", (1296, 966), (number, 0, 0)).save(root / f"images/{number:03}_image.png")
        Image.fromarray(mask).save(root / f"masks/{number:03}_mask.png")
        Image.fromarray(plants).save(root / f"annotations/{number:03}_annotation.png")
    return root


@pytest.mark.usefixtures("real")
class TestCwfid(DatasetContract):
    @pytest.fixture
    def plan(self) -> DataPlan:
        return DataPlan(name="cwfid", sample=0.1)


@pytest.mark.usefixtures("real")
class TestCwfidPlants(DatasetContract):
    @pytest.fixture
    def plan(self) -> DataPlan:
        return DataPlan(name="cwfid", target="plants", sample=0.2, size=(96, 128), tile=(48, 64))


@pytest.mark.usefixtures("real")
def test_the_published_counts_and_shares_of_vegetation() -> None:
    data = cwfid(size=(483, 648))
    assert (data.spec.classes, data.spec.labels) == (1, ("vegetation",))
    counts = {name: len(part) for name, part in parts(data).items()}
    assert counts == {"train": 32, "validation": 8, "test": 20}
    pixels = np.concatenate([part.y for part in parts(data).values()])
    assert round(float(pixels.mean()), 4) == 0.0802
    assert 0 <= data.test().x.min() < data.test().x.max() <= 1
    assert cwfid()._source.pool_count == 40 * TILES


@pytest.mark.usefixtures("real")
def test_the_shares_of_soil_crop_and_weed() -> None:
    data = cwfid(target="plants", size=(483, 648))
    assert data.spec.labels == ("soil", "crop", "weed")
    pixels = np.concatenate([part.y.ravel() for part in parts(data).values()])
    shares = np.bincount(pixels) / pixels.size
    assert shares.round(4).tolist() == [0.9264, 0.0161, 0.0575]


def test_photograph_of_both_lists_is_trained_on(made: Path) -> None:
    del made
    data = cwfid(size=(8, 8), validation="test")
    assert (data.train().x[:, 0, 0, 0] * 255).round().tolist() == [1, 2]
    assert (data.test().x[:, 0, 0, 0] * 255).round().tolist() == [3]


def test_the_original_size_and_its_colours(made: Path) -> None:
    del made
    data = cwfid(target="plants", validation="test")
    assert len(data.test()) == 8 * 11
    assert data.test().y[0, 0, 0] == 0
    assert data.test().y[-1, -1, -1] == 2
    assert set(np.unique(data.test().y)) == {0, 1, 2}
    masks = cwfid(validation="test").test().y
    np.testing.assert_array_equal(masks, data.test().y > 0)


def test_what_is_missing_is_named(made: Path) -> None:
    assert cwfid().lacks() == ()
    (made / "masks" / "001_mask.png").unlink()
    (made / "images" / "003_image.png").unlink()
    data = cwfid()
    assert data.lacks() == ("cwfid/masks/001_mask.png", "cwfid/images/003_image.png")
    with pytest.raises(InputError, match=r"001_mask\.png does not exist") as caught:
        data.train()
    assert caught.value.why == "cwfid needs it and 1 more that are missing"
    (made / "train_test_split.yaml").unlink()
    assert cwfid().lacks() == ("cwfid/train_test_split.yaml",)
    assert cwfid().spec.input_shapes == ((128, 128, 3),)


def test_damage_is_told(made: Path) -> None:
    path = made / "masks" / "001_mask.png"
    Image.new("L", (1296, 966), 7).save(path)
    with pytest.raises(InputError, match=r"001_mask\.png is no mask of cwfid"):
        cwfid().train()
    Image.new("RGB", (1296, 966), "blue").save(made / "annotations" / "001_annotation.png")
    with pytest.raises(InputError, match=r"001_annotation\.png is no annotation of cwfid"):
        cwfid(target="plants").train()
    Image.new("L", (648, 483), 255).save(path)
    with pytest.raises(InputError, match="is 483x648, and its image is 966x1296"):
        cwfid().train()
    (made / "train_test_split.yaml").write_text("train: [1]\ntest: [1]\n")
    with pytest.raises(InputError, match="names no photographs"):
        cwfid().train()
    (made / "train_test_split.yaml").write_text("train: [x]\ntest: [1]\n")
    with pytest.raises(InputError, match=r"train_test_split\.yaml:1:"):
        cwfid().train()


def test_targets_that_are_none() -> None:
    with pytest.raises(UnknownNameError, match=r"data\.target  soil is not a target of cwfid"):
        cwfid(target="soil")
    with pytest.raises(InputError, match=r"data\.inputs means nothing to cwfid"):
        cwfid(inputs=("image",))
