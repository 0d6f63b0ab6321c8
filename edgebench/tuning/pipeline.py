"""One candidate through the evaluators, cheapest first, to a finished trial."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from edgebench.errors import EdgebenchError, InputError, StoppedError
from edgebench.evaluators import Candidate, Evaluator
from edgebench.objectives import total_violation, violated
from edgebench.records import Constraint, Metric, Status, Trial
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

    def run(self, candidate: Candidate, *, is_baseline: bool = False) -> Trial:
        """Return the finished trial; a failure is its status and reason, never an exception.

        Raises:
            StoppedError: the executor was shut down under it.
        """
        started = now_utc()
        metrics: list[Metric] = []
        facts: dict[str, Any] = {}
        seconds: dict[str, float] = {}
        status, reason = Status.COMPLETED, ""
        for evaluator in self._evaluators:
            clock = time.perf_counter()
            try:
                found = evaluator.evaluate(dataclasses.replace(candidate, known=facts))
            except InputError as error:
                status, reason = Status.INFEASIBLE, _sentence(error)
                break
            except StoppedError:
                raise
            except EdgebenchError as error:
                status, reason = Status.FAILED, _sentence(error)
                break
            except Exception as error:
                LOG.exception("trial %s", candidate.trial_id)
                status, reason = Status.FAILED, f"{type(error).__name__}: {error}"
                break
            finally:
                seconds[evaluator.cost.name.lower()] = time.perf_counter() - clock
            metrics += found.metrics
            facts |= found.facts
            values = {metric.name: metric.value for metric in metrics}
            if not is_baseline and total_violation(self._constraints, values) > 0.0:
                status, reason = Status.INFEASIBLE, "; ".join(violated(self._constraints, values))
                break
        return _trial(candidate, status, reason, metrics, facts, seconds, started, is_baseline)


def now_utc() -> str:
    """Return the time as ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _trial(
    candidate: Candidate,
    status: Status,
    reason: str,
    metrics: list[Metric],
    facts: dict[str, Any],
    seconds: dict[str, float],
    started: str,
    is_baseline: bool,
) -> Trial:
    values = candidate.blueprint.values
    arch_id = str(facts.get("arch_id", ""))
    training = {name: values[name] for name in TRAINING_HYPERPARAMETERS if name in values}
    if "step_s" in facts:
        seconds = {**seconds, "steps": facts["step_s"]}
    return Trial(
        trial_id=candidate.trial_id,
        status=status,
        reason=reason,
        hyperparameters=dict(values),
        arch_id=arch_id,
        candidate_id=candidate_id(arch_id, training) if arch_id else "",
        architecture=str(facts.get("architecture", "")),
        metrics=tuple(metrics),
        epochs=int(facts.get("epochs", 0)),
        history=tuple(facts.get("history", ())),
        is_baseline=is_baseline,
        note=str(facts.get("note", "")),
        started_utc=started,
        finished_utc=now_utc(),
        seconds=seconds,
    )


def _sentence(error: EdgebenchError) -> str:
    return f"{error.message} ({error.why})" if error.why else error.message
