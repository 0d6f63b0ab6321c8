"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable

from edgebench.datasets.base import Dataset
from edgebench.datasets.cifar10 import Cifar10
from edgebench.datasets.digits import Digits
from edgebench.errors import UnknownNameError
from edgebench.records import DataPlan

DATASETS: dict[str, Callable[[DataPlan, int], Dataset]] = {"cifar10": Cifar10, "digits": Digits}


def load_dataset(plan: DataPlan, seed: int = 0) -> Dataset:
    """Return the data set that ``plan`` names; raises `UnknownNameError` where there is none."""
    if plan.name not in DATASETS:
        raise UnknownNameError("a data set", plan.name, DATASETS)
    return DATASETS[plan.name](plan, seed)
