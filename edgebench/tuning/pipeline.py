"""One candidate through the evaluators, cheapest first, to a finished or paused trial."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from edgebench.errors import EdgebenchError, InputError, StoppedError
from edgebench.evaluators import Candidate, Evaluator, Findings
from edgebench.objectives import total_violation, violated
from edgebench.records import WORK, Constraint, Cost, Status, Trial
from edgebench.templates import TRAINING_HYPERPARAMETERS
from edgebench.tuning.names import candidate_id

LOG = logging.getLogger("edgebench.search")


class Pipeline:
    """Turns candidates into trials. Safe to call from several threads.

    Args:
        evaluators: In any order; they run in ascending cost.
        constraints: After each evaluator, one that is broken ends the trial as infeasible.
    """

    def __init__(self, evaluators: Sequence[Evaluator], constraints: Sequence[Constraint]) -> None:
        self._evaluators = sorted(evaluators, key=lambda evaluator: evaluator.cost)
        self._constraints = constraints

    def run(
        self, candidate: Candidate, *, is_baseline: bool = False, paused: Trial | None = None
    ) -> Trial:
        """Return the ended trial, or the trial as it pauses; a failure is its status and reason, never an exception.

        Args:
            candidate: What to evaluate; a part of its training that pauses leaves the trial running.
            is_baseline: It is held to no limit then.
            paused: The trial as it was put aside; its training alone goes on.

        Raises:
            StoppedError: the executor was shut down under it.
        """
        trial = paused or Trial(
            trial_id=candidate.trial_id,
            status=Status.RUNNING,
            hyperparameters=dict(candidate.blueprint.values),
            is_baseline=is_baseline,
            started_utc=now_utc(),
        )
        facts: dict[str, Any] = {}
        for evaluator in self._evaluators:
            if paused is not None and evaluator.cost < Cost.TRAINING:
                continue
            clock = time.perf_counter()
            try:
                found = evaluator.evaluate(dataclasses.replace(candidate, known=facts))
            except StoppedError:
                raise
            except Exception as error:  # noqa: BLE001  every failure belongs to the trial
                status, reason = _failure(candidate, error)
                return _ended(_timed(trial, evaluator, clock), status, reason)
            facts |= found.facts
            trial = _timed(_with_findings(trial, found), evaluator, clock)
            if _pauses(candidate, evaluator, facts):
                return trial
            if not is_baseline and total_violation(self._constraints, trial.values()) > 0.0:
                reason = "; ".join(violated(self._constraints, trial.values()))
                return _ended(trial, Status.INFEASIBLE, reason)
        return _ended(trial, Status.COMPLETED, "")


def now_utc() -> str:
    """Return the time as ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _with_findings(trial: Trial, found: Findings) -> Trial:
    """Return the trial with what an evaluator found; a metric found again replaces the one before."""
    facts = found.facts
    arch_id = str(facts.get("arch_id", trial.arch_id))
    values = trial.hyperparameters
    training = {name: values[name] for name in TRAINING_HYPERPARAMETERS if name in values}
    metrics = {metric.name: metric for metric in (*trial.metrics, *found.metrics)}
    seconds = trial.seconds
    for name in WORK:
        if f"{name}_s" in facts:
            seconds = _added(seconds, name, facts[f"{name}_s"])
    return dataclasses.replace(
        trial,
        arch_id=arch_id,
        candidate_id=candidate_id(arch_id, training) if arch_id else "",
        architecture=str(facts.get("architecture", trial.architecture)),
        blocks=tuple(facts.get("blocks", trial.blocks)),
        metrics=tuple(metrics.values()),
        epochs=trial.epochs + int(facts.get("epochs", 0)),
        history=tuple(facts.get("history", trial.history)),
        note=str(facts.get("note", trial.note)),
        missing={**trial.missing, **facts.get("missing", {})},
        seconds=seconds,
    )


def _timed(trial: Trial, evaluator: Evaluator, clock: float) -> Trial:
    taken_s = time.perf_counter() - clock
    seconds = _added(trial.seconds, evaluator.cost.name.lower(), taken_s)
    return dataclasses.replace(trial, seconds=seconds)


def _added(seconds: Mapping[str, float], name: str, more_s: float) -> dict[str, float]:
    return {**seconds, name: seconds.get(name, 0.0) + more_s}


def _ended(trial: Trial, status: Status, reason: str) -> Trial:
    return dataclasses.replace(trial, status=status, reason=reason, finished_utc=now_utc())


def _pauses(candidate: Candidate, evaluator: Evaluator, facts: Mapping[str, Any]) -> bool:
    part = candidate.part
    is_trained = evaluator.cost is Cost.TRAINING
    return is_trained and part is not None and part.pauses and not facts.get("is_over", True)


def _failure(candidate: Candidate, error: Exception) -> tuple[Status, str]:
    if not isinstance(error, EdgebenchError):
        LOG.error("trial %s", candidate.trial_id, exc_info=error)
    status = Status.INFEASIBLE if isinstance(error, InputError) else Status.FAILED
    return status, reason_of(error)


def reason_of(error: Exception) -> str:
    """Return what a trial's record says of a failure."""
    if isinstance(error, EdgebenchError):
        return sentence_of(error)
    return f"{type(error).__name__}: {error}"


def sentence_of(error: EdgebenchError) -> str:
    return f"{error.message} ({error.why})" if error.why else error.message
