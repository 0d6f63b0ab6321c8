"""Faces that tests share: the portrait that scikit-image ships, and one cache of this user for all that is found in it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def portrait() -> npt.NDArray[np.uint8]:
    """The head of the portrait, (180, 180, 3)."""
    for name in ("mediapipe", "skimage"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: pip install 'edgebench[landmarks]'")
    from skimage.data import astronaut

    return np.asarray(astronaut()[32:212, 135:315])


@pytest.fixture(scope="session")
def faces(portrait: npt.NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of a dozen pictures, a darker face in each; tests leave the folder as it is."""
    root = tmp_path_factory.mktemp("faces") / "faces"
    for name in ("left", "right"):
        (root / name).mkdir(parents=True)
        for number in range(12):
            lit = (portrait * (1 - 0.03 * number)).astype(np.uint8)
            lit = lit if name == "right" else lit[:, ::-1]
            Image.fromarray(lit).save(root / name / f"{number:02}.png")
    return root


@pytest.fixture
def own_cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This user's cache, which the tests of a process share."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    return shared_cache


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")
