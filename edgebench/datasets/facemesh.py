"""A process that finds faces: ``python -m edgebench.datasets.facemesh``, see `edgebench.datasets.landmarks.FaceMesh`.

It reads pictures, each height and width (4 bytes each, little-endian) and the RGB bytes, and answers each with the 468
points as float32 (x, y, z), or with none, after 4 bytes of their count. It ends with its input.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import BinaryIO

import numpy as np

PICTURE = struct.Struct("<II")
COUNT = struct.Struct("<I")


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # the library may print
    # mediapipe imports TensorFlow where it can, for what is not used here: ten times the time and memory.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    from mediapipe.python.solutions.face_mesh import FaceMesh

    pictures = sys.stdin.buffer
    with FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=False) as mesh:
        while len(header := pictures.read(PICTURE.size)) == PICTURE.size:
            height, width = PICTURE.unpack(header)
            pixels = np.frombuffer(pictures.read(height * width * 3), dtype=np.uint8)
            found = mesh.process(pixels.reshape(height, width, 3)).multi_face_landmarks
            points = [(p.x, p.y, p.z) for p in found[0].landmark] if found else []
            _answer(answers, np.array(points, dtype="<f4"))


def _answer(answers: BinaryIO, points: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    answers.write(COUNT.pack(len(points)) + points.tobytes())
    answers.flush()


if __name__ == "__main__":
    main()
