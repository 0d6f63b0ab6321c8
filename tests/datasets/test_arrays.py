"""Data sets of one's own in .npz files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.datasets import Part, load_dataset
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.tasks import Segmentation
from edgebench.testing.datasets import DatasetContract

RNG = np.random.default_rng(0)
X, Y = RNG.random((30, 4, 4, 1), dtype=np.float32), np.arange(30) % 3


def written(path: Path, **arrays: Any) -> str:
    np.savez(path / "mine.npz", **arrays)
    return str(path / "mine.npz")


def load(name: str, **plan: Any) -> Any:
    return load_dataset(DataPlan(name=name, **plan))


class TestContract(DatasetContract):
    @pytest.fixture
    def plan(self, tmp_path: Path) -> DataPlan:
        more = np.random.default_rng(1).random((100, 4, 4, 1), dtype=np.float32)
        name = written(tmp_path, x=X, y=Y, x_train=more, y_train=np.arange(100) % 3)
        return DataPlan(name=name)


def test_a_file_of_held_out_examples_is_a_test_part_alone(tmp_path: Path) -> None:
    dataset = load(written(tmp_path, x=X, y=Y, labels=["cat", "dog", "eel"]))
    assert (dataset.spec.name, dataset.spec.task) == ("mine", "classification")
    assert dataset.spec.labels == ("cat", "dog", "eel")
    np.testing.assert_array_equal(dataset.test().x, X)
    np.testing.assert_array_equal(dataset.test().y, Y)
    with pytest.raises(InputError, match="has no training examples"):
        dataset.representative(4)


def test_a_file_without_labels_makes_none_up(tmp_path: Path) -> None:
    """It may hold no example of the last class."""
    assert load(written(tmp_path, x=X, y=Y)).spec.labels == ()


@pytest.mark.parametrize(
    ("values", "labels", "classes"),
    [
        (2, [], 1),
        (2, ["plant"], 1),
        (1, ["plant"], 1),
        (2, ["soil", "plant"], 2),
        (3, [], 3),
        (3, ["soil", "crop", "weed"], 3),
        (2, ["soil", "crop", "weed"], 3),
    ],
)
def test_classes_of_pixels_are_a_segmentation(
    tmp_path: Path, values: int, labels: list[str], classes: int
) -> None:
    """Of two values a single mask, unless two are named."""
    more = {"labels": labels} if labels else {}
    masks = np.arange(480).reshape(30, 4, 4) % values
    spec = load(written(tmp_path, x=X, y=masks, **more)).spec
    assert (spec.task, spec.classes, spec.labels) == ("segmentation", classes, tuple(labels))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_masks_held_out_score_networks_of_as_many_outputs(tmp_path: Path, channels: int) -> None:
    """What a search writes beside its files has no labels, and need not show each class."""
    masks = np.arange(480).reshape(30, 4, 4) % 2
    held_out = load(written(tmp_path, **Part(x=X, y=masks).arrays()))
    outputs = masks[..., None] if channels == 1 else np.eye(channels)[masks]
    told = Segmentation().scores([outputs], held_out.test().y, held_out.spec.labels)
    assert told == {"pixel accuracy": 1.0, "IoU of 0": 1.0, "IoU of 1": 1.0}


def test_one_label_for_three_classes_of_pixels_is_refused(tmp_path: Path) -> None:
    masks = np.arange(480).reshape(30, 4, 4) % 3
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, x=X, y=masks, labels=["plant"]))
    assert caught.value.why == "labels names 1 classes, and y goes up to 2"


def test_further_inputs_are_drawn_alike(tmp_path: Path) -> None:
    more = {"x2": 2 * X, "x_train": X, "x2_train": 2 * X, "y_train": Y}
    dataset = load(written(tmp_path, x=X, y=Y, **more))
    assert dataset.spec.input_shapes == ((4, 4, 1),) * 2
    first, second = dataset.representative(5)
    np.testing.assert_array_equal(2 * first, second)
    for part in (dataset.train(), dataset.validation(), dataset.test()):
        np.testing.assert_array_equal(2 * part.inputs[0], part.inputs[1])
    assert len(dataset.test().head(7)) == len(dataset.test().head(7).more[0]) == 7


def test_boxes_make_a_detection(tmp_path: Path) -> None:
    boxes = np.tile([0.1, 0.2, 0.5, 0.6], (30, 2, 1))
    labels = np.tile([2, -1], (30, 1))
    dataset = load(written(tmp_path, x=X, y=labels, boxes=boxes))
    assert (dataset.spec.task, dataset.spec.classes) == ("detection", 3)
    assert dataset.test().y[3].labels.tolist() == [2]
    np.testing.assert_array_equal(dataset.test().y[3].boxes, [[0.1, 0.2, 0.5, 0.6]])


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"x": X}, "no array y"),
        ({"x": X, "y": Y[:7]}, "is no 7 inputs"),
        ({"x": X, "x2": X[:7], "y": Y}, "x2, float32"),
        ({"x": X, "y": Y[:, None], "boxes": np.ones((30, 1, 4))}, "0 <= ymin < ymax"),
        ({"x": X, "y": Y[:, None], "boxes": np.ones((30, 2, 4))}, "do not fit"),
        ({"x": X, "y": Y.astype(float)}, "whole numbers"),
        ({"x": X * np.nan, "y": Y}, "no number"),
        ({"x": X, "y": Y, "labels": ["cat"]}, "names 1 classes"),
        ({"x": X, "y": Y, "labels": 3.0}, "are no names"),
        ({"x": X, "y": Y + 10**9}, "there may be"),
        ({"x": X[:, :0], "y": Y}, "is no 30 inputs"),
        ({"x": X, "y": Y, "labels": ["cat", "dog", "cat"]}, "names cat twice"),
        ({"x": X, "y": np.array(3)}, "whole numbers"),
        ({"x": np.array([{}]), "y": Y}, "allow_pickle"),
        ({"x": X, "y": np.arange(480).reshape(30, 4, 4) % 2 * 255}, "y holds 0 and 255 alone"),
        ({"x": X, "y": np.zeros((30, 4, 4), dtype=bool)}, "must hold whole numbers"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, arrays: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, **arrays))
    assert why in (caught.value.why or "")


def test_a_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InputError, match=r"folder\.npz is a folder"):
        load(str(tmp_path / "folder.npz"))
    (tmp_path / "photo.png").touch()
    with pytest.raises(InputError, match=r"photo\.png is a file, and no data set"):
        load(str(tmp_path / "photo.png"))


def test_a_test_part_may_be_called_so(tmp_path: Path) -> None:
    found = load(written(tmp_path, x_train=X, y_train=Y, x_test=X[:5] + 1, y_test=Y[:5]))
    np.testing.assert_array_equal(found.test().x, X[:5] + 1)
    assert found.spec.source == "mine.npz"


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut"])
def test_files_that_hold_no_arrays(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"mine\.npz"):
        load(str(path))
