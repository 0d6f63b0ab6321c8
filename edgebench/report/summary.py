"""The summary document: what ``search --json`` prints and ``summary.json`` holds."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from edgebench.objectives import Member
from edgebench.records import Measurement, Metric, RunResult, Status, Trial
from edgebench.report.document import (
    Baseline,
    File,
    FileLatency,
    FrontMember,
    LatencyMetric,
    Metrics,
    Summary,
)
from edgebench.report.view import RunView, ScoredFile

PLAIN_METRICS = ("trainable_params", "param_bytes", "macs")
WHOLE_METRICS = ("trainable_params", "param_bytes", "macs")


def summarise(result: RunResult, *, report_dir: Path) -> Summary:
    """Return the summary document of one run; what is not known is None. ``accuracy`` of a file is the
    score of the run's task, whose name stands among the metrics: ``test_iou`` of masks, ``test_map`` of boxes.

    Trial counts and the hypervolume leave out the baseline and trials still running; ``epochs_trained`` is the
    sum over all trials, paused ones and the baseline too, and over repeats. Nothing is read or written.

    Args:
        result: The run.
        report_dir: Folder of the run's report, as it is to be written in the paths.
    """
    return summarise_view(RunView.of(result), report_dir=report_dir)


def summarise_view(view: RunView, *, report_dir: Path) -> Summary:
    """Return `summarise` of a run that was judged already."""
    run, result = view.run, view.result
    return {
        "schema_version": 1,
        "run_id": run.run_id,
        "suite": run.suite.name,
        "objective": run.suite.objective,
        "oracle": run.suite.oracle.name,
        "seed": run.suite.seed,
        "status": run.status,
        "trials": {
            "completed": view.count(Status.COMPLETED),
            "pruned": view.count(Status.PRUNED),
            "infeasible": view.count(Status.INFEASIBLE),
            "failed": view.count(Status.FAILED),
        },
        "epochs_trained": sum(trial.epochs for trial in (*result.trials, *result.paused))
        + sum(repeat.epochs for repeat in result.repeats),
        "wall_s": run.wall_s,
        "hypervolume": list(view.hypervolume),
        "front": [_member(view, member, report_dir) for member in view.front],
        "pick": view.pick.trial.trial_id if view.pick else None,
        "baseline": _baseline(view, report_dir),
        "report": (report_dir / "index.html").as_posix(),
    }


def as_json(document: Any) -> str:
    """Return ``document`` as readable, strict JSON: a number that is not finite becomes null."""
    return json.dumps(as_plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_plain(value: Any) -> Any:
    """Return records, enums, mappings and sequences as plain JSON types; anything else as its text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [as_plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> str | bool | int | float | None:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    return str(value)


def _member(view: RunView, member: Member, report_dir: Path) -> FrontMember:
    trial = member.trial
    return {
        "trial_id": trial.trial_id,
        "arch_id": trial.arch_id,
        "hyperparameters": as_plain(trial.hyperparameters),
        "certain": member.certain,
        "metrics": _metrics(view, trial),
        "pick": view.is_pick(trial.trial_id),
        "artifacts": _artifacts(view, trial, report_dir),
    }


def _baseline(view: RunView, report_dir: Path) -> Baseline | None:
    if view.baseline is None:
        return None
    return {
        "template": view.run.suite.baseline or view.baseline.trial_id,
        "metrics": _metrics(view, view.baseline),
        "artifacts": _artifacts(view, view.baseline, report_dir),
    }


def _metrics(view: RunView, trial: Trial) -> Metrics:
    known = view.metrics(trial)
    document: Metrics = {
        name: _number(name, known[name].value) if name in known else None
        for name in (*view.trained, *PLAIN_METRICS)
    }
    if mean := view.repeated(trial):
        document[f"{mean.name}_low"] = mean.low
        document[f"{mean.name}_high"] = mean.high
        document[f"{mean.name}_n"] = mean.n
    document["latency_ms"] = None
    for name, metric in sorted(known.items()):
        plain, _, device = name.partition("@")
        if plain == "latency_ms":
            document[name] = _measured(view, trial, metric, device or view.main_device)
    return document


def _measured(view: RunView, trial: Trial, latency: Metric, device: str) -> LatencyMetric:
    source = view.latency_source(trial.trial_id, latency, device)
    plan = view.run.suite.latency
    return {
        "value": latency.value,
        "low": latency.low,
        "high": latency.high,
        "device": device,
        "runtime": source.environment.runtime if source else plan.runtime,
        "precision": plan.precision.value,
    }


def _number(name: str, value: float) -> float | int:
    return int(value) if name in WHOLE_METRICS and value.is_integer() else value


def _artifacts(view: RunView, trial: Trial, report_dir: Path) -> list[File]:
    return [_artifact(file, report_dir) for file in view.files(trial.trial_id)]


def _artifact(file: ScoredFile, report_dir: Path) -> File:
    artifact = file.artifact
    return {
        "format": artifact.format.value,
        "precision": artifact.precision.value,
        "path": (report_dir / "models" / artifact.file_name).as_posix(),
        "sha256": artifact.sha256,
        "bytes": artifact.size_bytes,
        "accuracy": artifact.accuracy,
        "max_abs_diff": artifact.max_abs_diff,
        "flagged": file.is_flagged,
        "parity": as_plain(artifact.parity),
        "facts": as_plain(artifact.facts),
        "latency": [_latency(measurement) for measurement in file.measurements],
    }


def _latency(measurement: Measurement) -> FileLatency:
    return {
        "device": measurement.device,
        "runtime": measurement.environment.runtime,
        "p50_ms": measurement.p50_ms,
        "p50_low_ms": measurement.p50_low_ms,
        "p50_high_ms": measurement.p50_high_ms,
        "p90_ms": measurement.p90_ms,
        "valid": measurement.valid,
    }
