"""What networks are fed of a picture: itself, or what is known of the face in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edgebench.datasets import face_depth
from edgebench.datasets.base import Floats, Labels
from edgebench.datasets.images import Size, read_images, shown
from edgebench.datasets.landmarks import POINTS, find_landmarks
from edgebench.errors import InputError, UnknownNameError

VIEWS = {
    "image": "red, green, blue / 255, in [0, 1]",
    "landmarks": "468 points of the face, x / width, y / height, z / width: nearer is smaller",
    "depth": "nearness of the face, 1 the nearest point and 0 the farthest and all outside, in 3 channels",
    "normals": "(normal of the face + 1) / 2 as right, down, towards the viewer; 0 outside",
}
MOST_NAMED = 5
_DRAWINGS: dict[str, Callable[[Floats, Size], Floats]] = {
    "depth": face_depth.depth_images,
    "normals": face_depth.normal_images,
}


class Views:
    """The views that a plan asks for, one a network input.

    Args:
        inputs: Names of `VIEWS`; none is ``image``.
        root: The folder of the pictures; landmarks found in them are kept there.

    Raises:
        InputError: a view is not known, or is asked for twice.
    """

    def __init__(self, inputs: Sequence[str], root: Path) -> None:
        self._inputs = tuple(inputs) or ("image",)
        self._root = root
        self._has_face: dict[str, bool] = {}
        for name in self._inputs:
            if name not in VIEWS:
                raise UnknownNameError("a view of a picture", name, VIEWS, where="data.inputs")
        if len(set(self._inputs)) < len(self._inputs):
            raise InputError("data.inputs names a view twice", remedy="name each once")

    @property
    def normalisation(self) -> str:
        if self._inputs == ("image",):
            return VIEWS["image"]
        return "; ".join(f"{name}: {VIEWS[name]}" for name in self._inputs)

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say of the pictures that were read: which have no face."""
        without = sorted(os.path.basename(p) for p, found in self._has_face.items() if not found)
        if not without:
            return ()
        named = ", ".join(map(shown, without[:MOST_NAMED])) + ", ..." * (len(without) > MOST_NAMED)
        return (
            f"{len(without)} of {len(self._has_face)} pictures left out: no face found in {named}",
        )

    def shapes(self, size: Size) -> tuple[tuple[int, ...], ...]:
        """Return the shape of each input, for images of that height and width."""
        return tuple((POINTS, 3) if name == "landmarks" else (*size, 3) for name in self._inputs)

    def read(
        self, paths: Sequence[str], size: Size, *, resize: bool
    ) -> tuple[Labels, tuple[Floats, ...]]:
        """Return which of the pictures are kept, and the views of those.

        Raises:
            InputError: a picture cannot be read, has another size and is not to be resized, or none shows a face.
            UnavailableError: mediapipe is not installed.
        """
        if self._inputs == ("image",):
            return np.arange(len(paths)), (read_images(paths, size, resize=resize),)
        found = find_landmarks(paths, self._root)
        self._has_face |= {p: face is not None for p, face in zip(paths, found, strict=True)}
        rows = np.array([row for row, face in enumerate(found) if face is not None], dtype=np.int64)
        if not len(rows):
            raise InputError(
                f"none of {len(paths)} pictures in {shown(self._root)} shows a face",
                why=f"MediaPipe FaceMesh found none, for instance in {shown(os.path.basename(paths[0]))}",
                remedy="use pictures of one face each, or data.inputs: [image]",
            )
        faces = np.stack([face for face in found if face is not None])
        kept = [paths[row] for row in rows.tolist()]

        def view(name: str) -> Floats:
            if name == "image":
                return read_images(kept, size, resize=resize)
            if name == "landmarks":
                return faces
            return _DRAWINGS[name](faces, size)

        return rows, tuple(view(name) for name in self._inputs)
