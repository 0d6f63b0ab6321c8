"""What other programs are told of a trial: plain numbers, words and times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edgebench.records import Run, Trial
from edgebench.report import RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When something began and ended; both are the epoch where nobody wrote it down."""

    start: datetime
    end: datetime


def run_span(run: Run) -> Span:
    start = _time(run.started_utc) or datetime.fromtimestamp(0, UTC)
    return Span(start=start, end=datetime.fromtimestamp(start.timestamp() + run.wall_s, UTC))


def trial_span(trial: Trial, run: Run) -> Span:
    start = _time(trial.started_utc) or run_span(run).start
    return Span(start=start, end=_time(trial.finished_utc) or start)


def numbers(view: RunView, trial: Trial) -> dict[str, float]:
    """Return every metric that is known of a trial, the ends of its interval as ``NAME_low`` and ``NAME_high``."""
    known: dict[str, float] = {}
    for name, metric in view.metrics(trial).items():
        plain, at, device = name.partition("@")
        ends = {"": metric.value, "_low": metric.low, "_high": metric.high}
        known |= {f"{plain}{end}{at}{device}": v for end, v in ends.items() if v is not None}
    return known


def words(view: RunView, trial: Trial) -> dict[str, str]:
    """Return what is said of a trial in words; what is not known is left out."""
    run = view.run
    said = {
        "run": run.run_id,
        "trial": trial.trial_id,
        "suite": run.suite.name,
        "status": trial.status.value,
        "reason": trial.reason or trial.note,
        "architecture": trial.architecture,
        "arch_id": trial.arch_id,
        "device": view.main_device,
        "git_commit": run.git_commit or "",
        "standing": _standing(view, trial),
    }
    return {name: word for name, word in said.items() if word}


def _standing(view: RunView, trial: Trial) -> str:
    if trial.is_baseline:
        return "baseline"
    if view.is_pick(trial.trial_id):
        return "pick"
    return "front" if any(m.trial.trial_id == trial.trial_id for m in view.front) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What a hyperparameter may be: ``choices``, or from ``low`` to ``high``.

    That is what the suite says of it; where the suite leaves it to the template, what the trials had.
    """

    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    is_whole: bool = False
    is_log: bool = False


def domains(run: Run, trials: Iterable[Trial]) -> dict[str, Domain]:
    """Return the domain of each hyperparameter that any of the trials had; it holds all of their values."""
    seen: dict[str, list[Any]] = {}
    for trial in trials:
        for name, value in trial.hyperparameters.items():
            seen.setdefault(name, []).append(value)
    return {
        name: _domain(run.suite.hyperparameters.get(name), values) for name, values in seen.items()
    }


def _domain(told: Any, seen: list[Any]) -> Domain:
    if isinstance(told, list | tuple):
        return Domain(choices=tuple(dict.fromkeys((*told, *seen))))
    if not all(_is_number(value) for value in seen):
        return Domain(choices=tuple(sorted(set(seen), key=str)))
    limits = told if isinstance(told, dict) else {}
    return Domain(
        low=min([limits.get("min", seen[0]), *seen]),
        high=max([limits.get("max", seen[0]), *seen]),
        is_whole=all(isinstance(value, int) for value in seen),
        is_log=limits.get("sampling") == "log",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:  # nobody wrote it down, or not as a time
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
