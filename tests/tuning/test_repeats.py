"""Which trainings are repeated, how often, and what of them ships."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from edgebench.datasets import DatasetSpec
from edgebench.errors import EdgebenchError, WorkError
from edgebench.evaluators import Findings, TrainingJob
from edgebench.executors import InlineExecutor
from edgebench.records import DataPlan, Goal, Metric, Objective, Run, Status, Suite, Trial
from edgebench.store import SqliteStore
from edgebench.tuning.observer import SilentObserver
from edgebench.tuning.repeats import Repeats
from edgebench.tuning.runs import Stop
from edgebench.tuning.weights import keep_shipped, prune_weights, shipped_weights, weights_path

SUITE = Suite(
    name="s",
    template="mlp-auto",
    data=DataPlan(name="digits"),
    objectives=(
        Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
        Objective(metric="param_bytes", goal=Goal.MIN, reference=1e6),
    ),
    seed=7,
    repeats=3,
)
SPEC = DatasetSpec(
    name="digits", task="classification", input_shapes=((8, 8, 1),), classes=10,
    labels=tuple("0123456789"), normalisation="none", source="test",
)  # fmt: skip


def trial(trial_id: str, accuracy: float, size: float, **changes: object) -> Trial:
    metrics = (
        Metric(name="val_accuracy", value=accuracy, n=287),
        Metric(name="param_bytes", value=size, unit="bytes"),
    )
    made = Trial(trial_id=trial_id, status=Status.COMPLETED, hyperparameters={}, metrics=metrics)
    return replace(made, **changes)


class Trainer(InlineExecutor):
    """Answers each training with what ``answer`` makes of its trial and seed, and leaves its weights."""

    def __init__(self, answer: Callable[[str, int], float | EdgebenchError]) -> None:
        self.answer = answer
        self.jobs: list[TrainingJob] = []

    @property
    def asked(self) -> list[tuple[str, int]]:
        return [(trial_of(job), job.blueprint.seed) for job in self.jobs]

    def submit(self, fn: Callable, job: TrainingJob) -> Future:
        del fn
        return super().submit(self._train, job)

    def _train(self, job: TrainingJob) -> Findings:
        self.jobs.append(job)
        answer = self.answer(trial_of(job), job.blueprint.seed)
        if isinstance(answer, EdgebenchError):
            raise answer
        Path(job.weights_path).write_bytes(b"weights")
        metric = Metric(name="val_accuracy", value=answer, n=287)
        return Findings(metrics=(metric,), facts={"epochs": 2, "history": (0.1, answer)})


class Watch(SilentObserver):
    def __init__(self) -> None:
        self.phases: list[tuple[str, int, int]] = []

    def phase(self, name: str, done: int, total: int) -> None:
        self.phases.append((name, done, total))


def trial_of(job: TrainingJob) -> str:
    return Path(job.weights_path).name.split("-seed")[0]


@pytest.fixture
def store(tmp_path: Path):
    with SqliteStore(tmp_path) as opened:
        yield opened


def run_with(store: SqliteStore, trials: list[Trial], suite: Suite = SUITE) -> Run:
    run = Run(run_id="r", suite=suite, suite_hash="h")
    store.save_run(run)
    for one in trials:
        store.record_trial("r", one)
        weights_path(store.weights_dir("r"), one.trial_id).write_bytes(b"weights")
    return run


def repeat(run: Run, store: SqliteStore, trainer: Trainer, watch: Watch | None = None) -> None:
    Repeats(run, store, trainer, watch or Watch(), Stop()).train(SPEC)


TRIALS = [
    trial("t001", 0.90, 2e4),
    trial("t002", 0.88, 3e4),
    trial("t003", 0.20, 3e4),
    trial("t004", 0.85, 1e4),
]
STEADY = {"t001": 0.90, "t002": 0.88, "t004": 0.85}


def wavering(trial_id: str, seed: int) -> float:
    return STEADY[trial_id] + (0.02 if seed == 1007 else -0.02)


def test_members_come_first_then_whoever_is_within_reach(store: SqliteStore) -> None:
    run, trainer, watch = run_with(store, TRIALS), Trainer(wavering), Watch()
    repeat(run, store, trainer, watch)
    assert trainer.asked == [
        ("t001", 1007), ("t001", 2007), ("t004", 1007), ("t004", 2007),
        ("t002", 1007), ("t002", 2007),
    ]  # fmt: skip
    kept = store.load("r").repeats
    assert [(r.trial_id, r.seed, r.epochs) for r in kept] == [
        (name, seed, 2) for name in ("t001", "t002", "t004") for seed in (1007, 2007)
    ]
    assert watch.phases[:2] == [("repeats", 0, 4), ("repeat 2 of 3 of t001", 1, 4)]
    assert watch.phases[-1] == ("repeat 3 of 3 of t002", 2, 2)


def test_what_is_recorded_is_not_trained_again(store: SqliteStore) -> None:
    run, first = run_with(store, TRIALS), Trainer(wavering)

    class Killing(Watch):
        def phase(self, name: str, done: int, total: int) -> None:
            if done == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repeat(run, store, first, Killing())
    done = {(r.trial_id, r.seed) for r in store.load("r").repeats}
    assert len(done) == 3
    second = Trainer(wavering)
    repeat(run, store, second)
    assert not done & set(second.asked)
    assert len(done) + len(second.asked) == 6
    third = Trainer(wavering)
    repeat(run, store, third)
    assert third.asked == []


def test_one_training_each_is_the_default(store: SqliteStore) -> None:
    run, trainer = run_with(store, TRIALS, replace(SUITE, repeats=1)), Trainer(wavering)
    repeat(run, store, trainer)
    assert trainer.asked == []


def test_a_repeat_that_fails_is_recorded_and_not_tried_again(store: SqliteStore) -> None:
    run = run_with(store, TRIALS[:1])

    def answer(trial_id: str, seed: int) -> float | EdgebenchError:
        return WorkError("the loss is NaN", why="too fast") if seed == 1007 else 0.8

    trainer = Trainer(answer)
    repeat(run, store, trainer)
    repeat(run, store, trainer)
    assert trainer.asked == [("t001", 1007), ("t001", 2007)]
    failed, good = store.load("r").repeats
    assert (failed.accuracy, failed.reason) == (None, "the loss is NaN (too fast)")
    assert good.accuracy == 0.8


def test_a_repeat_trains_as_long_as_its_oracle_let_the_trial(store: SqliteStore) -> None:
    part = replace(TRIALS[0], oracle_state={"tuner/epochs": 3})
    trainer = Trainer(wavering)
    repeat(run_with(store, [part]), store, trainer)
    assert [job.until_epoch for job in trainer.jobs] == [3, 3]


def test_nothing_is_begun_once_the_user_asked_to_stop(store: SqliteStore) -> None:
    run, trainer, stop = run_with(store, TRIALS), Trainer(wavering), Stop()
    stop.request()
    Repeats(run, store, trainer, Watch(), stop).train(SPEC)
    assert trainer.asked == []


def test_the_median_training_ships_and_no_other_weights_stay(store: SqliteStore) -> None:
    run = run_with(store, [*TRIALS, trial("base", 0.5, 9e4, is_baseline=True)])
    folder = store.weights_dir("r")
    prune_weights(folder, store.load("r").trials, run.suite)
    assert len(list(folder.iterdir())) == 5

    def answer(trial_id: str, seed: int) -> float:
        return {1007: STEADY[trial_id] - 0.01, 2007: STEADY[trial_id] - 0.02}[seed]

    repeat(run, store, Trainer(answer))
    result = store.load("r")
    shipped = weights_path(folder, "t001", 1007)
    assert shipped_weights(folder, TRIALS[0], result) == shipped
    keep_shipped(folder, result)
    assert {path.name for path in folder.iterdir()} == {
        "base.weights.h5", "t001-seed1007.weights.h5", "t002-seed1007.weights.h5",
        "t004-seed1007.weights.h5",
    }  # fmt: skip
    assert shipped_weights(folder, TRIALS[0], result) == shipped


def test_trial_that_lacks_a_measurement_keeps_its_weights(store: SqliteStore) -> None:
    run_with(store, [trial("t001", 0.9, 2e4, missing={"latency_ms": "away"}), TRIALS[1]])
    folder = store.weights_dir("r")
    keep_shipped(folder, store.load("r"))
    assert [path.name for path in folder.iterdir()] == ["t001.weights.h5"]


def test_of_two_trainings_the_lower_ships(store: SqliteStore) -> None:
    run = run_with(store, TRIALS[:1], replace(SUITE, repeats=2))
    repeat(run, store, Trainer(lambda *_: 0.95))
    folder, result = store.weights_dir("r"), store.load("r")
    assert shipped_weights(folder, TRIALS[0], result) == weights_path(folder, "t001")
