"""Oracles by name, and how a trial is told to one."""

from __future__ import annotations

import contextlib
import inspect
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras_tuner

from edgebench import plugins
from edgebench.errors import InputError, UnknownNameError, WorkError
from edgebench.objectives import best_of, infeasible_score, oracle_score, total_violation
from edgebench.records import Status, Suite, Trial
from edgebench.suites import ORACLES
from edgebench.templates import find_class
from edgebench.tuning.pareto_oracle import VIOLATION, ParetoOracle
from edgebench.tuning.quiet_oracle import NEVER, QuietBrackets, QuietOracle, QuietProcess

SCORE = "score"
STATE_PREFIX = "tuner/"
SOURCE = "tuner/trial_id"
UNTIL = "tuner/epochs"
UNKNOWN_VIOLATION = 1.0
BAYESIAN = {"num_initial_points": 2, "alpha": 1e-3, "beta": 2.6}
HYPERBAND_FACTOR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A candidate that an oracle asks for. ``state`` is for `Trial.oracle_state`."""

    values: Mapping[str, Any]
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def until_epoch(self) -> int | None:
        """The epoch up to which Hyperband wants it trained, or None for all."""
        return self.state.get(UNTIL)

    @property
    def source(self) -> str:
        """The trial whose training it goes on with, or an empty string."""
        return str(self.state.get(SOURCE, ""))


class Judge:
    """Asks an oracle for candidates, and tells it of trials in the terms of the suite's objective.

    An oracle of one objective hears one number, `edgebench.objectives.oracle_score`. ParetoOracle hears every objective
    of the suite instead, a user's oracle that takes ``objectives`` hears both. The oracle knows trials by ids of its
    own, which stay in here.

    Args:
        suite: Names the oracle, the objective and the limits.
        space: The template's hyperparameters.

    Raises:
        UnknownNameError: no such oracle.
        InputError: a user's oracle cannot be imported or constructed.
        WorkError: later, where the oracle itself fails.
    """

    def __init__(self, suite: Suite, space: Any) -> None:
        self._suite = suite
        has_front = suite.objective == "pareto"
        self._oracle, takes_objectives = _make_oracle(suite, space)
        self._hears_objectives = takes_objectives and has_front
        self._hears_score = not (isinstance(self._oracle, ParetoOracle) and has_front)
        self._hears_violation = takes_objectives
        self._ids: dict[str, str] = {}
        self._seen: dict[str, list[float]] = {}

    def ask(self, trial_id: str) -> Asked | None:
        """Return a new candidate for that trial, or None: there is none before a running trial has ended.

        Where none is running, None means that there are no more.
        """
        with self._sentence():
            asked = self._oracle.create_trial(trial_id)
        if asked.status != "RUNNING":
            return None
        self._ids[trial_id] = asked.trial_id
        values = dict(asked.hyperparameters.values)
        state = {name: values.pop(name) for name in list(values) if name.startswith(STATE_PREFIX)}
        if SOURCE in state:
            state[SOURCE] = next(ours for ours, its in self._ids.items() if its == state[SOURCE])
        return Asked(values=values, state=state)

    def tell(self, trial: Trial) -> None:
        """Let the oracle learn how a trial ended, or how far it had come when it paused.

        What breaks a limit when it pauses is told at its end alone: it may keep the limit by then.
        """
        with self._sentence():
            self._tell(trial)

    def replay(self, trial: Trial) -> None:
        """Let the oracle learn of a trial that an earlier process ended or left paused.

        Call it in the order in which the trials began.
        """
        state = dict(trial.oracle_state)
        if SOURCE in state:
            state[SOURCE] = self._ids[state[SOURCE]]
        adopted = self._oracle.adopt(trial.trial_id, {**trial.hyperparameters, **state})
        self._ids[trial.trial_id] = adopted.trial_id
        for paused in self._pauses(trial):
            self.tell(paused)
        self.tell(trial)

    def continuable(self) -> set[str]:
        """Return the trials whose training the oracle may yet want to go on with."""
        if not isinstance(self._oracle, QuietBrackets):
            return set()
        wanted = self._oracle.continuable()
        return {ours for ours, its in self._ids.items() if its in wanted}

    def _tell(self, trial: Trial) -> None:
        oracle_id, metrics = self._ids[trial.trial_id], self._metrics(trial)
        if trial.status is Status.RUNNING:
            if total_violation(self._suite.constraints, trial.values()) == 0.0:
                self._oracle.update_trial(oracle_id, metrics, step=len(trial.history))
            return
        asked = self._oracle.trials[oracle_id]
        if metrics is None:
            asked.status = "FAILED"
        else:
            is_whole = trial.status is Status.COMPLETED
            step = self._suite.training.max_epochs if is_whole else len(trial.history)
            self._oracle.update_trial(oracle_id, metrics, step=step)
            asked.status = "COMPLETED"
        self._oracle.end_trial(asked)

    def _pauses(self, trial: Trial) -> Iterator[Trial]:
        """Yield the trial as it was at each rung that it paused at before."""
        watch, plan = self._suite.training.watch, self._suite.fidelity
        watched = trial.metric(watch)
        if watched is None or plan is None:
            return
        for rung in plan.rungs:
            if rung < len(trial.history):
                then = replace(watched, value=best_of(watch, trial.history[:rung]))
                others = (metric for metric in trial.metrics if metric is not watched)
                yield replace(
                    trial,
                    status=Status.RUNNING,
                    metrics=(*others, then),
                    history=trial.history[:rung],
                )

    @contextlib.contextmanager
    def _sentence(self) -> Iterator[None]:
        """Make one sentence of whatever an oracle, which may be a user's, raises."""
        try:
            yield
        except Exception as error:
            name = self._suite.oracle.name
            why = f"{type(error).__name__}: {error}"
            raise WorkError(f"the oracle {name} failed", why=why) from error

    def _metrics(self, trial: Trial) -> Mapping[str, float] | None:
        """Return what the oracle is told, or None for a trial that failed."""
        suite, values = self._suite, {**self._in_place_of(trial.lacks), **trial.values()}
        if trial.status is Status.FAILED:
            return None
        for metric in trial.metrics:
            self._seen.setdefault(metric.name, []).append(metric.value)
        violation = total_violation(suite.constraints, values)
        is_beyond = trial.status is Status.INFEASIBLE or violation > 0.0
        violation = violation or UNKNOWN_VIOLATION
        told = {}
        if self._hears_objectives:
            told = {o.metric: values[o.metric] for o in suite.objectives if o.metric in values}
        if self._hears_violation and is_beyond:
            told[VIOLATION] = violation
        if self._hears_score and is_beyond:
            told[SCORE] = infeasible_score(violation)
        elif self._hears_score:
            told[SCORE] = oracle_score(suite.objective, suite.objectives, values)
        return told

    def _in_place_of(self, missing: Iterable[str]) -> dict[str, float]:
        """Return for what a device did not give the median of what it gave for others, so that it sways no choice."""
        references = {objective.metric: objective.reference for objective in self._suite.objectives}
        return {
            name: statistics.median(self._seen.get(name, [references[name]]))
            for name in missing
            if name in references
        }


def _make_oracle(suite: Suite, space: Any) -> tuple[Any, bool]:
    """Return the suite's oracle, and whether it takes several objectives."""
    name = suite.oracle.name
    has_front = suite.objective == "pareto"
    several: dict[str, Any] = {
        "objectives": {o.metric: o.goal.value for o in suite.objectives}
        if has_front
        else {SCORE: "max"},
        "reference": {o.metric: o.reference for o in suite.objectives} if has_front else None,
    }
    if name == "pareto":
        unlimited: dict[str, Any] = {"max_trials": None, "max_consecutive_failed_trials": NEVER}
        unlimited["full_step"] = suite.training.max_epochs
        return ParetoOracle(**several, **unlimited, hyperparameters=space, seed=suite.seed), True
    # keras-tuner takes a seed of 0 for none.
    one: dict[str, Any] = {
        "objective": keras_tuner.Objective(SCORE, "max"),
        "hyperparameters": space,
        "seed": suite.seed + 1,
    }
    oracles = keras_tuner.oracles
    match name:
        case "random":
            return _quiet(oracles.RandomSearchOracle)(max_trials=None, **one), False
        case "bayesian":
            bayesian = _quiet(oracles.BayesianOptimizationOracle)
            return bayesian(max_trials=None, **BAYESIAN, **one), False
        case "hyperband":
            limits = {"max_epochs": suite.training.max_epochs, "factor": HYPERBAND_FACTOR}
            return _quiet(oracles.HyperbandOracle)(**limits, **one), False
    one["max_trials"] = suite.oracle.max_trials
    return _users_oracle(name, one, several)


def _quiet(cls: type) -> Any:
    """Return the class made quiet, with what its kind needs besides."""
    kinds: dict[type, type] = {
        keras_tuner.oracles.HyperbandOracle: QuietBrackets,
        keras_tuner.oracles.BayesianOptimizationOracle: QuietProcess,
    }
    base = next((quiet for kind, quiet in kinds.items() if issubclass(cls, kind)), QuietOracle)
    return type(cls.__name__, (base, cls), {})


def _users_oracle(
    name: str, one: Mapping[str, Any], several: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Construct a class of a user's, or of a plugin, with what its constructor takes."""
    cls = find_class(name, "oracles", "an oracle", "keras_tuner:Oracle")
    if cls is None:
        raise UnknownNameError("an oracle", name, (*ORACLES, *plugins.names("oracles")))
    is_pareto = issubclass(cls, ParetoOracle)
    named = inspect.signature(cls).parameters
    is_open = any(p.kind is p.VAR_KEYWORD for p in named.values())
    given = {k: v for k, v in several.items() if k in named}
    given |= {k: v for k, v in one.items() if k in named or is_open}
    if is_pareto:
        del given["objective"]
    try:
        oracle = (cls if is_pareto else _quiet(cls))(**given)
    except TypeError as error:
        raise InputError(
            f"oracle {name} cannot be constructed",
            why=str(error),
            remedy=f"let it take {', '.join(one)} by name, the rest with defaults",
        ) from error
    oracle.max_consecutive_failed_trials = NEVER
    return oracle, "objectives" in named
