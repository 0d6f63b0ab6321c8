"""A run with every kind of trial in it, as the store holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from edgebench.records import (
    Artifact,
    Constraint,
    FileFacts,
    Goal,
    LayerError,
    Metric,
    Objective,
    Parity,
    RunResult,
    Status,
    Trial,
)
from edgebench.testing.store import (
    example_artifact,
    example_measurement,
    example_run,
    example_trial,
)

OBJECTIVES = (
    Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
    Objective(metric="param_bytes", goal=Goal.MIN, reference=4e6),
    Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0),
)


def trial(
    number: int,
    status: Status,
    hyperparameters: Mapping[str, Any],
    accuracy: float | None,
    param_bytes: float,
    **changes: Any,
) -> Trial:
    metrics = [
        Metric(name="param_bytes", value=param_bytes, unit="bytes"),
        Metric(name="latency_ms", value=1.5, unit="ms", n=2, low=1.25, high=2.0),
        Metric(name="latency_ms@pi4", value=4.5, unit="ms", n=2, low=4.25, high=5.0),
    ]
    if accuracy is not None:
        metrics.append(Metric(name="val_accuracy", value=accuracy, n=287))
    return replace(
        example_trial(number, status=status),
        hyperparameters=hyperparameters,
        metrics=tuple(metrics),
        reason="",
        is_baseline=False,
        finished_utc=f"2025-01-02T03:04:{15 + number}+00:00",
        **changes,
    )


@pytest.fixture
def result() -> RunResult:
    """Four that were trained to the end or not, one beyond its limits, and the baseline."""
    run = example_run("1121-cedar")
    suite = replace(
        run.suite,
        objectives=OBJECTIVES,
        constraints=(Constraint.parse("param_bytes<=1500000"),),
        hyperparameters={"dropout": {"min": 0.0, "max": 0.5}, "optimizer": ["adam", "sgd"]},
    )
    chosen = {"optimizer": "adam", "learning_rate": 0.001, "dropout": 0.25, "se_2": True}
    trials = (
        trial(1, Status.COMPLETED, {**chosen, "se_ratio_2": 16}, 0.9, 400_000.0),
        trial(2, Status.COMPLETED, {**chosen, "se_2": False, "learning_rate": 0.002}, 0.8, 90_000.0),
        trial(3, Status.PRUNED, chosen, 0.5, 500_000.0),
        trial(4, Status.INFEASIBLE, {**chosen, "se_ratio_2": 4}, None, 3_000_000.0, history=(), epochs=0),
        trial(5, Status.FAILED, chosen, None, 600_000.0),
        trial(6, Status.COMPLETED, {"optimizer": "adam"}, 0.85, 800_000.0),
    )  # fmt: skip
    said = {4: "param_bytes 3000000 breaks param_bytes<=1500000", 5: "out of memory"}
    trials = tuple(
        replace(one, reason=said.get(number, ""), is_baseline=number == 6)
        for number, one in enumerate(trials, start=1)
    )
    parity = Parity(
        examples=9, max_abs_diff=0.1, mean_abs_diff=0.01, scores={"cat": 0.5},
        layers=(LayerError(layer="conv", relative=0.1, examples=9),),
    )  # fmt: skip
    files: tuple[Artifact, ...] = tuple(
        replace(example_artifact(number), parity=parity, facts=FileFacts(ops={"CONV_2D int8": 3}))
        for number in (1, 2, 6)
    )
    return RunResult(
        run=replace(run, suite=suite),
        trials=trials,
        artifacts=files,
        measurements={(f.trial_id, f.sha256): (example_measurement(n),) for n, f in zip((1, 2, 6), files, strict=True)},
    )  # fmt: skip
