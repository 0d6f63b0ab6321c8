"""The held-out part beside the shipped files, so that anyone can check their accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgebench import scratch
from edgebench.datasets import load_dataset
from edgebench.errors import InputError
from edgebench.records import Suite

FILE_NAME = "heldout.npz"


def write_heldout(suite: Suite, folder: Path) -> Path:
    """Write ``x`` exactly as fed to the float model, and ``y``, once; a card's program reads the arrays in this order.

    A report that is drawn again where the data is not goes without.
    """
    path = folder / FILE_NAME
    if path.exists():
        return path
    try:
        dataset = load_dataset(suite.data, suite.seed)
    except InputError:
        return path
    if not dataset.lacks():
        test = dataset.test()
        with scratch.replacing(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **test.arrays())
    return path
