"""Photographs with a class for each pixel, whole or cut into tiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import Part
from edgebench.datasets.images import (
    MOST_THREADS,
    Bytes,
    Size,
    decode,
    resized,
    resized_numbers,
    shown,
    size_of,
)
from edgebench.datasets.plans import first_count
from edgebench.datasets.progress import told
from edgebench.errors import InputError

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """An image, and the file that says what each pixel of it shows."""

    image: str
    mask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How photographs are made into examples: brought to ``size`` first, then cut into tiles of ``tile``.

    Tiles cover a photograph evenly, ceil(height / tile height) x ceil(width / tile width) of them; where it does not
    divide they overlap a little.
    """

    size: Size | None
    tile: Size | None

    def shape(self, photographs: Sequence[Photograph]) -> Size:
        """Return height and width of an example."""
        return self.tile or self.size or size_of(photographs[0].image)

    def count(self, photographs: Sequence[Photograph]) -> int:
        """Return how many examples photographs make. Headers are read where tiles are cut from photographs as they are."""
        if self.tile is None:
            return len(photographs)
        if self.size is not None:
            return len(photographs) * self._tiles(self.size, "data.size")
        return sum(self._tiles(size_of(p.image), p.image) for p in photographs)

    def read(self, photographs: Sequence[Photograph], classes_of: Callable[[str], Numbers]) -> Part:
        """Return all examples; with tiles, those of a photograph are a group.

        Args:
            photographs: In the order of the examples.
            classes_of: Returns the class of each pixel that a mask's file tells, (height, width).

        Raises:
            InputError: a file is no image, an image and its mask differ in size, or sizes do not fit.
        """
        shape = self.shape(photographs)
        images, masks, groups = [], [], []
        with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
            pairs = threads.map(lambda photograph: self._pair(photograph, classes_of), photographs)
            for number, pair in enumerate(told(pairs, len(photographs), "reading photographs")):
                image, mask = pair
                for top, left in self._places(image, shape, photographs[number].image):
                    rows, columns = slice(top, top + shape[0]), slice(left, left + shape[1])
                    images.append(image[rows, columns])
                    masks.append(mask[rows, columns])
                    groups.append(number)
        x = np.stack(images).astype(np.float32)
        x /= 255
        return Part(
            x=x,
            y=np.stack(masks).astype(np.int64),
            groups=np.array(groups, dtype=np.int64) if self.tile else None,
        )

    def _pair(
        self, photograph: Photograph, classes_of: Callable[[str], Numbers]
    ) -> tuple[Bytes, npt.NDArray[np.uint16]]:
        image, mask = decode(photograph.image), classes_of(photograph.mask)
        if image.shape[:2] != mask.shape:
            raise InputError(
                f"{shown(photograph.mask)} is {mask.shape[0]}x{mask.shape[1]}, and its image is {image.shape[0]}x{image.shape[1]}",
                why="a mask has a number for each pixel of its image",
                remedy="save both at one size",
            )
        if self.size is not None:
            image, mask = resized(image, self.size), resized_numbers(mask, self.size)
        return image, mask.astype(np.uint16)

    def _places(self, image: Bytes, shape: Size, path: str) -> list[tuple[int, int]]:
        size = image.shape[0], image.shape[1]
        if self.tile is not None:
            rows, columns = self._edges(size, path)
            return [(top, left) for top in rows for left in columns]
        if size != shape:
            raise InputError(
                f"{shown(path)} is {size[0]}x{size[1]}, and others are {shape[0]}x{shape[1]}",
                why="a network takes one size",
                remedy="say which in data.size, or cut photographs into tiles by data.tile",
            )
        return [(0, 0)]

    def _tiles(self, size: Size, path: str) -> int:
        """Return how many tiles are cut, without listing them: they may be more than memory holds."""
        rows, columns = self._edges(size, path)
        return len(rows) * len(columns)

    def _edges(self, size: Size, path: str) -> tuple[list[int], list[int]]:
        """Return the tops of the rows of tiles, and the lefts of their columns."""
        assert self.tile is not None
        if size[0] < self.tile[0] or size[1] < self.tile[1]:
            raise InputError(
                f"data.tile {self.tile[0]}x{self.tile[1]} does not fit into {shown(path)}, {size[0]}x{size[1]}",
                remedy="make the tiles smaller",
            )
        rows, columns = (
            np.linspace(0, whole - piece, -(-whole // piece)).round().astype(int).tolist()
            for whole, piece in zip(size, self.tile, strict=True)
        )
        return rows, columns


def first_share(photographs: Sequence[Photograph], share: float) -> list[Photograph]:
    """Return the first share of photographs, at least one."""
    return list(photographs[: first_count(share, len(photographs))])
