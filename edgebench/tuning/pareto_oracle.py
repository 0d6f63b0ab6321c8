"""A keras-tuner oracle for several objectives at once."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras_tuner
import numpy as np
import optuna
from optuna.trial import TrialState

from edgebench.objectives import dominates, front_indices, hypervolume, normalise
from edgebench.objectives.pareto import Losses
from edgebench.records import Goal
from edgebench.tuning.sampling import AxisNames, axis_of

VIOLATION = "constraint_violation"
SAMPLER_ATTEMPTS = 20
RANDOM_ATTEMPTS = 500
STARTS = ("default", "middle")


class ParetoOracle(keras_tuner.Oracle):
    """Searches for a front, with Optuna's multivariate, group-decomposed TPE.

    Works in any `keras_tuner.Tuner`, or by hand as ask (`create_trial`) and tell (`update_trial`, `end_trial`). It
    needs no project directory, prints nothing and warns of nothing. The first trial is the space's default, the second
    the same with every whole number in the middle of its range.

    A metric ``constraint_violation`` above 0, told with the others, marks a candidate that broke a limit: objectives
    it was never measured for may then be left out, and it is on no front.

    Args:
        objectives: Metric name to ``"max"`` or ``"min"``; the first is the score that a tuner shows.
        max_trials: How many trials at most.
        hyperparameters: The space; entries that a model asks for later are added to it.
        seed: Of the sampler.
        cheap: ``f(values) -> metrics``: any of the objectives, known before training. They are filled in where
            `update_trial` is not told them.
        reference: The worst value worth having, by metric. Trials that do not beat it are on no front, and the
            hypervolume is measured from it; the worst value seen stands in for one that is not given.

    Source: Ozaki et al. 2022, "Multiobjective Tree-structured Parzen Estimator".
    """

    def __init__(
        self,
        objectives: Mapping[str, str],
        max_trials: int | None = 100,
        hyperparameters: Any = None,
        seed: int = 0,
        cheap: Callable[[dict[str, Any]], Mapping[str, float]] | None = None,
        reference: Mapping[str, float] | None = None,
        **keras_tuner_options: Any,
    ) -> None:
        if not objectives:
            raise ValueError("objectives must name at least one metric")
        self._goals = {name: Goal(goal) for name, goal in objectives.items()}
        first, goal = next(iter(self._goals.items()))
        super().__init__(
            objective=keras_tuner.Objective(first, goal.value),
            max_trials=max_trials,
            hyperparameters=hyperparameters,
            seed=seed + 1,
            **keras_tuner_options,
        )
        self.verbose = 0
        self._max_collisions = RANDOM_ATTEMPTS
        self._cheap = cheap
        self._reference = dict(reference or {})
        self._sampler_seed = seed
        self._study = _new_study(list(self._goals.values()), seed)
        self._names = AxisNames()
        self._asked: dict[str, optuna.Trial] = {}
        self._given: dict[str, Any] | None = None
        self._directory: str | None = None
        self._lock = threading.RLock()

    # The three calls of ask and tell.

    def create_trial(self, tuner_id: str) -> Any:
        with self._quietly():
            return super().create_trial(tuner_id)

    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> Any:
        """Tell metrics of a running trial; those that ``cheap`` knows may be left out.

        Raises:
            ValueError: an objective is missing and no constraint is broken.
        """
        with self._quietly():
            known: dict[str, float] = {}
            if self._cheap is not None:
                values = dict(self.trials[trial_id].hyperparameters.values)
                known |= {k: v for k, v in self._cheap(values).items() if k in self._goals}
            known |= metrics
            if known.get(VIOLATION, 0.0) > 0.0:
                known |= {n: self._worst(n) for n in self._goals if n not in known}
            if missing := [name for name in self._goals if name not in known]:
                raise ValueError(f"objectives missing in the metrics told: {', '.join(missing)}")
            for name in known:
                registered = self.trials[trial_id].metrics
                if not registered.exists(name):
                    goal = self._goals.get(name, Goal.MIN)
                    registered.register(name, direction=goal.value)
            return super().update_trial(trial_id, known, step=step)

    def end_trial(self, trial: Any) -> None:
        with self._quietly():
            super().end_trial(trial)
            ended = self.trials[trial.trial_id]
            if ended.status not in ("COMPLETED", "FAILED"):
                return
            asked = self._asked.pop(trial.trial_id, None)
            if asked is None:
                return
            if ended.status != "COMPLETED":
                self._study.tell(asked, state=TrialState.FAIL)
                return
            asked.set_constraint(VIOLATION, self._violation(ended))
            self._study.tell(asked, [self._value(ended, name) for name in self._goals])

    # What is known so far.

    def front(self) -> list[Any]:
        """Return the non-dominated trials, best first objective first."""
        trials = self._judged()
        losses = self._losses(trials)
        members = front_indices(losses)
        return [trials[i] for i in sorted(members, key=lambda i: losses[i, 0])]

    def hypervolume(self) -> float:
        """Return the volume that the front dominates, normalised: 1 is the whole box below the reference."""
        trials = self._judged()
        if not trials:
            return 0.0
        losses = self._losses(trials)
        corner = [1.0] * len(self._goals)
        return hypervolume(self._normalised(losses), corner)

    def get_best_trials(self, num_trials: int = 1) -> list[Any]:
        """Return the front first, then the trials that fewest others dominate."""
        trials = [t for t in self.trials.values() if t.status == "COMPLETED"]
        rows = self._losses(trials).tolist()

        def rank(index: int) -> tuple[float, int, float]:
            dominated_by = sum(dominates(other, rows[index]) for other in rows)
            return self._violation(trials[index]), dominated_by, rows[index][0]

        return [trials[i] for i in sorted(range(len(trials)), key=rank)[:num_trials]]

    def replay(self, values: Mapping[str, Any], metrics: Mapping[str, float] | None) -> None:
        """Learn of a trial that an earlier process ran; ``metrics`` is None where it failed."""
        with self._quietly():
            tuner_id = f"replay-{len(self.trials)}"
            self._given = dict(values)
            trial = self.create_trial(tuner_id)
            if metrics is None:
                trial.status = "FAILED"
                self.max_consecutive_failed_trials += 1
            else:
                self.update_trial(trial.trial_id, metrics)
                trial.status = "COMPLETED"
            self.end_trial(trial)
            self._study.sampler = _sampler(self._sampler_seed + len(self.trials))

    # What keras-tuner's base class calls.

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        given, self._given = self._given, None
        if given is None and len(self.trials) < len(STARTS):
            start = self._start(STARTS[len(self.trials)])
            given = None if self._duplicate(start) else start
        for attempt in range(SAMPLER_ATTEMPTS + 1):
            if given is None and attempt >= SAMPLER_ATTEMPTS:
                given = self._random_values()
                if given is None:
                    break
            if given is not None:
                self._study.enqueue_trial(self._sampled(given))
            asked = self._study.ask()
            suggested = self._suggest(asked)
            values = suggested if given is None else given
            if given is None and self._duplicate(values):
                self._study.tell(asked, state=TrialState.FAIL)
                continue
            self._asked[trial_id] = asked
            return {"status": "RUNNING", "values": values}
        return {"status": "STOPPED"}

    def score_trial(self, trial: Any) -> None:
        """Score by the first objective, which is what a tuner shows; `get_best_trials` ranks by all."""
        super().score_trial(trial)
        if np.isnan(self._losses([trial])).any():
            trial.score = float("nan")

    def save(self) -> None:
        if self._directory is not None:
            super().save()

    def _save_trial(self, trial: Any) -> None:
        if self._directory is not None:
            super()._save_trial(trial)

    # Details.

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """Hold the lock, and keep keras-tuner's own deprecated calls from warning the caller."""
        with self._lock, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.filterwarnings("ignore", message="All-NaN", category=RuntimeWarning)
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield

    def _suggest(self, asked: optuna.Trial) -> dict[str, Any]:
        """Walk the space in order; what a chosen value makes inactive is skipped."""
        space = self.hyperparameters.copy()
        space.values = {}
        for hyperparameter in space.space:
            if hyperparameter.name in space.values or not space.is_active(hyperparameter):
                continue
            axis = axis_of(hyperparameter)
            if axis is None:
                space.values[hyperparameter.name] = hyperparameter.value
                continue
            space.values[axis.name] = axis.suggest(asked, self._names.name(axis))
        return dict(space.values)

    def _sampled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as the sampler's parameters."""
        space = self.hyperparameters.copy()
        space.values = dict(values)
        parameters = {}
        for hyperparameter in space.space:
            axis = axis_of(hyperparameter)
            if axis is not None and axis.name in values and space.is_active(hyperparameter):
                parameters[self._names.name(axis)] = axis.to_sampled(values[axis.name])
        return parameters

    def _start(self, which: str) -> dict[str, Any]:
        """Return the default of every active hyperparameter, or of whole numbers the middle of their range."""
        space = self.hyperparameters.copy()
        space.values = {}
        for hyperparameter in space.space:
            if hyperparameter.name in space.values or not space.is_active(hyperparameter):
                continue
            is_whole = type(hyperparameter).__name__ == "Int"
            values = list(hyperparameter.values) if is_whole and which == "middle" else []
            middle = values[(len(values) - 1) // 2] if values else hyperparameter.default
            space.values[hyperparameter.name] = middle
        return dict(space.values)

    def _judged(self) -> list[Any]:
        """Return the completed trials that keep every limit and beat the reference."""
        trials = [
            t for t in self.trials.values() if t.status == "COMPLETED" and self._violation(t) == 0.0
        ]
        if not trials or not self._reference:
            return trials
        worst = [self._loss(n, self._reference[n]) if n in self._reference else np.inf for n in self._goals]  # fmt: skip
        return [t for t, row in zip(trials, self._losses(trials), strict=True) if (row < worst).all()]  # fmt: skip

    def _losses(self, trials: list[Any]) -> Losses:
        table = [[self._loss(n, self._value(t, n)) for n in self._goals] for t in trials]
        return np.asarray(table, dtype=np.float64).reshape(len(trials), len(self._goals))

    def _loss(self, name: str, value: float) -> float:
        return -value if self._goals[name] is Goal.MAX else value

    def _value(self, trial: Any, name: str) -> float:
        return float(trial.metrics.get_best_value(name))

    def _violation(self, trial: Any) -> float:
        metrics = trial.metrics
        return float(metrics.get_best_value(VIOLATION)) if metrics.exists(VIOLATION) else 0.0

    def _worst(self, name: str) -> float:
        """Return the reference of an objective, or the worst value told so far."""
        if name in self._reference:
            return self._reference[name]
        told = [
            self._value(t, name) for t in self.trials.values() if t.status == "COMPLETED"
        ]  # fmt: skip
        return (min(told) if self._goals[name] is Goal.MAX else max(told)) if told else 0.0

    def _normalised(self, losses: Losses) -> Losses:
        references = [self._worst(name) for name in self._goals]
        return normalise(losses, list(self._goals.values()), references)


def _sampler(seed: int) -> optuna.samplers.TPESampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            multivariate=True, group=True, constant_liar=True, seed=seed
        )


def _new_study(goals: list[Goal], seed: int) -> optuna.Study:
    directions = ["maximize" if goal is Goal.MAX else "minimize" for goal in goals]
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(directions=directions, sampler=_sampler(seed))
    finally:
        optuna.logging.set_verbosity(verbosity)
