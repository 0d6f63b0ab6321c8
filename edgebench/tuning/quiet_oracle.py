"""keras-tuner's oracles, and a user's own, for ask and tell by hand."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import keras_tuner
import sklearn
from threadpoolctl import threadpool_limits

COLLISIONS = 500
NEVER = 2**31


class QuietOracle(keras_tuner.Oracle):
    """Put before an oracle among the bases of a class, it takes from it what only a tuner needs.

    No project directory, nothing printed, no warning; trials that failed do not end a search; values that were tried
    already are replaced by random ones, and the search ends where there are no others.
    """

    max_trials: int | None

    def __init__(self, **options: Any) -> None:
        with self._quietly():
            super().__init__(**options)
        self.verbose = 0
        self.max_consecutive_failed_trials = NEVER
        self._max_collisions = COLLISIONS
        self._directory: str | None = None
        self._given: dict[str, Any] | None = None

    # Ask and tell.

    def create_trial(self, tuner_id: str) -> Any:
        with self._quietly():
            return super().create_trial(tuner_id)

    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> Any:
        with self._quietly():
            return super().update_trial(trial_id, metrics, step=step)

    def end_trial(self, trial: Any) -> None:
        with self._quietly():
            super().end_trial(trial)

    def adopt(self, tuner_id: str, values: Mapping[str, Any]) -> Any:
        """Return a new running trial with values that an earlier process was asked for."""
        self._given = dict(values)
        self._max_collisions += 1
        if self.max_trials:
            self.max_trials = max(self.max_trials, len(self.trials) + 1)
        return self.create_trial(tuner_id)

    # What keras-tuner's base class calls.

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        given, self._given = self._given, None
        if given is not None:
            self._place(trial_id, given)
            return {"status": "RUNNING", "values": given}
        answer: dict[str, Any] = super().populate_space(trial_id)
        if answer["status"] != "RUNNING" or not self._duplicate(answer["values"]):
            return answer
        values = self._random_values()
        return {"status": "STOPPED" if values is None else "RUNNING", "values": values}

    def save(self) -> None:
        if self._directory is not None:
            super().save()

    def _save_trial(self, trial: Any) -> None:
        if self._directory is not None:
            super()._save_trial(trial)

    def _place(self, trial_id: str, values: Mapping[str, Any]) -> None:
        """Note an adopted trial where the oracle keeps a record of its own."""

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield


class QuietProcess(QuietOracle):
    """As `QuietOracle`, put before keras-tuner's `BayesianOptimizationOracle`, which asks its Gaussian process for one
    number thousands of times: on one thread and unchecked that takes a third of the time."""

    def create_trial(self, tuner_id: str) -> Any:
        unchecked = sklearn.config_context(assume_finite=True, skip_parameter_validation=True)
        with threadpool_limits(1), unchecked:
            return super().create_trial(tuner_id)


class QuietBrackets(QuietOracle):
    """As `QuietOracle`, put before keras-tuner's `HyperbandOracle`: adopted trials take their places in its brackets."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Ask, and name the bracket that the trial is in: keras-tuner names the newest."""
        answer = super().populate_space(trial_id)
        if answer["status"] == "RUNNING":
            answer["values"]["tuner/bracket"] = next(
                bracket["bracket_num"]
                for bracket in self._brackets
                for round_ in bracket["rounds"]
                if any(entry["id"] == trial_id for entry in round_)
            )
        return answer

    def _place(self, trial_id: str, values: Mapping[str, Any]) -> None:
        source, number = values.get("tuner/trial_id"), values["tuner/round"]
        if source is None:
            rounds = self._bracket(values["tuner/bracket"])["rounds"]
        else:
            rounds = next(
                bracket["rounds"]
                for bracket in self._brackets
                if any(entry["id"] == source for entry in bracket["rounds"][number - 1])
            )
        rounds[number].append({"past_id": source, "id": trial_id})

    def continuable(self) -> set[str]:
        """Return the ids of the trials that a trial may yet go on from, or is going on from."""
        return {
            entry["id"]
            for bracket in self._brackets
            for number, round_ in enumerate(bracket["rounds"][:-1])
            for entry in round_
            if self._is_continuable(bracket, number, entry["id"])
        }

    def _is_continuable(self, bracket: Mapping[str, Any], number: int, trial_id: str) -> bool:
        following = bracket["rounds"][number + 1]
        heirs = [entry["id"] for entry in following if entry["past_id"] == trial_id]
        if heirs:
            return bool(self.trials[heirs[0]].status == "RUNNING")
        size: int = self._get_size(bracket["bracket_num"], number + 1)
        return len(following) < size and self.trials[trial_id].status in ("RUNNING", "COMPLETED")

    def _bracket(self, number: int) -> Any:
        """Return the newest bracket of that number; those not yet open are opened in their order."""
        while not any(bracket["bracket_num"] == number for bracket in self._brackets):
            self._increment_bracket_num()
            self._start_new_bracket()
        return [b for b in self._brackets if b["bracket_num"] == number][-1]
