"""Measurements that a device did not give when they were asked for, taken later."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from edgebench.datasets import DatasetSpec
from edgebench.errors import StoppedError
from edgebench.evaluators import Candidate, Findings, LatencyEvaluator
from edgebench.records import Run, Trial
from edgebench.store import SqliteStore
from edgebench.tuning.blueprints import baseline_of, blueprint_of
from edgebench.tuning.pipeline import reason_of
from edgebench.tuning.runs import Stop


class Gaps:
    """Fills what trials lack, one network after the other; what fails again stays missing, for the reason it has now.

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

    @staticmethod
    def opened(trials: Sequence[Trial], names: Sequence[str]) -> list[Trial]:
        """Return the trials, those that a device measured lacking the latency of each that has joined since.

        Args:
            names: What latency is called on each device.
        """
        return [
            dataclasses.replace(
                trial,
                missing={
                    **dict.fromkeys(names, "the device was not asked then"),
                    **trial.missing,
                },
            )
            if any(trial.metric(name) for name in names)
            else trial
            for trial in trials
        ]

    def filled(self, trials: Sequence[Trial], spec: DatasetSpec) -> list[Trial]:
        """Return the trials, with what could be measured of what they lack."""
        return [
            trial if self._stop.requested or not trial.lacks else self._filled(trial, spec)
            for trial in trials
        ]

    def _filled(self, trial: Trial, spec: DatasetSpec) -> Trial:
        found = self._measured(trial, spec)
        metrics = tuple(m for m in found.metrics if trial.metric(m.name) is None)
        with self._store.transaction():
            for metric in metrics:
                self._store.record_metric(self._run.run_id, trial.trial_id, metric)
        missing = {**trial.missing, **found.facts.get("missing", {})}
        return dataclasses.replace(trial, metrics=(*trial.metrics, *metrics), missing=missing)

    def _measured(self, trial: Trial, spec: DatasetSpec) -> Findings:
        suite = self._run.suite
        blueprint = (
            baseline_of(suite, spec)
            if trial.is_baseline
            else blueprint_of(suite, spec, trial.hyperparameters, is_baseline=False)
        )
        candidate = Candidate(
            trial_id=trial.trial_id, blueprint=blueprint, known={"arch_id": trial.arch_id}
        )
        try:
            return self._latency.evaluate(candidate)
        except StoppedError:
            raise
        except Exception as error:  # noqa: BLE001  the other trials are measured all the same
            missing = dict.fromkeys(trial.lacks, reason_of(error))
            return Findings(metrics=(), facts={"missing": missing})
