"""Which trained weights are kept."""

from __future__ import annotations

import dataclasses

import pytest

from edgebench.records import (
    DataPlan,
    Goal,
    Metric,
    Objective,
    Repeat,
    Run,
    RunResult,
    Status,
    Suite,
    Trial,
)
from edgebench.tuning.weights import (
    prune_checkpoints,
    prune_weights,
    shipped_weights,
    sweep_weights,
    weights_path,
)

SUITE = Suite(
    name="s",
    template="squeezenet-auto",
    data=DataPlan(name="digits"),
    objectives=(
        Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
        Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0),
    ),
)


def trial(trial_id: str, accuracy: float, latency_ms: float, *, is_baseline: bool = False) -> Trial:
    return Trial(
        trial_id=trial_id,
        status=Status.COMPLETED,
        hyperparameters={},
        is_baseline=is_baseline,
        metrics=(
            Metric(name="val_accuracy", value=accuracy),
            Metric(name="latency_ms", value=latency_ms, unit="ms"),
        ),
    )


def kept(tmp_path, trials):
    for one in trials:
        weights_path(tmp_path, one.trial_id).write_bytes(b"w")
    prune_weights(tmp_path, trials, SUITE)
    return {path.name.split(".")[0] for path in tmp_path.iterdir()}


def test_only_what_may_still_win_and_the_baseline_stay(tmp_path):
    trials = [
        trial("base", 0.2, 9.0, is_baseline=True),
        trial("t001", 0.9, 2.0),
        trial("t002", 0.8, 1.0),
        trial("t003", 0.85, 2.2),
        trial("t004", 0.7, 5.0),
    ]
    assert kept(tmp_path, trials) == {"base", "t001", "t002", "t003"}


def test_weights_of_a_running_trial_are_left_alone(tmp_path):
    weights_path(tmp_path, "t009").write_bytes(b"w")
    assert kept(tmp_path, [trial("t001", 0.9, 2.0)]) == {"t001", "t009"}


def test_checkpoints_are_kept_for_those_that_go_on_alone(tmp_path):
    names = ("t001.checkpoint.npz", "t002.checkpoint.npz", "t001.weights.h5")
    partial = ("partial-t002.checkpoint.npz", "partial-t003.checkpoint.npz")
    for name in (*names, *partial):
        (tmp_path / name).write_bytes(b"x")
    prune_checkpoints(tmp_path, {"t002"})
    assert {path.name for path in tmp_path.iterdir()} == {
        "t001.weights.h5", "t002.checkpoint.npz", "partial-t002.checkpoint.npz",
    }  # fmt: skip


def test_what_a_killed_process_left_is_swept_at_the_start(tmp_path):
    kept = {"t001.weights.h5", "t001-seed9.weights.h5", "t003.checkpoint.npz", "t003.weights.h5"}
    left = {"t002.weights.h5", "t002.checkpoint.npz", "partial-t001.weights.h5"}
    for name in kept | left:
        (tmp_path / name).write_bytes(b"x")
    sweep_weights(tmp_path, {"base", "t001", "t003"})
    assert {path.name for path in tmp_path.iterdir()} == kept


@pytest.mark.parametrize(
    ("watch", "shipped"), [("val_iou", "t001.weights.h5"), ("val_loss", "t001-seed5.weights.h5")]
)
def test_of_two_trainings_the_worse_one_ships(tmp_path, watch, shipped):
    goal = Goal.MIN if watch == "val_loss" else Goal.MAX
    objectives = (Objective(metric=watch, goal=goal, reference=1.0),)
    plan = dataclasses.replace(SUITE.training, watch=watch)
    suite = dataclasses.replace(SUITE, objectives=objectives, training=plan)
    trial = Trial(
        trial_id="t001",
        status=Status.COMPLETED,
        hyperparameters={},
        metrics=(Metric(name=watch, value=0.3),),
    )
    repeat = Repeat(trial_id="t001", seed=5, accuracy=0.4)
    result = RunResult(
        run=Run(run_id="r", suite=suite, suite_hash="h"),
        trials=(trial,),
        artifacts=(),
        measurements={},
        repeats=(repeat,),
    )
    assert shipped_weights(tmp_path, trial, result).name == shipped
