"""The held-out part beside the shipped files, so that anyone can check their accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgebench import scratch
from edgebench.datasets import load_dataset
from edgebench.records import Suite

FILE_NAME = "heldout.npz"


def write_heldout(suite: Suite, folder: Path) -> Path:
    """Write ``x`` exactly as fed to the float model, and ``y``, once."""
    path = folder / FILE_NAME
    if not path.exists():
        test = load_dataset(suite.data, suite.seed).test()
        with scratch.replacing(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, x=test.x, y=test.y)
    return path
