"""Training examples changed at random, so that a network learns what does not matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.datasets import Floats

Array = npt.NDArray[Any]
Draw = np.random.Generator
LARGEST_SHIFT = 1 / 8


def augmented(
    inputs: Sequence[Floats], targets: Array, names: Sequence[str], draw: Draw
) -> tuple[tuple[Floats, ...], Array]:
    """Return a batch with each example changed in its own way, masks as their images, all inputs alike.

    Args:
        inputs: Images, each (batch, height, width, channels).
        targets: (batch,) where a change leaves them be, or masks of (batch, height, width).
        names: Of `AUGMENTATIONS`, in their order.
        draw: Decides.
    """
    arrays = [*inputs, targets] if targets.ndim > 1 else list(inputs)
    for name in names:
        arrays = CHANGES[name](arrays, draw)
    changed = tuple(arrays[: len(inputs)])
    return changed, arrays[-1] if targets.ndim > 1 else targets


def _mirrored(arrays: list[Array], draw: Draw) -> list[Array]:
    """Swap left and right of every second example."""
    return _some(arrays, draw, lambda array: array[:, :, ::-1])


def _flipped(arrays: list[Array], draw: Draw) -> list[Array]:
    """Stand every second example on its head."""
    return _some(arrays, draw, lambda array: array[:, ::-1])


def _turned(arrays: list[Array], draw: Draw) -> list[Array]:
    """Turn examples, which must be square, by no, one, two or three right angles."""
    turns = draw.integers(0, 4, len(arrays[0]))
    found = [array.copy() for array in arrays]
    for count in range(1, 4):
        chosen = turns == count
        for new, old in zip(found, arrays, strict=True):
            new[chosen] = np.rot90(old[chosen], count, axes=(1, 2))
    return found


def _shifted(arrays: list[Array], draw: Draw) -> list[Array]:
    """Move examples by up to an eighth of a side, mirrored at the edge they leave."""
    count, height, width = arrays[0].shape[:3]
    reach = int(height * LARGEST_SHIFT), int(width * LARGEST_SHIFT)
    corners = [draw.integers(0, 2 * most + 1, count) for most in reach]
    rows, columns = (
        first[:, None] + np.arange(side)
        for first, side in zip(corners, (height, width), strict=True)
    )
    each = np.arange(count)[:, None, None]
    found = []
    for array in arrays:
        edges = [(0, 0), *((most, most) for most in reach), *[(0, 0)] * (array.ndim - 3)]
        padded = np.pad(array, edges, mode="reflect")
        found.append(padded[each, rows[:, :, None], columns[:, None, :]])
    return found


def _some(arrays: list[Array], draw: Draw, change: Callable[[Array], Array]) -> list[Array]:
    chosen = draw.random(len(arrays[0])) < 0.5
    found = [array.copy() for array in arrays]
    for new, old in zip(found, arrays, strict=True):
        new[chosen] = change(old[chosen])
    return found


CHANGES: dict[str, Callable[[list[Array], Draw], list[Array]]] = {
    "mirror": _mirrored,
    "flip": _flipped,
    "turn": _turned,
    "shift": _shifted,
}
