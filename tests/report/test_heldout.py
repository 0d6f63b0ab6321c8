"""The held-out part beside a report's files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgebench.records import DataPlan
from edgebench.report import write_heldout
from edgebench.testing.store import example_run

SUITE = dataclasses.replace(example_run().suite, data=DataPlan(name="digits", size=(8, 8)))


def test_it_is_the_test_part_as_it_is_fed(tmp_path: Path) -> None:
    path = write_heldout(SUITE, tmp_path)
    with np.load(path, allow_pickle=False) as arrays:
        assert {name: array.shape for name, array in arrays.items()} == {
            "x": (360, 8, 8, 3),
            "y": (360,),
        }


def test_a_report_that_is_drawn_where_the_data_is_not_goes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    for name in ("cifar10", str(tmp_path / "mine.npz"), "no_such_module:data"):
        away = dataclasses.replace(SUITE, data=DataPlan(name=name))
        assert not write_heldout(away, tmp_path).exists()
