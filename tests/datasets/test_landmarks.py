"""Landmarks of real faces: found, kept whole whatever happens, and drawn as depth and normals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edgebench.datasets import Dataset, facts, load_dataset
from edgebench.datasets.face_depth import depth_images, normal_images
from edgebench.datasets.landmarks import FOLDER, POINTS, FaceMesh, find_landmarks
from edgebench.errors import EdgebenchError, InputError, UnavailableError, WorkError
from edgebench.records import DataPlan
from edgebench.testing.datasets import DatasetContract

NOSE, LEFT_CHEEK, RIGHT_CHEEK, CHIN, FOREHEAD = 1, 234, 454, 152, 10
_LOOK = """
import sys
from pathlib import Path
from edgebench.datasets.landmarks import find_landmarks
root = Path(sys.argv[1])
find_landmarks(sorted(map(str, root.glob("*/*.png"))), root)
"""


@pytest.fixture
def pictures(faces: Path, tmp_path: Path) -> Path:
    """Three faces and a picture without one."""
    root = tmp_path / "pictures"
    (root / "some").mkdir(parents=True)
    for number in range(3):
        shutil.copy(faces / "right" / f"{number:02}.png", root / "some")
    Image.new("RGB", (90, 60), "green").save(root / "some" / "meadow.png")
    return root


def files(root: Path) -> list[str]:
    return sorted(map(str, root.glob("*/*.png")))


def kept(root: Path) -> list[Path]:
    return sorted((root / FOLDER).glob("*/*"))


def never(*_: object) -> NoReturn:
    raise AssertionError("a picture was looked at again")


def loaded(folder: Path, *inputs: str, **plan: object) -> Dataset:
    return load_dataset(DataPlan(name=str(folder), inputs=inputs, **plan))


class TestFaces(DatasetContract):
    @pytest.fixture
    def plan(self, faces: Path) -> DataPlan:
        return DataPlan(name=str(faces), size=(24, 24), inputs=("image", "depth"))


class TestLandmarks(DatasetContract):
    @pytest.fixture
    def plan(self, faces: Path) -> DataPlan:
        return DataPlan(name=str(faces), inputs=("landmarks",))


def test_a_face_has_468_points_and_a_meadow_has_none(pictures: Path) -> None:
    *found, none = find_landmarks(files(pictures), pictures)
    assert none is None
    for face in found:
        assert face is not None
        assert (face.shape, face.dtype.name) == ((POINTS, 3), "float32")
        assert 0 < face[:, :2].min() < face[:, :2].max() < 1
        assert face[LEFT_CHEEK, 0] < face[NOSE, 0] < face[RIGHT_CHEEK, 0]
        assert face[FOREHEAD, 1] < face[NOSE, 1] < face[CHIN, 1]
        assert face[NOSE, 2] < min(face[LEFT_CHEEK, 2], face[RIGHT_CHEEK, 2])


def test_no_picture_is_looked_at_twice(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_landmarks(files(pictures), pictures)
    assert len(kept(pictures)) == 4
    assert metadata.version("mediapipe") in kept(pictures)[0].name
    monkeypatch.setattr(FaceMesh, "points", never)
    (pictures / "some" / "00.png").rename(pictures / "some" / "zz.png")
    again = find_landmarks(files(pictures), pictures)
    np.testing.assert_array_equal(again[-1], first[0])
    assert [face is None for face in again] == [False, False, True, False]


def test_what_is_found_does_not_depend_on_what_came_before(pictures: Path, tmp_path: Path) -> None:
    forth = find_landmarks(files(pictures), pictures)
    back = find_landmarks(files(pictures)[::-1], tmp_path)[::-1]
    np.testing.assert_array_equal(np.stack(forth[:3]), np.stack(back[:3]))


def test_what_is_damaged_is_found_again(pictures: Path) -> None:
    first = find_landmarks(files(pictures), pictures)
    cut, empty, misshapen, no_numbers = kept(pictures)
    cut.write_bytes(cut.read_bytes()[:-4])
    empty.write_bytes(b"")
    np.save(misshapen, np.zeros((5, 3), dtype=np.float32))
    np.save(no_numbers, np.full((POINTS, 3), np.nan, dtype=np.float32))
    again = find_landmarks(files(pictures), pictures)
    np.testing.assert_array_equal(np.stack(first[:3]), np.stack(again[:3]))
    assert again[3] is None


def test_a_killed_process_loses_one_picture_at_most(faces: Path, tmp_path: Path) -> None:
    root = tmp_path / "faces"
    shutil.copytree(faces, root, ignore=shutil.ignore_patterns(FOLDER))
    looking = subprocess.Popen([sys.executable, "-c", _LOOK, str(root)])
    until_s = time.monotonic() + 60
    while len(list(root.glob(f"{FOLDER}/*/*.npy"))) < 3 and time.monotonic() < until_s:
        time.sleep(0.002)
    looking.send_signal(signal.SIGKILL)
    looking.wait()
    done = {path: path.stat().st_mtime_ns for path in root.glob(f"{FOLDER}/*/*.npy")}
    assert 3 <= len(done) <= 24
    assert all(np.load(path).shape == (POINTS, 3) for path in done)
    assert all(face is not None for face in find_landmarks(files(root), root))
    assert len(list(root.glob(f"{FOLDER}/*/*.npy"))) == 24
    assert {path: path.stat().st_mtime_ns for path in done} == done


def test_a_crash_of_the_library_is_told_with_the_picture(
    portrait: npt.NDArray[np.uint8],
) -> None:
    with FaceMesh() as mesh:
        assert len(mesh.points(portrait, "first.png")) == POINTS
        assert mesh._process is not None
        os.kill(mesh._process.pid, signal.SIGKILL)
        with pytest.raises(WorkError, match=r"broke off on second\.png") as caught:
            mesh.points(portrait, "second.png")
    assert caught.value.why.startswith("its process ended with -9")


def test_the_library_does_not_bring_tensorflow_here() -> None:
    code = "import sys; import edgebench.datasets.landmarks; print('mediapipe' in sys.modules, 'tensorflow' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]


def test_landmarks_go_to_the_cache_where_the_folder_cannot_be_written(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures / FOLDER).write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    find_landmarks(files(pictures), pictures)
    assert len(list((tmp_path / "cache").glob("edgebench/landmarks/*/*.npy"))) == 4
    monkeypatch.setenv("XDG_CACHE_HOME", str(pictures / FOLDER))
    with pytest.raises(InputError, match="landmarks can be kept neither in"):
        find_landmarks(files(pictures), pictures)


def test_without_mediapipe_the_extra_is_named(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(UnavailableError) as caught:
        find_landmarks(files(pictures), pictures)
    assert "edgebench[landmarks]" in caught.value.remedy


def test_pictures_without_a_face_are_left_out_and_named(faces: Path, tmp_path: Path) -> None:
    root = tmp_path / "faces"
    shutil.copytree(faces, root)
    for number in range(6):
        Image.new("RGB", (30, 30), (number, 0, 0)).save(root / "left" / f"bush{number}.png")
    data = loaded(root, "depth", "landmarks", size=(8, 8))
    found = facts(data)
    assert found["train"] + found["validation"] + found["test"] == 24
    named = ", ".join(f"bush{number}.png" for number in range(5))
    assert found["notes"] == [f"6 of 30 pictures left out: no face found in {named}, ..."]
    assert data.spec.input_shapes == ((8, 8, 3), (POINTS, 3))
    assert len(loaded(root, size=(8, 8)).train()) > len(data.train())


def test_a_class_and_a_folder_without_faces_are_told(faces: Path, tmp_path: Path) -> None:
    root = tmp_path / "faces"
    shutil.copytree(faces, root)
    for path in (root / "left").iterdir():
        Image.new("RGB", (30, 30), (int(path.stem), 0, 0)).save(path)

    def refused() -> EdgebenchError:
        with pytest.raises(InputError) as caught:
            loaded(root, "landmarks").train()
        return caught.value

    assert refused().message == "no face was found in any picture of left in faces"
    for path in (root / "right").iterdir():
        Image.new("RGB", (30, 30), (0, int(path.stem), 0)).save(path)
    assert refused().message.startswith("none of 20 pictures in")


def test_inputs_stand_in_the_order_asked_for(faces: Path) -> None:
    data = loaded(faces, "normals", "landmarks", "image", size=(16, 20))
    assert data.spec.input_shapes == ((16, 20, 3), (POINTS, 3), (16, 20, 3))
    normals, landmarks, image = data.train().inputs
    assert len(normals) == len(landmarks) == len(image) == 16
    assert data.spec.normalisation.startswith("normals: ")
    np.testing.assert_array_equal(image, loaded(faces, size=(16, 20)).train().x)


def test_the_nose_is_the_brightest_of_a_depth_image(faces: Path) -> None:
    part = loaded(faces, "landmarks", "depth", size=(64, 64)).test()
    for points, depth in zip(part.x, part.more[0], strict=True):
        assert (depth[..., 0] == depth[..., 2]).all()
        row, column = np.unravel_index(depth[..., 0].argmax(), (64, 64))
        nose = points[NOSE, :2] * 64
        assert np.hypot(row + 0.5 - nose[1], column + 0.5 - nose[0]) < 4
        assert depth[0, 0, 0] == 0
        assert 0.95 < depth.max() <= 1
        assert 0.1 < (depth[..., 0] > 0).mean() < 0.6


def slope(right: float, down: float) -> npt.NDArray[np.float32]:
    """Landmarks over the middle of the image, whose z grows by so much a width."""
    y, x = np.mgrid[0.25:0.75:9j, 0.25:0.75:9j].reshape(2, -1)
    return np.stack([x, y, right * x + down * y], axis=-1).astype(np.float32)[None]


def test_depth_is_linear_between_points_and_nearer_is_brighter() -> None:
    depth = depth_images(slope(0.5, 0.0), (40, 40))[0, ..., 0]
    inside = np.s_[10:30, 10:30]
    expected = 1 - (np.arange(20) + 0.5) / 20
    np.testing.assert_allclose(depth[inside], np.tile(expected, (20, 1)), atol=1e-5)
    depth[inside] = 0
    assert not depth.any()


@pytest.mark.parametrize(("right", "down"), [(0.0, 0.0), (0.5, 0.0), (0.0, -0.5), (0.3, 0.4)])
def test_normals_are_those_of_a_plane(right: float, down: float) -> None:
    """A surface that goes back towards the right looks to the right."""
    normals = normal_images(slope(right, down), (40, 40))[0]
    normal = np.array([right, down, 1]) / np.linalg.norm([right, down, 1])
    np.testing.assert_allclose(normals[15:25, 15:25], np.broadcast_to((normal + 1) / 2, (10, 10, 3)), atol=1e-4)  # fmt: skip
    assert not normals[:9].any()
