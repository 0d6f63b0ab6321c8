"""The real command on another Keras backend: the candidates and sizes of TensorFlow, and files all the same."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Typed = Callable[..., subprocess.CompletedProcess[str]]
SUITE = """
reference: {val_accuracy: 0.0, param_bytes: 4000000, latency_ms: 100}
oracle: {name: random, max_trials: 2}
training: {max_epochs: 1, batch_size: 32}
"""
SIZES = ("trainable_params", "param_bytes", "macs", "file_bytes")


def search_on(backend: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Search in a process of its own: one that has loaded Keras keeps its backend."""
    return subprocess.run(
        [sys.executable, "-m", "edgebench", *words],
        cwd=folder, env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


@pytest.fixture
def searched(
    tmp_path: Path, typed_in: Typed
) -> Callable[[str], tuple[dict[str, Any], dict[str, Any]]]:
    """Return the summary of a search on a backend, and its trials."""

    def run(backend: str) -> tuple[dict[str, Any], dict[str, Any]]:
        places = ("--store", f"{backend}-store", "--reports", f"{backend}-reports", "--json")
        words = ("search", "small.yaml", *places)
        is_ours = backend == "tensorflow"
        done = typed_in(tmp_path, *words) if is_ours else search_on(backend, tmp_path, *words)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        summary = json.loads(done.stdout)
        shown = typed_in(tmp_path, "runs", "show", summary["run_id"], *places[:2], "--json")
        assert shown.returncode == 0, shown.stderr
        return summary, json.loads(shown.stdout)

    return run


def sizes(document: dict[str, Any]) -> dict[str, Any]:
    """Return what does not depend on training, by candidate: trials may end in any order."""
    found = {}
    for trial in document["trials_by_id"].values():
        values = {metric["name"]: metric["value"] for metric in trial["metrics"]}
        candidate = json.dumps(trial["hyperparameters"], sort_keys=True)
        found[candidate] = [trial["arch_id"], *(values[name] for name in SIZES)]
    return found


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_search_trains_there_and_ships_files(
    tmp_path: Path,
    small_suite: Callable[[str], None],
    searched: Callable[[str], tuple[dict[str, Any], dict[str, Any]]],
    backend: str,
) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: install it to try this backend")
    small_suite(SUITE)
    suite = tmp_path / "small.yaml"
    suite.write_text(suite.read_text().replace("[tflite-fp32]", "[tflite-fp32, onnx-fp32]"))
    summary, found = searched(backend)
    _, expected = searched("tensorflow")
    assert summary["trials"]["completed"] == 2
    assert len(sizes(found)) == 2
    assert sizes(found) == sizes(expected)
    assert summary["front"]
    for member in summary["front"]:
        assert {artifact["format"] for artifact in member["artifacts"]} == {"tflite", "onnx"}
        for artifact in member["artifacts"]:
            assert (tmp_path / artifact["path"]).stat().st_size == artifact["bytes"]
            assert artifact["max_abs_diff"] < 1e-3
            assert artifact["accuracy"] > 0.0
