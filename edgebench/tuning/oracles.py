"""Oracles by name, and how a trial is told to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.errors import UnknownNameError
from edgebench.objectives import scalar_score, total_violation
from edgebench.records import Status, Suite, Trial
from edgebench.suites import ORACLES
from edgebench.tuning.pareto_oracle import VIOLATION, ParetoOracle

SCORE = "score"


class Judge:
    """Asks an oracle for candidates, and tells it of trials in the terms of the suite's objective.

    Args:
        suite: Names the oracle, the objective and the limits.
        space: The template's hyperparameters.

    Raises:
        UnknownNameError: no such oracle.
    """

    def __init__(self, suite: Suite, space: Any) -> None:
        if suite.oracle.name not in ORACLES:
            raise UnknownNameError("an oracle", suite.oracle.name, ORACLES)
        self._suite = suite
        goals = {o.metric: o.goal.value for o in suite.objectives}
        reference = {o.metric: o.reference for o in suite.objectives}
        has_front = suite.objective == "pareto"
        self._oracle = ParetoOracle(
            objectives=goals if has_front else {SCORE: "max"},
            reference=reference if has_front else None,
            max_trials=None,
            hyperparameters=space,
            seed=suite.seed,
            max_consecutive_failed_trials=2**31,
        )

    def ask(self, tuner_id: str) -> tuple[str, dict[str, Any]] | None:
        """Return (the oracle's id, values) of a new candidate, or None when the space is exhausted."""
        asked = self._oracle.create_trial(tuner_id)
        if asked.status != "RUNNING":
            return None
        return asked.trial_id, dict(asked.hyperparameters.values)

    def tell(self, oracle_id: str, trial: Trial) -> None:
        """Let the oracle learn of a trial it asked for."""
        asked = self._oracle.trials[oracle_id]
        metrics = self._metrics(trial)
        if metrics is None:
            asked.status = "FAILED"
        else:
            self._oracle.update_trial(oracle_id, metrics)
            asked.status = "COMPLETED"
        self._oracle.end_trial(asked)

    def replay(self, trial: Trial) -> None:
        """Let the oracle learn of a trial that an earlier process ran."""
        self._oracle.replay(trial.hyperparameters, self._metrics(trial))

    def _metrics(self, trial: Trial) -> Mapping[str, float] | None:
        """Return what the oracle is told, or None for a trial that failed."""
        values = trial.values()
        if trial.status is Status.INFEASIBLE:
            told = {VIOLATION: total_violation(self._suite.constraints, values)}
            if self._suite.objective != "pareto":
                return {SCORE: 0.0, **told}
            return {o.metric: values[o.metric] for o in self._suite.objectives if o.metric in values} | told  # fmt: skip
        if trial.status is not Status.COMPLETED:
            return None
        score = scalar_score(self._suite.objective, self._suite.objectives, values)
        if score is None:
            return {o.metric: values[o.metric] for o in self._suite.objectives}
        return {SCORE: score}
