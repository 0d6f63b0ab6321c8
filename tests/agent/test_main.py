"""The agent as a program: run from a folder here, from its one file in tests/profiling/test_bundle.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.agent import AGENT_VERSION
from edgebench.profiling.check import ASSETS


def ask(job: dict[str, Any] | str, stdin: str | None = None) -> tuple[int, dict[str, Any], str]:
    argument = job if isinstance(job, str) else json.dumps(job)
    done = subprocess.run(
        [sys.executable, "-m", "edgebench.agent", argument],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.count("\n") == 1, "exactly one JSON document"
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture
def null_model(tmp_path: Path) -> Path:
    path = tmp_path / "model.null"
    path.write_text('{"invoke_us": 200}')
    return path


def test_measure_tells_raw_samples_and_facts(null_model: Path) -> None:
    code, answer, stderr = ask({"kind": "measure", "model": str(null_model), "block_s": 0.05})
    assert (code, stderr) == (0, "")
    assert answer["runtime"] == "null"
    assert answer["invokes_per_sample"] == 1
    assert len(answer["samples_ns"]) >= 64
    assert min(answer["samples_ns"]) >= 200_000
    assert answer["init_ns"] > 0
    assert answer["first_ns"] >= 200_000
    assert answer["pinned"] == answer["affinity"]
    assert answer["agent"] == {"version": AGENT_VERSION, "sha256": None}


def test_a_fast_model_is_timed_in_groups(null_model: Path) -> None:
    null_model.write_text('{"invoke_us": 5}')
    _, answer, _ = ask({"kind": "measure", "model": str(null_model), "block_s": 0.1})
    group = answer["invokes_per_sample"]
    assert group > 1
    assert sorted(answer["samples_ns"])[len(answer["samples_ns"]) // 2] * group >= 1_000_000


def test_job_may_come_from_a_file_or_from_standard_input(null_model: Path, tmp_path: Path) -> None:
    job = json.dumps({"kind": "memory", "model": str(null_model)})
    (tmp_path / "job.json").write_text(job)
    assert ask(str(tmp_path / "job.json"))[0] == 0
    assert ask("-", stdin=job)[0] == 0


def test_infer_writes_all_outputs(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 8), np.float32))
    job = {
        "kind": "infer",
        "model": str(ASSETS / "tiny.onnx"),
        "inputs": str(tmp_path / "x.npy"),
        "outputs": str(tmp_path / "y.npz"),
    }
    code, answer, _ = ask(job)
    assert (code, answer["shapes"]) == (0, [[3, 4]])
    with np.load(tmp_path / "y.npz") as outputs:
        bias = np.linspace(-0.5, 0.5, 4, dtype=np.float32)
        np.testing.assert_allclose(outputs["output_0"], np.tile(np.maximum(bias, 0), (3, 1)))
    assert [p.name for p in tmp_path.glob("*.npz")] == ["y.npz"]


def test_inputs_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}]), allow_pickle=True)
    job = {
        "kind": "infer",
        "model": str(ASSETS / "tiny.onnx"),
        "inputs": str(tmp_path / "x.npy"),
        "outputs": str(tmp_path / "y.npz"),
    }
    code, answer, _ = ask(job)
    assert (code, answer["error"]["kind"]) == (1, "inputs_rejected")


def test_describe_tells_what_runs_and_what_does_not() -> None:
    job = {
        "kind": "describe",
        "runtimes": ["ort", "tensorrt"],
        "models": [str(ASSETS / "tiny.tflite"), str(ASSETS / "tiny.onnx")],
    }
    code, answer, _ = ask(job)
    assert code == 0
    assert answer["machine"]["cores"] >= 1
    assert answer["numpy"] == np.__version__
    assert answer["runtimes"]["ort"]["run_ns"] > 0
    assert answer["runtimes"]["tensorrt"]["kind"] == "runtime_missing"
    assert answer["runtimes"]["tensorrt"]["run_ns"] is None


def test_ops_are_told_with_times_where_the_runtime_has_them() -> None:
    code, answer, stderr = ask({"kind": "ops", "model": str(ASSETS / "tiny.onnx")})
    assert (code, stderr) == (0, "")
    (op,) = answer["ops"]
    assert (op["type"], op["delegated"], op["invokes"]) == ("FusedGemm", True, 20)
    assert op["ns"] >= 0
    job = {"kind": "ops", "model": str(ASSETS / "tiny.tflite"), "delegate": "none"}
    (op,) = ask(job)[1]["ops"]
    assert (op["type"], op["delegated"], op["ns"]) == ("FULLY_CONNECTED", False, None)


def test_measure_tells_what_ran_the_operations() -> None:
    job = {"kind": "measure", "model": str(ASSETS / "tiny.onnx"), "block_s": 0.05}
    answer = ask(job)[1]
    assert (answer["accelerator"], answer["delegated_ops"], answer["other_ops"]) == ("cpu", 2, 0)


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        ("{", "job_invalid"),
        ("no/such/job.json", "job_invalid"),
        ({"kind": "measure", "model": "absent.onnx"}, "model_missing"),
        ({"kind": "measure", "model": "absent.pkl"}, "format_mismatch"),
        ({"kind": "measure", "model": "absent.onnx", "runtime": "tensorrt"}, "runtime_missing"),
        (
            {"kind": "measure", "model": "a.onnx", "runtime": "ort", "allowed": ["tflite"]},
            "runtime_missing",
        ),
    ],
)
def test_errors_are_documents_of_a_stable_kind(job: dict[str, Any] | str, kind: str) -> None:
    code, answer, _ = ask(job)
    assert code == 1
    assert answer["error"]["kind"] == kind
    assert answer["error"]["message"]


def test_memory_over_the_budget_is_an_error(null_model: Path) -> None:
    job = {"kind": "memory", "model": str(null_model), "limits": {"peak_rss_bytes": 1000}}
    assert ask(job)[1]["error"]["kind"] == "over_budget"


def test_it_ends_when_nobody_is_left_to_read_the_answer(null_model: Path) -> None:
    job = json.dumps({"kind": "measure", "model": str(null_model), "block_s": 30.0})
    command = [sys.executable, "-m", "edgebench.agent", job]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        with pytest.raises(subprocess.TimeoutExpired):
            agent.wait(1.0)
        agent.stdout.close()
        assert agent.wait(10.0) == 1
