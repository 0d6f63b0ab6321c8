"""The main job through the real command: search, kill, resume, ship, report. Minutes, on real digits."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Typed = Callable[..., subprocess.CompletedProcess[str]]
SEARCH = [
    "search", "digits.yaml", "--objective", "pareto", "--max-trials", "4", "--max-epochs", "4", "--seed", "1",
]  # fmt: skip
DIGITS = Path(__file__).parents[2] / "suites" / "digits.yaml"
STATES = ("completed", "pruned", "infeasible", "failed")


@pytest.fixture(scope="module")
def trials_of(typed_in: Typed) -> Callable[[str, Path], dict[str, dict]]:
    def shown(run_id: str, folder: Path) -> dict[str, dict]:
        done = typed_in(folder, "runs", "show", run_id, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["trials_by_id"]

    return shown


def processes_in(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and Path(os.readlink(entry / "cwd")) == folder:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def killed(tmp_path_factory, typed_in, trials_of):
    """A search that was killed once two of its trials were finished; (folder, run id, its trials then)."""
    folder = tmp_path_factory.mktemp("search")
    suite, count = re.subn(
        "winner_blocks: 3, block_s: 1.0", "winner_blocks: 1, block_s: 0.2", DIGITS.read_text()
    )
    assert count == 1
    (folder / "digits.yaml").write_text(suite)
    command = [sys.executable, "-m", "edgebench", *SEARCH]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as search:
        finished = 0
        for line in search.stderr:
            finished += line.startswith("t0")
            if finished == 2:
                break
        assert finished == 2
        search.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 120
    while processes_in(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_in(folder) == []
    runs = json.loads(typed_in(folder, "runs", "list", "--json").stdout)["runs"]
    assert [run["status"] for run in runs] == ["running"]
    return folder, runs[0]["run_id"], trials_of(runs[0]["run_id"], folder)


@pytest.fixture(scope="module")
def finished(killed, typed_in, trials_of):
    """The same search, resumed to its end; (folder, summary, trials)."""
    folder, run_id, _ = killed
    done = typed_in(folder, "search", "--resume", run_id, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    return folder, summary, trials_of(run_id, folder)


def test_a_killed_search_keeps_its_trials_and_trains_none_twice(killed, finished):
    _, run_id, before = killed
    _, summary, after = finished
    assert summary["run_id"] == run_id
    assert len(before) >= 2
    for trial_id, trial in before.items():
        kept = dict(after[trial_id])
        kept["metrics"] = [m for m in kept["metrics"] if m["name"] != "test_accuracy"]
        assert kept == trial
    searched = [trial for trial in after.values() if not trial["is_baseline"]]
    assert len(searched) == 4
    values = [json.dumps(trial["hyperparameters"], sort_keys=True) for trial in searched]
    assert len(set(values)) == 4


def test_the_summary_is_the_contracts_document(finished):
    folder, summary, _ = finished
    assert summary["schema_version"] == 1
    assert summary["status"] == "completed"
    assert set(summary["trials"]) == set(STATES)
    assert sum(summary["trials"].values()) == len(summary["hypervolume"]) == 4
    assert summary["hypervolume"] == sorted(summary["hypervolume"])
    assert summary["front"]
    assert [m["trial_id"] for m in summary["front"] if m["pick"]] == [summary["pick"]]
    assert summary["baseline"]["template"] == "squeezenet-1.1"
    stored = json.loads((folder / "reports" / summary["run_id"] / "summary.json").read_text())
    assert stored == summary
    assert (folder / summary["report"]).is_file()


def test_no_member_of_the_front_dominates_another(finished):
    _, summary, _ = finished
    points = [
        (-m["metrics"]["val_accuracy"], m["metrics"]["param_bytes"], m["metrics"]["latency_ms"]["value"])
        for m in summary["front"]
    ]  # fmt: skip
    for a in points:
        assert not any(b != a and all(x <= y for x, y in zip(b, a, strict=True)) for b in points)


def answers(path: Path, inputs):
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return np.array([session.run(None, {name: x[None]})[0][0].argmax() for x in inputs])
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    door = interpreter.get_input_details()[0]["index"]
    exit_ = interpreter.get_output_details()[0]["index"]
    found = []
    for x in inputs:
        interpreter.set_tensor(door, x[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(exit_)[0].argmax())
    return np.array(found)


def test_every_artifact_is_what_the_summary_says(finished):
    folder, summary, _ = finished
    models = folder / "reports" / summary["run_id"] / "models"
    with np.load(models / "heldout.npz", allow_pickle=False) as heldout:
        x, y = heldout["x"], heldout["y"]
    assert (len(x), x.dtype) == (360, np.float32)
    for member in (*summary["front"], summary["baseline"]):
        assert {(a["format"], a["precision"]) for a in member["artifacts"]} == {
            ("tflite", "fp32"), ("tflite", "int8"), ("onnx", "fp32"),
        }  # fmt: skip
        for artifact in member["artifacts"]:
            path = folder / artifact["path"]
            content = path.read_bytes()
            assert hashlib.sha256(content).hexdigest() == artifact["sha256"]
            assert len(content) == artifact["bytes"]
            assert (answers(path, x) == y).mean() == pytest.approx(artifact["accuracy"], abs=0.005)
            (latency,) = artifact["latency"]
            assert latency["device"] == "local"
            assert 0 < latency["p50_low_ms"] <= latency["p50_ms"] <= latency["p50_high_ms"]
            if artifact["precision"] == "fp32":
                assert artifact["max_abs_diff"] < 1e-4


def test_the_search_learned_something(finished):
    _, summary, _ = finished
    assert max(m["metrics"]["val_accuracy"] for m in summary["front"]) >= 0.8
    assert summary["epochs_trained"] > 10


def test_the_same_command_again_trains_nothing(finished, typed_in, trials_of):
    folder, summary, before = finished
    done = typed_in(folder, *SEARCH, "--json")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert again["run_id"] == summary["run_id"]
    assert again["front"] == summary["front"]
    assert trials_of(summary["run_id"], folder) == before


def test_a_second_process_on_the_run_is_refused(finished):
    folder, summary, _ = finished
    from edgebench.store import SqliteStore

    with SqliteStore(folder / ".edgebench") as store, store.lock(summary["run_id"]):
        done = subprocess.run(
            [sys.executable, "-m", "edgebench", "search", "--resume", summary["run_id"]],
            cwd=folder, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "another process" in done.stderr


def test_the_report_is_redrawn_from_the_store(finished, tmp_path, typed_in):
    folder, summary, _ = finished
    done = typed_in(
        folder, "report", summary["run_id"], "--reports", str(tmp_path / "again"), "--json"
    )
    assert done.returncode == 0, done.stderr
    redrawn = tmp_path / "again" / summary["run_id"]
    names = {path.name for path in redrawn.iterdir()}
    assert names >= {"index.html", "summary.json", "trials.csv", "front.csv", "models"}
    assert (redrawn / "models" / "heldout.npz").is_file()
    assert json.loads(done.stdout)["hypervolume"] == summary["hypervolume"]


def test_weights_are_kept_for_those_that_may_win_alone(finished):
    folder, summary, trials = finished
    kept = list((folder / ".edgebench" / "weights" / summary["run_id"]).iterdir())
    front = {member["trial_id"] for member in summary["front"]}
    assert {path.name.split(".")[0] for path in kept} >= front | {"base"}
    assert len(kept) <= len(trials)


def test_an_interrupted_search_finishes_its_trials_and_says_how_to_go_on(
    tmp_path, small_suite, typed_in
):
    small_suite("training: {max_epochs: 2}\noracle: {max_trials: 40}\n")
    command = [sys.executable, "-m", "edgebench", "search", "small.yaml"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as search:
        for line in search.stderr:
            if line.startswith("t0"):
                break
        search.send_signal(signal.SIGINT)
        _, rest = search.communicate(timeout=120)
    assert search.returncode == 130
    assert "edgebench search --resume" in rest
    assert "Traceback" not in rest
    (run,) = json.loads(typed_in(tmp_path, "runs", "list", "--json").stdout)["runs"]
    assert run["status"] == "interrupted"
    assert 1 <= sum(run["trials"].values()) < 40


def test_limits_that_nothing_meets_leave_an_empty_front(tmp_path, small_suite, typed_in, trials_of):
    small_suite("training: {max_epochs: 1}\nbaseline: mlp-auto\noracle: {name: pareto}\n")
    limits = ("--max-trials", "2", "--constraint", "param_bytes<=1000")
    done = typed_in(tmp_path, "search", "small.yaml", *limits, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["front"] == []
    assert summary["pick"] is None
    assert summary["trials"]["infeasible"] == 2
    assert summary["trials"]["failed"] == 0
    trials = trials_of(summary["run_id"], tmp_path)
    assert all(t["epochs"] == 0 for t in trials.values() if not t["is_baseline"])
