"""Landmarks of faces: 468 points by MediaPipe FaceMesh, found once a picture and kept.

Source: Kartynnik et al. 2019, "Real-time facial surface geometry from monocular video on mobile GPUs", arXiv:1907.06724.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from edgebench.datasets.base import Floats
from edgebench.datasets.facemesh import COUNT, PICTURE
from edgebench.datasets.images import Bytes, decode, shown
from edgebench.datasets.progress import told
from edgebench.errors import InputError, UnavailableError, WorkError, first_line
from edgebench.scratch import cache_dir, replacing

POINTS = 468
FOLDER = ".edgebench-landmarks"


def find_landmarks(paths: Sequence[str], root: Path) -> list[Floats | None]:
    """Return the landmarks of each picture, (468, 3), or None where no face is found.

    x is a share of the width and y of the height; z has the scale of x, and nearer is smaller. A picture that was looked at
    before, by the SHA-256 of its bytes and the version of mediapipe, is not looked at again.

    Args:
        paths: Image files.
        root: Landmarks are kept there in ``.edgebench-landmarks``, or in this user's cache where that cannot be written.

    Raises:
        InputError: a file is no image, or landmarks can be kept nowhere.
        UnavailableError: mediapipe is not installed.
        WorkError: FaceMesh broke off. What it had found is kept.
    """
    kept = _Kept(root)
    found: list[Floats | None] = []
    with FaceMesh() as mesh:
        for path in told(paths, len(paths), "looking for faces"):
            file = kept.file_of(path)
            points = _read(file)
            if points is None:
                points = mesh.points(decode(path), shown(path))
                _write(file, points)
            found.append(points if len(points) else None)
    return found


class FaceMesh:
    """MediaPipe's FaceMesh in a process of its own, which starts with the first picture: the library is loud, and may crash."""

    _process: subprocess.Popen[bytes] | None = None
    _said: IO[bytes]

    def __enter__(self) -> Self:
        self._open = contextlib.ExitStack()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._open.close()

    def points(self, picture: Bytes, name: str) -> Floats:
        """Return the landmarks of the one face in an RGB picture, (468, 3), or (0, 3) where there is none.

        Raises:
            UnavailableError: mediapipe is not installed.
            WorkError: the process ended; ``name`` says on what.
        """
        self._process = self._process or self._started()
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None
        assert answers is not None
        with contextlib.suppress(BrokenPipeError):
            questions.write(PICTURE.pack(*picture.shape[:2]) + picture.tobytes())
            questions.flush()
        head = answers.read(COUNT.size)
        body = answers.read(COUNT.unpack(head)[0] * 12) if len(head) == COUNT.size else b""
        if len(head) != COUNT.size or len(body) != COUNT.unpack(head)[0] * 12:
            raise WorkError(
                f"MediaPipe FaceMesh broke off on {name}",
                why=self._last_words(),
                remedy="take the picture out; what was found in others is kept",
            )
        return np.frombuffer(body, dtype="<f4").reshape(-1, 3).astype(np.float32)

    def _started(self) -> subprocess.Popen[bytes]:
        extractor_version()
        self._said = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  so it is
        return subprocess.Popen(
            [sys.executable, "-m", "edgebench.datasets.facemesh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )

    def _last_words(self) -> str:
        assert self._process is not None
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return f"its process ended with {code}: {lines[-1] if lines else 'it said nothing'}"


def extractor_version() -> str:
    """Return the version of mediapipe; raises `UnavailableError` where it is not installed."""
    try:
        return metadata.version("mediapipe")
    except metadata.PackageNotFoundError:
        raise UnavailableError(
            "landmarks of faces need mediapipe",
            why="it is not installed",
            remedy="pip install 'edgebench[landmarks]', or feed data.inputs: [image]",
        ) from None


class _Kept:
    """The folder of landmarks found before, one file a picture."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._version = extractor_version()

    def file_of(self, path: str) -> Path:
        """Return where the landmarks of a picture are, or would be, kept."""
        try:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(f"{shown(path)} cannot be read", why=str(error.strerror)) from None
        return self._folder / digest[:2] / f"{digest}.mediapipe-{self._version}.npy"

    @cached_property
    def _folder(self) -> Path:
        beside, own = self._root / FOLDER, cache_dir() / "landmarks"
        for folder in (beside, own):
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    return folder
        raise InputError(
            f"landmarks can be kept neither in {shown(beside)} nor in {shown(own)}",
            why="neither folder can be written",
            remedy="set XDG_CACHE_HOME to a folder you may write",
        )


def _read(file: Path) -> Floats | None:
    """Return what is kept, or None where nothing is, or it is damaged."""
    try:
        with file.open("rb") as opened:
            points = np.load(opened, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    sound = points.shape in ((POINTS, 3), (0, 3)) and points.dtype == np.float32
    return points if sound and np.isfinite(points).all() else None


def _write(file: Path, points: Floats) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        with replacing(file) as part, part.open("wb") as opened:
            np.save(opened, points, allow_pickle=False)
    except OSError as error:
        raise WorkError(
            f"landmarks cannot be kept in {shown(file.parent)}",
            why=first_line(error),
            remedy="make room there, or set XDG_CACHE_HOME",
        ) from None
