"""The tables that are written beside a report: one row a trial, one row a member of the front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edgebench.records import METRICS, Metric, RunResult, Trial, metric_kind
from edgebench.report.view import RunView

LEADING = ("trial_id", "status", "reason", "arch_id", "architecture", "is_baseline")
ENDS = ("", "_low", "_high", "_n")


def trials_frame(result: RunResult) -> pd.DataFrame:
    """Return one row an ended trial, the baseline last.

    Columns: trial_id, status, reason, arch_id, architecture, is_baseline; every metric that any trial has, the
    measured ones with ``_low``, ``_high`` and ``_n`` (blocks of a latency, trainings of an accuracy); epochs, seconds; hyperparameters as ``hp.NAME``.
    """
    return trials_table(RunView.of(result))


def trials_table(view: RunView) -> pd.DataFrame:
    """Return `trials_frame` of a run that was judged already."""
    return _frame(trial_rows(view))


def trial_rows(view: RunView) -> list[dict[str, Any]]:
    """Return one flat mapping an ended trial, the baseline last, with what is known of it alone."""
    return [_row(trial, view.metrics(trial)) for trial in view.ended]


def front_frame(result: RunResult) -> pd.DataFrame:
    """Return one row a member of the front, best first objective first: as `trials_frame`, with certain and pick."""
    return front_table(RunView.of(result))


def front_table(view: RunView) -> pd.DataFrame:
    """Return `front_frame` of a run that was judged already."""
    rows = [
        _row(member.trial, member.metrics)
        | {"certain": member.certain, "pick": view.is_pick(member.trial.trial_id)}
        for member in view.front
    ]
    return _frame(rows, leading=(*LEADING, "certain", "pick"))


def _row(trial: Trial, metrics: Mapping[str, Metric]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "trial_id": trial.trial_id,
        "status": trial.status.value,
        "reason": trial.reason,
        "arch_id": trial.arch_id,
        "architecture": trial.architecture,
        "is_baseline": trial.is_baseline,
        "epochs": trial.epochs,
        "seconds": trial.elapsed_s,
    }
    for name, metric in metrics.items():
        is_whole = metric_kind(name).unit == "bytes" or name in (
            "trainable_params",
            "total_params",
            "macs",
        )
        row[name] = int(metric.value) if is_whole and metric.value.is_integer() else metric.value
        if metric.low is not None and metric.high is not None:
            row[f"{name}_low"], row[f"{name}_high"] = metric.low, metric.high
            row[f"{name}_n"] = metric.n
    return row | {f"hp.{name}": value for name, value in trial.hyperparameters.items()}


def _frame(rows: list[dict[str, Any]], leading: tuple[str, ...] = LEADING) -> pd.DataFrame:
    present = {column for row in rows for column in row}
    elsewhere = sorted(c for c in present if "@" in c and not c.endswith(ENDS[1:]))
    measured = [f"{name}{end}" for name in (*METRICS, *elsewhere) for end in ENDS]
    columns = [
        *leading,
        *(column for column in measured if column in present),
        "epochs",
        "seconds",
        *sorted(column for column in present if column.startswith("hp.")),
    ]
    return pd.DataFrame(rows, columns=columns, dtype=object)
