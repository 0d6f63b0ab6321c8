"""Grey images brought to another size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import Floats


def resize_bilinear(images: npt.NDArray[np.float64], height: int, width: int) -> Floats:
    """Resize (count, h, w) images with half-pixel centres and edges repeated."""
    rows, row_share = _sources(images.shape[1], height)
    columns, column_share = _sources(images.shape[2], width)
    tall = images[:, rows] * (1 - row_share)[:, None] + images[:, rows + 1] * row_share[:, None]
    wide = tall[:, :, columns] * (1 - column_share) + tall[:, :, columns + 1] * column_share
    return np.asarray(wide, dtype=np.float32)


def _sources(
    count_in: int, count_out: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return for each output position the lower source index and the share of the next one."""
    centres = (np.arange(count_out) + 0.5) * count_in / count_out - 0.5
    centres = np.clip(centres, 0, count_in - 1)
    lower = np.minimum(centres.astype(np.int64), count_in - 2)
    return lower, centres - lower
