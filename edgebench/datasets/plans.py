"""What a data set can be asked for, and where its files lie."""

from __future__ import annotations

import os
from pathlib import Path

from edgebench.errors import InputError
from edgebench.records import DataPlan

VARIABLE = "EDGEBENCH_DATA"


def data_folder() -> Path:
    """Return the folder of all data sets: what ``EDGEBENCH_DATA`` names, else the folder one is in."""
    return Path(os.environ.get(VARIABLE, "."))


def first_count(share: float, count: int) -> int:
    """Return how many the first share of so many is: at least one."""
    return max(1, round(share * count))


def require_plan(plan: DataPlan, name: str, *also: str) -> None:
    """Raise `InputError` where a plan says what a data set cannot do.

    Args:
        plan: ``name``, ``sample``, ``validation`` and ``size`` suit any.
        name: Of the data set.
        also: Which of ``tile``, ``inputs`` and ``target`` it knows.
    """
    for key in ("tile", "inputs", "target"):
        if getattr(plan, key) and key not in also:
            raise InputError(
                f"data.{key} means nothing to {name}",
                remedy="leave it out",
            )
