"""keras-tuner's oracles through the real command: on digits, small, and where nothing keeps within the limits."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Typed = Callable[..., subprocess.CompletedProcess[str]]
SUITE = """
reference: {val_accuracy: 0.0, param_bytes: 4000000, latency_ms: 100}
training: {max_epochs: 3, batch_size: 32}
"""


@pytest.fixture
def search(tmp_path: Path, typed_in: Typed, small_suite: Callable[[str], None]) -> Typed:
    """Search ``small.yaml`` with more options."""
    small_suite(SUITE)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        done = typed_in(tmp_path, "search", "small.yaml", *options, COLUMNS="200")
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.mark.parametrize("oracle", ["random", "bayesian", "hyperband"])
def test_limits_that_nothing_meets_leave_an_empty_front(search: Typed, oracle: str) -> None:
    limits = ("--constraint", "param_bytes<=1000", "--oracle", oracle, "--max-trials", "4")
    done = search(*limits)
    assert "No model keeps within the limits (param_bytes<=1000). The nearest is t0" in done.stdout
    assert "4 infeasible" in done.stdout


def test_hyperband_trains_in_parts_and_counts_each_epoch_once(
    tmp_path: Path, search: Typed
) -> None:
    done = search("--oracle", "hyperband", "--json")
    summary = json.loads(done.stdout)
    # Three trials of one epoch, the best of them up to the third, then two of three epochs.
    assert sum(summary["trials"].values()) == 6
    assert summary["epochs_trained"] == 3 * 1 + 2 + 2 * 3
    names = [name for member in summary["front"] for name in member["hyperparameters"]]
    assert names
    assert not any(name.startswith("tuner/") for name in names)
    assert list((tmp_path / ".edgebench" / "weights").rglob("*.checkpoint.npz")) == []
