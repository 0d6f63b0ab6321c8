"""A keras-tuner oracle for several objectives at once."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras_tuner
import numpy as np

from edgebench.objectives import dominates, front_indices, hypervolume, normalise
from edgebench.objectives.pareto import Losses
from edgebench.records import Goal
from edgebench.tuning.proposer import Observation, Proposer
from edgebench.tuning.quiet_oracle import QuietOracle
from edgebench.tuning.walk import Walk, key_of

VIOLATION = "constraint_violation"
STARTS = ("default", "middle")
INITIAL = 8
MOST_FAILED = 3


class ParetoOracle(QuietOracle, keras_tuner.Oracle):
    """Searches for a front by expected hypervolume improvement (`edgebench.tuning.proposer`).

    Works in any `keras_tuner.Tuner`, or by hand as ask (`create_trial`) and tell (`update_trial`, `end_trial`). It
    needs no project directory, prints nothing and warns of nothing. The first trial is the space's default, the second
    the same with every whole number in the middle of its range, six more are random.

    A metric ``constraint_violation`` above 0, told with the others, marks a candidate that broke a limit: objectives
    it was never measured for may then be left out, and it is on no front.

    Args:
        objectives: Metric name to ``"max"`` or ``"min"``; the first is the score that a tuner shows.
        max_trials: How many trials at most.
        hyperparameters: The space; entries that a model asks for later are added to it.
        seed: Two oracles with one seed that are told the same ask the same.
        cheap: ``f(values) -> metrics``: any of the objectives, known before training, the same ones at each call. They
            weigh in before a candidate is chosen, and are filled in where `update_trial` is not told them.
        reference: The worst value worth having, by metric. Trials that do not beat it are on no front, and the
            hypervolume is measured from it; the worst value seen stands in for one that is not given.
        cheap_calls: How many new candidates at most ``cheap`` is asked for in one choice.
        full_step: The ``step`` of `update_trial` that a whole training ends with. Metrics told at an earlier one count as
            those of a training that was cut short: learnt from, but on no front. None: all trainings are whole.
    """

    def __init__(
        self,
        objectives: Mapping[str, str],
        max_trials: int | None = 100,
        hyperparameters: Any = None,
        seed: int = 0,
        cheap: Callable[[dict[str, Any]], Mapping[str, float]] | None = None,
        reference: Mapping[str, float] | None = None,
        cheap_calls: int = 64,
        full_step: int | None = None,
        **keras_tuner_options: Any,
    ) -> None:
        if not objectives:
            raise ValueError("objectives must name at least one metric")
        self._goals = {name: Goal(goal) for name, goal in objectives.items()}
        first, goal = next(iter(self._goals.items()))
        self._lock = threading.RLock()
        super().__init__(
            objective=keras_tuner.Objective(first, goal.value),
            max_trials=max_trials,
            hyperparameters=hyperparameters,
            seed=seed + 1,
            **keras_tuner_options,
        )
        most_failed = keras_tuner_options.get("max_consecutive_failed_trials", MOST_FAILED)
        self.max_consecutive_failed_trials = most_failed
        self._cheap = cheap
        self._cheap_calls = cheap_calls
        self._full_step = full_step
        self._reference = dict(reference or {})
        self._own_seed = seed
        self._proposer: Proposer | None = None
        self._space_size = 0
        self._completed: dict[str, Observation] = {}

    # Ask and tell.

    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> Any:
        """Tell metrics of a running trial; those that ``cheap`` knows may be left out.

        Raises:
            ValueError: an objective is missing and no constraint is broken.
        """
        with self._lock:
            values = dict(self.trials[trial_id].hyperparameters.values)
            known = {**self._current_proposer().known_before(values), **metrics}
        if known.get(VIOLATION, 0.0) > 0.0:
            known |= {n: self._worst(n) for n in self._goals if n not in known}
        if missing := [name for name in self._goals if name not in known]:
            raise ValueError(f"objectives missing in the metrics told: {', '.join(missing)}")
        registered = self.trials[trial_id].metrics
        for name in known:
            if not registered.exists(name):
                registered.register(name, direction=self._goals.get(name, Goal.MIN).value)
        return super().update_trial(trial_id, known, step=step)

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

    # What keras-tuner's base class calls.

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        given, self._given = self._given, None
        values = given or self._next_values()
        if values is None or (given is None and self._duplicate(values)):
            values = self._random_values()
        return {"status": "STOPPED" if values is None else "RUNNING", "values": values}

    def score_trial(self, trial: Any) -> None:
        """Score by the first objective, which is what a tuner shows; `get_best_trials` ranks by all."""
        super().score_trial(trial)
        if np.isnan(self._losses([trial])).any():
            trial.score = float("nan")

    # Details.

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        with self._lock, super()._quietly():
            yield

    def _next_values(self) -> dict[str, Any] | None:
        taken = {key_of(trial.hyperparameters.values) for trial in self.trials.values()}
        if len(self.trials) < len(STARTS):
            walk = Walk(self.hyperparameters)
            start = walk.settle(_default if len(self.trials) == 0 else _middle)
            if key_of(start) not in taken:
                return start
        if len(self.trials) < INITIAL:
            return None
        observations = [seen for t in self.trials.values() if (seen := self._observation(t))]
        running = [
            dict(trial.hyperparameters.values)
            for trial in self.trials.values()
            if trial.status == "RUNNING" and not self._is_told(trial)
        ]
        references = {name: self._worst(name) for name in self._goals}
        return self._current_proposer().propose(observations, running, references, taken)

    def _current_proposer(self) -> Proposer:
        """Return the proposer of the space as it is now; a model may have added to it."""
        if self._proposer is None or len(self.hyperparameters.space) != self._space_size:
            self._space_size = len(self.hyperparameters.space)
            self._proposer = Proposer(
                self.hyperparameters,
                self._goals,
                cheap=self._cheap,
                cheap_calls=self._cheap_calls,
                seed=self._own_seed,
            )
        return self._proposer

    def _observation(self, trial: Any) -> Observation | None:
        """Return what is known of a trial that ended, or was told of while it runs."""
        if trial.trial_id in self._completed:
            return self._completed[trial.trial_id]
        seen = self._observed(trial)
        if seen is not None and trial.status == "COMPLETED":
            self._completed[trial.trial_id] = seen
        return seen

    def _observed(self, trial: Any) -> Observation | None:
        values = dict(trial.hyperparameters.values)
        if trial.status in ("FAILED", "INVALID"):
            return Observation(values=values, metrics={}, is_dead=True)
        if not self._is_told(trial):
            return None
        return Observation(
            values=values,
            metrics={name: self._value(trial, name) for name in self._goals},
            is_dead=self._violation(trial) > 0.0,
            fidelity=self._fidelity(trial),
            earlier=self._earlier(trial),
        )

    def _is_told(self, trial: Any) -> bool:
        return all(trial.metrics.exists(name) for name in self._goals)

    def _fidelity(self, trial: Any) -> float:
        """Return the share of a whole training behind what was told last."""
        history = trial.metrics.get_history(next(iter(self._goals)))
        return self._share(history[-1].step if history else 0)

    def _earlier(self, trial: Any) -> dict[float, dict[str, float]]:
        """Return what was told at earlier steps, by share of a whole training."""
        told: dict[float, dict[str, float]] = {}
        for name in self._goals:
            for observation in trial.metrics.get_history(name):
                value = float(np.mean(observation.value))
                told.setdefault(self._share(observation.step), {})[name] = value
        now = self._fidelity(trial)
        return {share: metrics for share, metrics in told.items() if share < now}

    def _share(self, step: int) -> float:
        return min(1.0, step / self._full_step) if self._full_step and step > 0 else 1.0

    def _judged(self) -> list[Any]:
        """Return the wholly trained trials that keep every limit and beat the reference."""
        trials = [
            t
            for t in self.trials.values()
            if t.status == "COMPLETED" and self._violation(t) == 0.0 and self._fidelity(t) == 1.0
        ]
        if not trials or not self._reference:
            return trials
        worst = [
            self._loss(n, self._reference[n]) if n in self._reference else np.inf
            for n in self._goals
        ]
        losses = self._losses(trials)
        return [t for t, row in zip(trials, losses, strict=True) if (row < worst).all()]

    def _losses(self, trials: list[Any]) -> Losses:
        table = [[self._loss(n, self._value(t, n)) for n in self._goals] for t in trials]
        return np.asarray(table, dtype=np.float64).reshape(len(trials), len(self._goals))

    def _loss(self, name: str, value: float) -> float:
        return -value if self._goals[name] is Goal.MAX else value

    def _value(self, trial: Any, name: str) -> float:
        """Return the best value told, NaN where it never was a number."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="All-NaN", category=RuntimeWarning)
            return float(trial.metrics.get_best_value(name))

    def _violation(self, trial: Any) -> float:
        metrics = trial.metrics
        return float(metrics.get_best_value(VIOLATION)) if metrics.exists(VIOLATION) else 0.0

    def _worst(self, name: str) -> float:
        """Return the reference of an objective, or the worst value told so far."""
        if name in self._reference:
            return self._reference[name]
        told = [self._value(t, name) for t in self.trials.values() if t.status == "COMPLETED"]
        numbers = [value for value in told if np.isfinite(value)]
        return (min(numbers) if self._goals[name] is Goal.MAX else max(numbers)) if numbers else 0.0

    def _normalised(self, losses: Losses) -> Losses:
        references = [self._worst(name) for name in self._goals]
        return normalise(losses, list(self._goals.values()), references)


def _default(entry: Any) -> Any:
    return entry.default


def _middle(entry: Any) -> Any:
    """Return the default, of whole numbers the middle of their range."""
    if type(entry).__name__ != "Int":
        return entry.default
    values = list(entry.values)
    return values[(len(values) - 1) // 2]
