"""Synthetic faces: one portrait, warped into eight expressions and made to look like several people. Nobody posed them.

The portrait is that of the astronaut Eileen Collins, by NASA and in the public domain, which scikit-image ships. It stands in
for the Tsinghua Facial Expression Database where that is not at hand: what is learnt on it says nothing of real faces.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from edgebench.datasets.base import Floats, Part
from edgebench.datasets.face_moves import MOVES, Field, displacement
from edgebench.datasets.images import MOST_THREADS, Bytes
from edgebench.datasets.landmarks import FaceMesh
from edgebench.datasets.pictures import (
    Listing,
    Origin,
    Pictures,
    PictureSet,
    fifth_of_groups,
    parted,
)
from edgebench.datasets.progress import told
from edgebench.errors import InputError, UnavailableError, WorkError, first_line
from edgebench.records import DataPlan
from edgebench.scratch import cache_dir, replacing

SITTERS = 25
SIDE = 160
VERSION = 1  # of the pictures: another gives other files, in a folder of their own
FINISHED = "finished"

# Left, top and side of the face in the portrait.
_CROP = (135.0, 32.0, 180.0)
LABELS = tuple(MOVES)


class Expressions(PictureSet):
    """Implements `Source` on 8 expressions of 25 made-up sitters; five of the sitters are the test part.

    The pictures are drawn once, into this user's cache; a sitter is a proportion, a pose and a light.

    Args:
        plan: See `PictureSet`.

    Raises:
        UnavailableError: mediapipe or scikit-image is not installed, when pictures are asked for that were not drawn yet.
    """

    def __init__(self, plan: DataPlan) -> None:
        folder = cache_dir() / f"expressions-{VERSION}"
        origin = Origin(
            name="expressions",
            root=folder,
            source="synthetic: the portrait that scikit-image ships (NASA, public domain), warped",
            labels=LABELS,
            usual_size=(SIDE, SIDE),
            synthetic=True,
        )
        super().__init__(plan, origin, lambda: _listing(folder))
        self._folder = folder

    def pool(self) -> Part:
        draw_all(self._folder)
        return super().pool()

    def test(self) -> Part:
        draw_all(self._folder)
        return super().test()


def draw_all(folder: Path) -> None:
    """Draw all pictures into a folder, unless that was finished before; killed in between, it begins again.

    Raises:
        InputError: the folder cannot be written.
        UnavailableError: mediapipe or scikit-image is not installed.
    """
    if (folder / FINISHED).exists():
        return
    import scipy.interpolate  # noqa: F401  before the threads of its BLAS are limited

    kinds = list(product(LABELS, range(SITTERS)))
    try:
        for label in LABELS:
            (folder / label).mkdir(parents=True, exist_ok=True)
        portrait, landmarks = _portrait()
        limited = threadpool_limits(1)  # those of BLAS would wait for each other
        with limited, ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
            drawn = threads.map(lambda kind: draw(portrait, landmarks, *kind), kinds)
            for kind, picture in zip(kinds, told(drawn, len(kinds), "drawing faces"), strict=True):
                with replacing(_path(folder, *kind)) as part:
                    Image.fromarray(picture).save(part, "PNG")
        with replacing(folder / FINISHED) as part:
            part.write_text(f"{len(kinds)}\n")
    except OSError as error:
        raise InputError(
            f"synthetic faces cannot be written to {folder}",
            why=first_line(error),
            remedy="make room there, or set XDG_CACHE_HOME to a folder you may write",
        ) from None


def draw(portrait: Bytes, landmarks: Floats, label: str, sitter: int) -> Bytes:
    """Return a picture, (160, 160, 3), the same for the same sitter and expression.

    Args:
        portrait: The whole of it.
        landmarks: Those of the face in its crop, (468, 3).
        label: The expression.
        sitter: Seeds the proportions, the pose and the light; with the expression, its strength and the noise.
    """
    from scipy.ndimage import map_coordinates

    person = np.random.default_rng(sitter)
    moment = np.random.default_rng([sitter, LABELS.index(label)])
    strength = moment.uniform(0.85, 1.15)
    moves = {name: amount * strength for name, amount in MOVES[label].items()}
    x, y = _posed(person)
    right, down = _shifted(landmarks[:, :2].astype(np.float64) * SIDE, moves, x, y)
    left, top, side = _CROP
    rows = top + (y - down) * side / SIDE
    columns = left + (x - right) * side / SIDE
    channels = [map_coordinates(channel, (rows, columns), order=1, mode="nearest") for channel in portrait.astype(np.float64).transpose(2, 0, 1)]  # fmt: skip
    light = person.uniform(0.8, 1.15) * person.uniform(0.93, 1.07, 3)
    lit = np.stack(channels, axis=-1) * light + moment.normal(0, 3, (SIDE, SIDE, 1))
    return np.asarray(lit.clip(0, 255).round(), dtype=np.uint8)


def _posed(person: np.random.Generator) -> tuple[Field, Field]:
    """Return for each pixel of a picture where it is in the crop: turned, shifted, stretched, for some mirrored."""
    angle = person.normal(0, 0.06)
    stretch = person.uniform(0.92, 1.08, 2) * person.choice([-1, 1]) ** np.array([1, 0])
    shift = person.uniform(-0.04, 0.04, 2) * SIDE
    rows, columns = (np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2).astype(np.float64)
    x = (np.cos(angle) * columns + np.sin(angle) * rows) / stretch[0] + shift[0]
    y = (np.cos(angle) * rows - np.sin(angle) * columns) / stretch[1] + shift[1]
    return x + SIDE / 2, y + SIDE / 2


def _shifted(points: Field, moves: Mapping[str, float], x: Field, y: Field) -> tuple[Field, Field]:
    """Return how far right and down what is at x and y has moved; the spline is drawn at every other pixel."""
    from scipy.ndimage import map_coordinates

    steps = np.arange(0, SIDE + 1, 2.0)
    places = np.stack(np.meshgrid(steps, steps), axis=-1)
    shift = displacement(points, moves, places)
    right, down = (
        map_coordinates(part, (y / 2, x / 2), order=1) for part in (shift[..., 0], shift[..., 1])
    )
    return right, down


def _listing(folder: Path) -> Listing:
    """Return the pictures that are, or will be, in the folder."""
    kinds = list(product(range(len(LABELS)), range(SITTERS)))
    labels, sitters = np.array(kinds, dtype=np.int64).T
    pictures = Pictures(
        paths=tuple(os.fspath(_path(folder, LABELS[label], sitter)) for label, sitter in kinds),
        labels=labels,
        groups=sitters,
    )
    pool, test = parted(pictures, fifth_of_groups(sitters))
    split = "split by made-up sitter, a fifth of them is the test part"
    return Listing(labels=LABELS, pool=pool, test=test, split=split)


def _path(folder: Path, label: str, sitter: int) -> Path:
    return folder / label / f"synthetic-{label}-{sitter:02}.png"


def _portrait() -> tuple[Bytes, Floats]:
    """Return the portrait and the landmarks in its crop."""
    try:
        from skimage.data import astronaut
    except ImportError:
        raise UnavailableError(
            "the synthetic expressions need scikit-image",
            why="the portrait comes with it, and it is not installed",
            remedy="pip install 'edgebench[landmarks]'",
        ) from None
    portrait = np.asarray(astronaut(), dtype=np.uint8)
    left, top, side = _CROP
    box = (left, top, left + side, top + side)
    crop = Image.fromarray(portrait).resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
    with FaceMesh() as mesh:
        landmarks = mesh.points(np.asarray(crop), "the portrait")
    if not len(landmarks):
        raise WorkError("MediaPipe FaceMesh finds no face in the portrait")
    return portrait, landmarks
