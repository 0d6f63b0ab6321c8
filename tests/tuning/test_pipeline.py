"""A candidate through the evaluators: order, limits, failures."""

from __future__ import annotations

import pytest

from edgebench.errors import InputError, StoppedError, WorkError
from edgebench.evaluators import Blueprint, Candidate, Findings, FixedEvaluator
from edgebench.records import Constraint, Cost, DrawnBlock, Metric, Status
from edgebench.tuning.pipeline import Pipeline

CANDIDATE = Candidate(
    trial_id="t001",
    blueprint=Blueprint(
        template="squeezenet-auto",
        input_shapes=((32, 32, 3),),
        classes=10,
        values={"set1_pairs": 1, "optimizer": "adam", "dropout": 0.1},
    ),
)

BLOCKS = (DrawnBlock(name="fire2", label="fire2", kind="conv"),)


def evaluators():
    size = Findings(
        metrics=(Metric(name="param_bytes", value=1000.0),),
        facts={"arch_id": "abc", "architecture": "fire2 3", "blocks": BLOCKS},
    )
    latency = Findings(
        metrics=(
            Metric(name="latency_ms", value=2.0),
            Metric(name="latency_p90_ms", value=3.0),
        )
    )
    accuracy = Findings(
        metrics=(Metric(name="val_accuracy", value=0.9),),
        facts={"epochs": 4, "history": (0.5, 0.9), "steps_s": 1.5, "note": "trained again"},
    )
    return (
        FixedEvaluator(Cost.FREE, size),
        FixedEvaluator(Cost.DEVICE, latency),
        FixedEvaluator(Cost.TRAINING, accuracy),
    )


class Failing(FixedEvaluator):
    def __init__(self, cost, error):
        super().__init__(cost, Findings(metrics=()))
        self.error = error

    def evaluate(self, candidate):
        super().evaluate(candidate)
        raise self.error


def test_all_evaluators_make_a_completed_trial():
    free, device, training = evaluators()
    trial = Pipeline([training, device, free], ()).run(CANDIDATE)
    assert trial.status is Status.COMPLETED
    assert [m.name for m in trial.metrics] == [
        "param_bytes", "latency_ms", "latency_p90_ms", "val_accuracy",
    ]  # fmt: skip
    assert (trial.arch_id, trial.architecture) == ("abc", "fire2 3")
    assert trial.blocks == BLOCKS
    assert (trial.epochs, trial.history) == (4, (0.5, 0.9))
    assert (trial.note, trial.reason) == ("trained again", "")
    assert set(trial.seconds) == {"free", "device", "training", "steps"}
    assert trial.started_utc <= trial.finished_utc


def test_a_broken_limit_ends_the_trial_before_anything_dearer():
    free, device, training = evaluators()
    limits = [Constraint.parse("param_bytes<=500")]
    trial = Pipeline([free, device, training], limits).run(CANDIDATE)
    assert trial.status is Status.INFEASIBLE
    assert "param_bytes 1000 breaks param_bytes<=500" in trial.reason
    assert not device.asked
    assert not training.asked


def test_a_latency_limit_holds_for_the_ninetieth_percentile():
    free, device, training = evaluators()
    limits = [Constraint.parse("latency_ms<=2.5")]
    trial = Pipeline([free, device, training], limits).run(CANDIDATE)
    assert trial.status is Status.INFEASIBLE
    assert not training.asked


def test_the_baseline_is_held_to_no_limit():
    limits = [Constraint.parse("param_bytes<=500")]
    trial = Pipeline(evaluators(), limits).run(CANDIDATE, is_baseline=True)
    assert trial.status is Status.COMPLETED
    assert trial.is_baseline


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (WorkError("boom", why="because"), Status.FAILED),
        (InputError("the input is too small"), Status.INFEASIBLE),
        (ZeroDivisionError("a bug"), Status.FAILED),
    ],
)
def test_an_error_is_the_trials_own(error, status):
    free, _, training = evaluators()
    trial = Pipeline([free, Failing(Cost.DEVICE, error), training], ()).run(CANDIDATE)
    assert trial.status is status
    assert str(error) in trial.reason
    assert trial.metric("param_bytes") is not None
    assert not training.asked


def test_a_stop_is_passed_on():
    with pytest.raises(StoppedError):
        Pipeline([Failing(Cost.FREE, StoppedError("stopped"))], ()).run(CANDIDATE)


def test_candidates_differ_by_how_they_are_trained_and_by_nothing_else():
    import dataclasses

    def identity(**values):
        blueprint = dataclasses.replace(
            CANDIDATE.blueprint, values={**CANDIDATE.blueprint.values, **values}
        )
        candidate = dataclasses.replace(CANDIDATE, blueprint=blueprint)
        return Pipeline(evaluators(), ()).run(candidate).candidate_id

    assert identity() == identity(set1_pairs=1)
    assert identity() != identity(optimizer="sgd")
    assert identity() != identity(dropout=0.2)
