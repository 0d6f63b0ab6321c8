"""Resizing, by hand and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from edgebench.datasets.resizing import resize_bilinear


def test_doubling_by_hand() -> None:
    image = np.array([[[0.0, 4.0], [8.0, 12.0]]])
    expected = [
        [0.0, 1.0, 3.0, 4.0],
        [2.0, 3.0, 5.0, 6.0],
        [6.0, 7.0, 9.0, 10.0],
        [8.0, 9.0, 11.0, 12.0],
    ]
    np.testing.assert_array_equal(resize_bilinear(image, 4, 4), [expected])


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 16), (32, 20), (9, 61), (5, 3)])
def test_resizing_agrees_with_scipy(height: int, width: int) -> None:
    images = np.random.default_rng(0).random((3, 8, 8))
    grid = np.meshgrid(
        (np.arange(height) + 0.5) * 8 / height - 0.5,
        (np.arange(width) + 0.5) * 8 / width - 0.5,
        indexing="ij",
    )
    expected = [ndimage.map_coordinates(image, grid, order=1, mode="nearest") for image in images]
    np.testing.assert_allclose(resize_bilinear(images, height, width), expected, atol=1e-6)
    assert resize_bilinear(images, height, width).dtype == np.float32


def test_resizing_keeps_the_size_it_has() -> None:
    images = np.random.default_rng(0).random((2, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(resize_bilinear(images, 8, 8), images)
