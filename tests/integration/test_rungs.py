"""Rungs through the real command: a search killed between them goes on and trains no finished part again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from edgebench.records import Trial
from edgebench.store import SqliteStore

Typed = Callable[..., subprocess.CompletedProcess[str]]
SUITE = """
reference: {val_accuracy: 0.0, param_bytes: 4000000, latency_ms: 100}
oracle: {max_trials: 6}
training: {max_epochs: 4, batch_size: 32}
"""
SEARCH = ["search", "small.yaml", "--rungs", "1,2"]


def recorded(folder: Path) -> dict[str, dict[str, Trial]]:
    """Return every trial in the store by its id, and by whether it ended or is paused."""
    with SqliteStore(folder / ".edgebench") as store:
        result = store.load(store.run_ids()[0])
    return {
        name: {trial.trial_id: trial for trial in trials}
        for name, trials in (("ended", result.trials), ("paused", result.paused))
    }


def test_a_search_killed_between_rungs_trains_no_part_again(
    tmp_path: Path, small_suite: Callable[[str], None], typed_in: Typed
) -> None:
    small_suite(SUITE)
    with subprocess.Popen(
        [sys.executable, "-m", "edgebench", *SEARCH],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as search:  # fmt: skip
        assert search.stderr is not None
        lines = (line for line in search.stderr if line.startswith("t0"))
        for _ in range(4):
            assert "paused at" in next(lines)
        search.send_signal(signal.SIGKILL)
    before = recorded(tmp_path)
    assert len(before["paused"]) >= 2

    done = typed_in(tmp_path, *SEARCH, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    after = recorded(tmp_path)
    assert after["paused"] == {}
    assert len(after["ended"]) == 6
    assert summary["trials"]["pruned"] >= 2
    assert summary["trials"]["completed"] >= 1
    assert sum(summary["trials"].values()) == 6
    for trial_id, trial in before["paused"].items():
        ended = after["ended"][trial_id]
        assert ended.hyperparameters == trial.hyperparameters
        assert ended.history[: len(trial.history)] == trial.history
    for trial in after["ended"].values():
        assert trial.note == ""
        assert trial.epochs == len(trial.history)
        assert (trial.epochs == 4) == (trial.status == "completed")
        if trial.status == "pruned":
            assert trial.reason.startswith(f"stopped at {trial.epochs} of 4 epochs: ")
    assert summary["epochs_trained"] == sum(t.epochs for t in after["ended"].values()) < 6 * 4
    front = {member["trial_id"] for member in summary["front"]}
    assert front <= {i for i, trial in after["ended"].items() if trial.status == "completed"}
    kept = {path.name for path in (tmp_path / ".edgebench" / "weights").rglob("*.*")}
    assert not any("checkpoint" in name for name in kept)
    assert kept == {f"{trial_id}.weights.h5" for trial_id in front}
    page = (tmp_path / summary["report"]).read_text()
    assert f"6 trials, {summary['trials']['pruned']} of them pruned, in" in page
