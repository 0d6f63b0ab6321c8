"""`edgebench profile` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[2] / "edgebench" / "profiling" / "assets"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgebench", "profile", *arguments, "--blocks", "1", "--block-s", "0.05"],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("delegate", "message"),
    [("cuda", "has no CUDAExecutionProvider"), ("AzureExecutionProvider", "takes none of the")],
)
def test_delegate_that_does_not_run_the_model_is_unavailable(
    tmp_path: Path, delegate: str, message: str
) -> None:
    done = run(str(ASSETS / "tiny.onnx"), "--runtime", "ort", "--delegate", delegate, cwd=tmp_path)
    assert done.returncode == 3
    assert message in done.stderr
    assert done.stdout == ""


def test_operations_are_listed_only_where_asked_for(tmp_path: Path) -> None:
    models = [str(ASSETS / "tiny.onnx"), str(ASSETS / "tiny.tflite")]
    done = run(*models, "--per-op", "--json", cwd=tmp_path)
    timed, untimed = (row["ops"] for row in json.loads(done.stdout)["measurements"])
    assert timed[0].keys() == {"name", "type", "invokes", "ns", "delegated"}
    assert timed[0]["ns"] is not None
    assert untimed[0]["ns"] is None
    plain = run(models[0], "--delegate", "cpu", "--json", cwd=tmp_path)
    (row,) = json.loads(plain.stdout)["measurements"]
    assert "ops" not in row
    assert (row["delegate"], row["valid"]) == ("CPUExecutionProvider", True)
    assert row["environment"]["delegated_ops"] == 2


def test_table_of_operations_says_where_no_times_are(tmp_path: Path) -> None:
    done = run(str(ASSETS / "tiny.tflite"), "--per-op", cwd=tmp_path)
    assert "1 of 1 operations in the delegate; this runtime tells no times" in done.stdout
    assert "FULLY_CONNECTED_0" in done.stdout
