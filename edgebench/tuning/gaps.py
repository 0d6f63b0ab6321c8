"""Measurements that a device did not give when they were asked for, taken later."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from edgebench.datasets import DatasetSpec
from edgebench.evaluators import Candidate, LatencyEvaluator
from edgebench.records import Metric, Run, Trial
from edgebench.store import SqliteStore
from edgebench.tuning.blueprints import baseline_of, blueprint_of
from edgebench.tuning.runs import Stop


class Gaps:
    """Fills what trials lack, one network after the other; what fails again stays missing.

    Args:
        run: Whose trials.
        store: Gets each metric as it is measured.
        latency: Measures; it knows what it measured before.
        stop: Looked at between trials.
    """

    def __init__(self, run: Run, store: SqliteStore, latency: LatencyEvaluator, stop: Stop) -> None:
        self._run = run
        self._store = store
        self._latency = latency
        self._stop = stop

    def filled(self, trials: Sequence[Trial], spec: DatasetSpec) -> list[Trial]:
        """Return the trials, with what could be measured of what they lack."""
        return [
            trial if self._stop.requested or not trial.lacks else self._filled(trial, spec)
            for trial in trials
        ]

    def _filled(self, trial: Trial, spec: DatasetSpec) -> Trial:
        metrics = tuple(self._measured(trial, spec))
        with self._store.transaction():
            for metric in metrics:
                self._store.record_metric(self._run.run_id, trial.trial_id, metric)
        return dataclasses.replace(trial, metrics=(*trial.metrics, *metrics))

    def _measured(self, trial: Trial, spec: DatasetSpec) -> Iterator[Metric]:
        suite = self._run.suite
        blueprint = (
            baseline_of(suite, spec)
            if trial.is_baseline
            else blueprint_of(suite, spec, trial.hyperparameters, is_baseline=False)
        )
        candidate = Candidate(
            trial_id=trial.trial_id, blueprint=blueprint, known={"arch_id": trial.arch_id}
        )
        for metric in self._latency.evaluate(candidate).metrics:
            if trial.metric(metric.name) is None:
                yield metric
