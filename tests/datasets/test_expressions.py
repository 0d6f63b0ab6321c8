"""The synthetic expressions: drawn once, whole or not at all, and each different from the others."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgebench.datasets import Dataset, facts, load_dataset, tsinghua
from edgebench.datasets.expressions import FINISHED, LABELS, SIDE, SITTERS, draw, draw_all
from edgebench.datasets.face_moves import MOVES, moved
from edgebench.datasets.landmarks import FOLDER
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract

UPPER_LIP, LOWER_LIP, BROW, EYE = 13, 14, 105, 159
_DRAW = """
import sys
from pathlib import Path
from edgebench.datasets import expressions
expressions.SITTERS = 3
expressions.draw_all(Path(sys.argv[1]))
"""

pytestmark = pytest.mark.usefixtures("portrait", "own_cache")


def expressions(**plan: object) -> Dataset:
    return load_dataset(DataPlan(name="expressions", **plan))


@pytest.fixture
def folder(own_cache: Path) -> Path:
    """All pictures, drawn by the first test that wants them."""
    found = own_cache / "edgebench" / "expressions-1"
    draw_all(found)
    return found


class TestExpressions(DatasetContract):
    @pytest.fixture
    def plan(self) -> DataPlan:
        return DataPlan(name="expressions", sample=0.25, size=(16, 16), inputs=("image", "depth"))


def test_they_are_called_synthetic_everywhere(folder: Path) -> None:
    data = expressions(size=(16, 16))
    assert data.spec.synthetic
    assert "synthetic" in data.spec.source
    names = [path.name for path in folder.rglob("*.png")]
    assert len(names) == 8 * SITTERS
    assert all(name.startswith("synthetic-") for name in names)


def test_they_have_the_classes_of_tsinghua_and_sitters_in_one_part() -> None:
    data = expressions(size=(16, 16))
    assert data.spec.labels == tsinghua.LABELS
    parts = (data.train(), data.validation(), data.test())
    sitters = [set(part.groups.tolist()) for part in parts if part.groups is not None]
    assert [len(found) for found in sitters] == [16, 4, 5]
    assert len(set.union(*sitters)) == SITTERS
    assert [len(part) for part in parts] == [128, 32, 40]


def test_the_shape_is_known_before_anything_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    data = expressions(inputs=("landmarks", "image"))
    assert data.spec.input_shapes == ((468, 3), (SIDE, SIDE, 3))
    assert not list(tmp_path.iterdir())


def test_a_face_is_found_in_each(folder: Path) -> None:
    found = facts(expressions(inputs=("landmarks",)))
    assert (found["notes"], found["synthetic"]) == ([], True)
    assert len(list((folder / FOLDER).glob("*/*.npy"))) == 8 * SITTERS


def test_landmarks_move_as_the_expression_says() -> None:
    """FaceMesh, which knows nothing of how they were drawn, sees it on average of all sitters."""
    part = expressions(inputs=("landmarks",)).train()
    size = np.linalg.norm(part.x[:, 263, :2] - part.x[:, 33, :2], axis=-1)

    def mean(above: int, below: int) -> dict[str, float]:
        distance = (part.x[:, below, 1] - part.x[:, above, 1]) / size
        return {label: distance[part.y == number].mean() for number, label in enumerate(LABELS)}

    mouth, brows = mean(UPPER_LIP, LOWER_LIP), mean(BROW, EYE)
    assert max(mouth, key=lambda label: mouth[label]) == "surprise"
    assert min(mouth["happiness"], mouth["fear"]) > max(mouth["neutral"], mouth["anger"])
    assert min(brows, key=lambda label: brows[label]) in ("anger", "disgust")
    assert max(brows, key=lambda label: brows[label]) in ("fear", "surprise")


def test_a_nearest_mean_of_landmarks_tells_most_expressions_of_other_sitters() -> None:
    data = expressions(inputs=("landmarks",))
    train, test = data.train(), data.test()

    def shapes(points: np.ndarray) -> np.ndarray:
        flat = points[..., :2]
        flat = flat - flat.mean(axis=1, keepdims=True)
        return flat / np.linalg.norm(flat, axis=(1, 2), keepdims=True)

    means = np.stack([shapes(train.x)[train.y == number].mean(axis=0) for number in range(8)])
    distances = np.linalg.norm(shapes(test.x)[:, None] - means, axis=(2, 3))
    assert (distances.argmin(axis=1) == test.y).mean() > 0.5


def test_what_was_drawn_before_is_left(folder: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}
    draw_all(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")} == times


def test_killed_in_between_all_are_drawn_the_same(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _DRAW, str(tmp_path)]
    drawing = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    until_s = time.monotonic() + 60
    while len(list(tmp_path.rglob("*.png"))) < 2 and time.monotonic() < until_s:
        time.sleep(0.002)
    drawing.send_signal(signal.SIGKILL)
    drawing.wait()
    assert not (tmp_path / FINISHED).exists()
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / FINISHED).exists()
    drawn = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.png"))
    assert len(drawn) == 8 * 3
    for path in drawn:
        assert (tmp_path / path).read_bytes() == (folder / path).read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="synthetic faces cannot be written to"):
        draw_all(tmp_path / "file" / "folder")


def test_a_picture_depends_on_sitter_and_expression_alone(
    folder: Path, portrait: np.ndarray
) -> None:
    del portrait
    from edgebench.datasets.expressions import _portrait

    whole, landmarks = _portrait()
    happy = draw(whole, landmarks, "happiness", 7)
    assert (happy.shape, happy.dtype.name) == ((SIDE, SIDE, 3), "uint8")
    with Image.open(folder / "happiness" / "synthetic-happiness-07.png") as kept:
        np.testing.assert_array_equal(np.asarray(kept), happy)


@pytest.mark.parametrize("label", LABELS)
def test_moves_are_small_and_what_must_stay_stays(label: str) -> None:
    points = np.random.default_rng(0).uniform(0, 160, (468, 2))
    shifts = moved(points, MOVES[label])
    unit = float(np.linalg.norm(points[263] - points[33]))
    assert not shifts[33].any()
    assert not shifts[10].any()
    assert 0 < max(np.abs(shift).max() for shift in shifts.values()) < 0.25 * unit
