"""Measurements taken later: what fails again stays missing, and keeps no other trial from its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgebench.datasets import DatasetSpec
from edgebench.errors import WorkError
from edgebench.evaluators import Candidate, Findings
from edgebench.records import Metric, Status, Trial
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run
from edgebench.tuning.gaps import Gaps
from edgebench.tuning.runs import Stop

SPEC = DatasetSpec(
    name="digits", task="classification", input_shapes=((32, 32, 3),), classes=10,
    labels=tuple("0123456789"), normalisation="none", source="test",
)  # fmt: skip
LATENCY = Metric(name="latency_ms", value=1.0, unit="ms")


class Latency:
    """Stands where the evaluator does: one network does not run, the device gives nothing for another."""

    def evaluate(self, candidate: Candidate) -> Findings:
        if candidate.trial_id == "t001":
            raise WorkError("it took too much memory")
        if candidate.trial_id == "t002":
            return Findings(metrics=(), facts={"missing": {"latency_ms": "still away"}})
        return Findings(metrics=(LATENCY,), facts={"missing": {}})


def test_trial_that_cannot_be_measured_keeps_no_other_from_it(tmp_path: Path) -> None:
    run = example_run()
    run = replace(run, suite=replace(run.suite, hyperparameters={}, template_options={}))
    trials = [
        Trial(
            trial_id=name,
            status=Status.COMPLETED,
            hyperparameters={},
            is_baseline=True,
            missing={"latency_ms": "away"},
        )
        for name in ("t001", "t002", "t003")
    ]
    with SqliteStore(tmp_path) as store:
        store.save_run(run)
        for trial in trials:
            store.record_trial(run.run_id, trial)
        filled = Gaps(run, store, Latency(), Stop()).filled(trials, SPEC)
        assert [trial.lacks for trial in filled] == [
            {"latency_ms": "it took too much memory"},
            {"latency_ms": "still away"},
            {},
        ]
        assert [t.metric("latency_ms") for t in store.load(run.run_id).trials] == [
            None,
            None,
            LATENCY,
        ]


def test_device_that_joined_since_is_asked_for_what_others_measured() -> None:
    measured = Trial(
        trial_id="t001", status=Status.COMPLETED, hyperparameters={}, metrics=(LATENCY,)
    )
    unmeasured = replace(measured, trial_id="t002", status=Status.INFEASIBLE, metrics=())
    failed = replace(measured, trial_id="t003", status=Status.FAILED)
    opened = Gaps.opened([measured, unmeasured, failed], ["latency_ms", "latency_ms@pi4"])
    assert [list(trial.lacks) for trial in opened] == [["latency_ms@pi4"], [], []]
