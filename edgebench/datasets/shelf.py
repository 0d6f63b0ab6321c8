"""The data sets that a process has at hand, so that a worker reads each once."""

from __future__ import annotations

import functools
import hashlib

import numpy as np

from edgebench.datasets.base import Dataset
from edgebench.datasets.registry import load_dataset
from edgebench.records import DataPlan

_shelf: dict[DataPlan, Dataset] = {}


def shelve(found: tuple[DataPlan, Dataset]) -> None:
    """Have a data set at hand that came from elsewhere: this machine may not hold its files."""
    plan, dataset = found
    _shelf[plan] = dataset


def dataset_of(plan: DataPlan, seed: int) -> Dataset:
    """Return the data set at hand, else read it."""
    return _shelf.get(plan) or _read(plan, seed)


def content_hash(dataset: Dataset) -> str:
    """Return the SHA-256 of all examples and labels, part by part."""
    digest = hashlib.sha256()
    for part in (dataset.train(), dataset.validation(), dataset.test()):
        for array in part.arrays().values():
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@functools.lru_cache(maxsize=2)
def _read(plan: DataPlan, seed: int) -> Dataset:
    return load_dataset(plan, seed)
