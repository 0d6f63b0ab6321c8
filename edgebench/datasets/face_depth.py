"""The surface of faces, drawn from their landmarks as images that lie over the pictures."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from edgebench.datasets.base import Floats
from edgebench.datasets.images import Size


def depth_images(faces: Floats, size: Size) -> Floats:
    """Return how near each point of a face is: 1 the nearest, 0 the farthest and all that is outside of the points' hull.

    Args:
        faces: (count, points, 3): x / width, y / height, z / width, nearer is smaller.
        size: Height and width of the images.

    Output shape: (count, height, width, 3), three times the same.
    """
    nearest, farthest = (bound(faces[..., 2], axis=1)[:, None, None] for bound in (np.min, np.max))
    nearness = (farthest - _surfaces(faces, size)) / (farthest - nearest)
    return np.repeat(np.nan_to_num(nearness, nan=0.0)[..., None].astype(np.float32), 3, axis=-1)


def normal_images(faces: Floats, size: Size) -> Floats:
    """Return the unit normals of the surface in the frame of the image, right, down and towards the viewer, as (n + 1) / 2.

    Arguments and output shape are those of `depth_images`; outside of the hull all is 0.
    """
    heights = -_surfaces(faces, size) * size[1]  # in pixels
    down, right = np.gradient(heights, axis=(1, 2))
    normals = np.stack([-right, -down, np.ones_like(heights)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.asarray(np.nan_to_num((normals + 1) / 2, nan=0.0), dtype=np.float32)


def _surfaces(faces: Floats, size: Size) -> Floats:
    """Return z at the centre of each pixel, linear in each triangle of Delaunay's; NaN outside."""
    from scipy.interpolate import LinearNDInterpolator

    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    found = np.empty((len(faces), *size), dtype=np.float32)
    # Of BLAS: there are many small matrices, and its threads would wait for each other.
    with threadpool_limits(1):
        for row, points in enumerate(faces.astype(np.float64)):
            surface = LinearNDInterpolator(points[:, :2] * size[::-1], points[:, 2])
            found[row] = surface(columns, rows)
    return found
