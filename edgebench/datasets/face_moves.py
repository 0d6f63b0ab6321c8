"""How landmarks of a face move in an expression, and how all around them follows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float64]

# How far parts of a face move, in distances between the outer corners of the eyes, where the mouth smiles before.
# ``corner``, ``upper`` (lip), ``brow_in``, ``brow_out`` and ``nose`` move up, ``lower`` moves lower lip and jaw down, ``wide`` and
# ``eyes`` open, ``squeeze`` draws the brows together.
MOVES: Mapping[str, Mapping[str, float]] = {
    "anger": {"corner": -0.09, "wide": -0.09, "upper": -0.02, "lower": -0.07, "brow_in": -0.13, "brow_out": 0.02, "squeeze": 0.05, "eyes": -0.01},
    "content": {"corner": -0.01, "wide": -0.01, "upper": -0.02, "lower": -0.07, "eyes": -0.03},
    "disgust": {"corner": -0.08, "wide": -0.05, "upper": 0.08, "lower": -0.02, "brow_in": -0.09, "brow_out": -0.04, "nose": 0.08, "eyes": -0.04},
    "fear": {"corner": -0.08, "wide": 0.06, "lower": 0.04, "brow_in": 0.13, "brow_out": 0.05, "squeeze": 0.03, "eyes": 0.04},
    "happiness": {"corner": 0.06, "wide": 0.07, "upper": 0.02, "lower": 0.04, "brow_out": 0.02, "eyes": -0.02},
    "neutral": {"corner": -0.06, "wide": -0.07, "upper": -0.02, "lower": -0.07},
    "sadness": {"corner": -0.15, "wide": -0.07, "upper": -0.01, "lower": -0.06, "brow_in": 0.11, "brow_out": -0.07, "squeeze": 0.03, "eyes": -0.03},
    "surprise": {"corner": -0.10, "wide": -0.10, "upper": 0.02, "lower": 0.20, "brow_in": 0.14, "brow_out": 0.15, "eyes": 0.05},
}  # fmt: skip

# Numbers of FaceMesh's landmarks; left and right are those of the image.
_LEFT_EYE, _RIGHT_EYE = 33, 263
_CORNERS = (61, 78, 291, 308)
_UPPER_LIP = (185, 40, 39, 37, 0, 267, 269, 270, 409, 191, 80, 81, 82, 13, 312, 311, 310, 415)
_LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318, 324)
_JAW = (149, 176, 148, 152, 377, 400, 378)
_NOSTRILS = (48, 64, 98, 278, 294, 327)
_BROWS = {  # from the nose outwards, the upper edge and the lower one; the sign says where the nose is
    1: (107, 66, 105, 63, 70, 55, 65, 52, 53, 46),
    -1: (336, 296, 334, 293, 300, 285, 295, 282, 283, 276),
}
_LIDS = {  # from corner to corner; the factor of how far each opens, down
    -1.0: ((246, 161, 160, 159, 158, 157, 173), (466, 388, 387, 386, 385, 384, 398)),
    0.4: ((7, 163, 144, 145, 153, 154, 155), (249, 390, 373, 374, 380, 381, 382)),
}
_STILL = (10, 54, 67, 109, 127, 234, 284, 297, 338, 356, 454, 5, 6, 168, 195, 197, 33, 133, 263, 362, 50, 280, 132, 361)  # fmt: skip


def displacement(points: Field, moves: Mapping[str, float], places: Field) -> Field:
    """Return how far what is now at each place has moved: a thin plate spline through the landmarks.

    Args:
        points: Landmarks before, in pixels, (468, 2).
        moves: One of `MOVES`.
        places: In pixels, (height, width, 2); the face's picture is the square from 0 on that holds ``points``, and its
            border stays.
    """
    from scipy.interpolate import RBFInterpolator

    shifts = moved(points, moves)
    centres = np.array([points[index] for index in shifts]) + np.array(list(shifts.values()))
    low, high = places.reshape(-1, 2).min(axis=0), places.reshape(-1, 2).max(axis=0)
    border = np.array([low + (high - low) * at for at in _around(5)])
    spline = RBFInterpolator(
        np.concatenate([centres, border]),
        np.concatenate([list(shifts.values()), np.zeros_like(border)]),
        kernel="thin_plate_spline",
        smoothing=0.5,
    )
    found: Field = spline(places.reshape(-1, 2)).reshape(places.shape)
    return found


def moved(points: Field, moves: Mapping[str, float]) -> dict[int, Field]:
    """Return by how many pixels, right and down, landmarks move; those that must stay are among them."""
    by = {name: moves.get(name, 0.0) for name in ("brow_in", "brow_out", "squeeze", "eyes", "nose")}
    shifts: dict[int, tuple[float, float]] = dict.fromkeys(_STILL, (0.0, 0.0))
    shifts |= _mouth(points, moves)
    shifts |= dict.fromkeys(_NOSTRILS, (0.0, -by["nose"]))
    for sign, brow in _BROWS.items():
        for index, out in zip(brow, [*np.linspace(0, 1, 5)] * 2, strict=True):
            up = by["brow_in"] * (1 - out) + by["brow_out"] * out
            shifts[index] = (sign * by["squeeze"] * (1 - out), -up)
    for factor, lids in _LIDS.items():
        for index, along in zip((*lids[0], *lids[1]), [*np.linspace(-0.8, 0.8, 7)] * 2, strict=True):  # fmt: skip
            shifts[index] = (0.0, factor * by["eyes"] * (1 - along**2))
    unit = float(np.linalg.norm(points[_RIGHT_EYE] - points[_LEFT_EYE]))
    return {index: np.array(shift) * unit for index, shift in shifts.items()}


def _mouth(points: Field, moves: Mapping[str, float]) -> dict[int, tuple[float, float]]:
    """Return the moves of lips and jaw, in distances between the eyes."""
    by = {name: moves.get(name, 0.0) for name in ("corner", "wide", "upper", "lower")}
    left, right = points[_CORNERS[0], 0], points[_CORNERS[2], 0]
    shifts: dict[int, tuple[float, float]] = {}
    for indices, opening in (
        (_CORNERS, 0.0),
        (_UPPER_LIP, -by["upper"]),
        (_LOWER_LIP, by["lower"]),
    ):
        for index in indices:
            along = float(np.clip(2 * (points[index, 0] - left) / (right - left) - 1, -1, 1))
            down = -by["corner"] * along**2 + opening * (1 - along**2)
            shifts[index] = (by["wide"] * along, down)
    return shifts | dict.fromkeys(_JAW, (0.0, 0.8 * by["lower"]))


def _around(count: int) -> list[tuple[float, float]]:
    """Return places on the border of the unit square, ``count`` a side."""
    steps = np.linspace(0, 1, count).tolist()
    return [(a, b) for a, b in product(steps, repeat=2) if {a, b} & {0.0, 1.0}]
