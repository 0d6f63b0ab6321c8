"""Repeats through the real command: the front is trained again, killed, resumed, and shipped as its median training."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgebench import datasets
from edgebench.objectives import mean_accuracy, pooled_spread
from edgebench.records import RunResult
from edgebench.store import SqliteStore
from edgebench.tasks import Classification

Typed = Callable[..., subprocess.CompletedProcess[str]]
SUITE = """
objectives: {val_accuracy: max, param_bytes: min}
reference: {val_accuracy: 0.0, param_bytes: 4000000}
oracle: {name: random, max_trials: 3}
training: {max_epochs: 2, batch_size: 32}
"""
SEARCH = ["search", "small.yaml", "--repeats", "2"]


def recorded(folder: Path) -> RunResult:
    with SqliteStore(folder / ".edgebench") as store:
        (run_id,) = store.run_ids()
        return store.load(run_id)


def accuracies_of(result: RunResult, trial_id: str, weights: Path) -> tuple[float, float]:
    """Return (validation, test) accuracy of the network with these weights."""
    from edgebench.tuning.blueprints import blueprint_of

    suite = result.run.suite
    data = datasets.load_dataset(suite.data, suite.seed)
    (trial,) = (trial for trial in result.trials if trial.trial_id == trial_id)
    model = blueprint_of(suite, data.spec, trial.hyperparameters, is_baseline=False).build()
    model.load_weights(weights)
    validation, test = (
        Classification().score([model.predict(part.x, verbose=0)], part.y)
        for part in (data.validation(), data.test())
    )
    return validation, test


def test_the_front_is_trained_again_and_a_killed_search_repeats_nothing_twice(
    tmp_path: Path, small_suite: Callable[[str], None], typed_in: Typed
) -> None:
    small_suite(SUITE)
    command = [sys.executable, "-m", "edgebench", *SEARCH]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as search:
        assert search.stderr is not None
        first = next(line for line in search.stderr if line.startswith("repeat 2 of 2 of t0"))
        search.send_signal(signal.SIGKILL)
    before = recorded(tmp_path)
    assert len(before.trials) == 3
    assert first.split()[5] in {repeat.trial_id for repeat in before.repeats}

    done = typed_in(tmp_path, *SEARCH, "--json")
    assert done.returncode == 0, done.stderr
    summary, after = json.loads(done.stdout), recorded(tmp_path)
    assert set(before.repeats) <= set(after.repeats)
    again = [line for line in done.stderr.splitlines() if line.startswith("repeat 2 of 2")]
    assert len(again) == len(after.repeats) - len(before.repeats)
    assert summary["epochs_trained"] == 2 * (3 + len(after.repeats))

    repeats = {repeat.trial_id: repeat for repeat in after.repeats}
    assert len(repeats) == len(after.repeats)
    assert {repeat.seed for repeat in after.repeats} == {1003}
    trials = {trial.trial_id: trial for trial in after.trials}
    weights = tmp_path / ".edgebench" / "weights" / summary["run_id"]
    assert len(list(weights.iterdir())) == len(repeats)
    pooled = pooled_spread(
        [[trials[i].values()["val_accuracy"], repeat.accuracy] for i, repeat in repeats.items()]
    )
    for member in summary["front"]:
        trial_id, metrics = member["trial_id"], member["metrics"]
        repeat = repeats[trial_id]
        trainings = [trials[trial_id].values()["val_accuracy"], repeat.accuracy]
        assert metrics["val_accuracy"] == pytest.approx(statistics.fmean(trainings))
        mean = mean_accuracy(trainings, pooled)
        assert (metrics["val_accuracy_low"], metrics["val_accuracy_high"]) == (mean.low, mean.high)
        assert metrics["val_accuracy_n"] == 2
        (kept,) = weights.glob(f"{trial_id}*")
        assert kept.name in (f"{trial_id}.weights.h5", f"{trial_id}-seed1003.weights.h5")
        validation, test = accuracies_of(after, trial_id, kept)
        assert validation == pytest.approx(min(trainings), abs=1e-9)
        (file,) = member["artifacts"]
        assert file["accuracy"] == pytest.approx(test, abs=0.006)
    page = (tmp_path / summary["report"]).read_text()
    assert "is the mean of several trainings" in page
    assert " of 2</small>" in page
