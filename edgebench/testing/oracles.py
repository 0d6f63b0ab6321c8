"""What every oracle must do in a search, as tests to inherit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgebench.objectives import OBJECTIVE_KINDS
from edgebench.records import (
    Constraint,
    DataPlan,
    Goal,
    Metric,
    Objective,
    OraclePlan,
    Status,
    Suite,
    TrainingPlan,
    Trial,
)
from edgebench.templates.hyperparameters import NarrowedHyperParameters, is_choice
from edgebench.tuning.names import next_trial_id
from edgebench.tuning.oracles import Asked, Judge

LIMIT = 1e9


def example_space() -> NarrowedHyperParameters:
    """Return a space of every kind of hyperparameter; ``width`` stands in two scopes."""
    hp = NarrowedHyperParameters()
    hp.Int("depth", 1, 5)
    hp.Choice("optimizer", ["adam", "sgd"])
    with hp.conditional_scope("depth", [1, 2]):
        hp.Choice("width", [8, 16, 32], default=32)
    with hp.conditional_scope("depth", [4]):
        hp.Choice("width", [8, 16, 32], default=32)
        hp.Boolean("bypass")
    hp.Float("dropout", 0.0, 0.8, default=0.4)
    hp.Float("rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Fixed("seed", 3)
    return hp


def small_space() -> NarrowedHyperParameters:
    """Return a space of six candidates."""
    hp = NarrowedHyperParameters()
    hp.Int("depth", 1, 3)
    hp.Boolean("bypass")
    return hp


class OracleContract:
    """Inherit it in a class named ``Test...`` and set ``name``: a name in `edgebench.suites.ORACLES`, or your own
    ``module:Class``.

    It asks and tells through `edgebench.tuning.Judge`, as a search does, and makes the metrics up from the values.
    ``asks`` is how many candidates most tests ask for, at least 6: fewer for an oracle that takes long.
    """

    name: str
    asks: int = 12
    max_epochs: int = 9

    def suite(self, **changes: Any) -> Suite:
        given = Suite(
            name="contract",
            template="none",
            data=DataPlan(name="digits"),
            objectives=(
                Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
                Objective(metric="param_bytes", goal=Goal.MIN, reference=4e6),
                Objective(metric="latency_ms", goal=Goal.MIN, reference=50.0),
            ),
            constraints=(Constraint(metric="param_bytes", relation="<=", bound=LIMIT),),
            oracle=OraclePlan(name=self.name, max_trials=100),
            training=TrainingPlan(max_epochs=self.max_epochs),
            seed=0,
        )
        return replace(given, **changes)

    def trial(self, trial_id: str, asked: Asked, status: Status = Status.COMPLETED) -> Trial:
        """Return what a search would make of a candidate."""
        values = asked.values
        size = 1e5 * values["depth"] * 32 / values.get("width", 32)
        accuracy = 0.9 - 0.3 * values.get("dropout", 0.0) - 0.02 * values["depth"]
        metrics = [Metric(name="latency_ms", value=float(values["depth"]))]
        match status:
            case Status.COMPLETED:
                metrics.append(Metric(name="param_bytes", value=size))
                metrics.append(Metric(name="val_accuracy", value=accuracy))
            case Status.INFEASIBLE:
                metrics.append(Metric(name="param_bytes", value=2 * LIMIT))
        epochs = asked.until_epoch or self.max_epochs
        return Trial(
            trial_id=trial_id,
            status=status,
            hyperparameters=asked.values,
            metrics=tuple(metrics),
            history=(accuracy,) * epochs if status is Status.COMPLETED else (),
            oracle_state=asked.state,
        )

    def run(
        self, judge: Judge, count: int, taken: dict[str, Trial], statuses: tuple[Status, ...] = ()
    ) -> Iterator[Trial]:
        """Ask and tell up to ``count`` times; ``statuses`` are taken in turn."""
        for number in range(count):
            trial_id = next_trial_id(taken)
            asked = judge.ask(trial_id)
            if asked is None:
                return
            status = statuses[number % len(statuses)] if statuses else Status.COMPLETED
            taken[trial_id] = trial = self.trial(trial_id, asked, status)
            judge.tell(trial)
            yield trial

    def test_asks_valid_candidates(self) -> None:
        space = example_space()
        for trial in self.run(Judge(self.suite(), example_space()), self.asks, {}):
            space.values = dict(trial.hyperparameters)
            active = {entry.name for entry in space.space if space.is_active(entry)}
            assert set(trial.hyperparameters) == active
            for name, value in trial.hyperparameters.items():
                assert is_choice(space.entry(name), value), f"{name} cannot be {value}"

    def test_goes_on_where_a_device_gave_no_latency(self) -> None:
        judge, taken = Judge(self.suite(), example_space()), dict[str, Trial]()
        for trial in self.run(judge, 2, taken):
            assert trial.metric("latency_ms")
        for number in (3, 4):
            trial_id = f"t{number:03}"
            asked = judge.ask(trial_id)
            assert asked is not None
            trial = self.trial(trial_id, asked)
            metrics = tuple(m for m in trial.metrics if m.name != "latency_ms")
            judge.tell(replace(trial, metrics=metrics, missing={"latency_ms": "it went away"}))
        assert judge.ask("t005") is not None

    def test_one_seed_gives_one_sequence(self) -> None:
        first, second, third = (
            [t.hyperparameters for t in self.run(Judge(self.suite(seed=seed), example_space()), 6, {})]
            for seed in (0, 0, 1)
        )  # fmt: skip
        assert first == second
        assert first != third

    @pytest.mark.parametrize("objective", OBJECTIVE_KINDS)
    def test_infeasible_and_failed_trials_do_not_end_it(self, objective: str) -> None:
        judge = Judge(self.suite(objective=objective), example_space())
        statuses = (
            Status.COMPLETED, Status.INFEASIBLE, Status.FAILED, Status.FAILED, Status.FAILED,
            Status.FAILED, Status.INFEASIBLE,
        )  # fmt: skip
        assert len(list(self.run(judge, self.asks, {}, statuses))) == self.asks

    def test_goes_on_where_nothing_is_feasible(self) -> None:
        judge = Judge(self.suite(), example_space())
        trials = list(self.run(judge, self.asks, {}, (Status.INFEASIBLE,)))
        assert len(trials) == self.asks

    def test_asks_no_candidate_twice(self) -> None:
        trials = list(self.run(Judge(self.suite(), example_space()), self.asks, {}))
        assert_no_candidate_twice(trials)

    def test_candidates_asked_at_once_differ(self) -> None:
        judge = Judge(self.suite(), example_space())
        taken: dict[str, Trial] = {}
        list(self.run(judge, 3, taken))
        asked = [judge.ask(f"t{len(taken) + number:03}") for number in range(1, 5)]
        values = [_text(found.values) for found in asked if found is not None]
        assert len(set(values)) == 4

    def test_ends_when_the_space_is_exhausted(self) -> None:
        judge = Judge(self.suite(), small_space())
        trials = list(self.run(judge, 50, {}))
        fresh = [trial for trial in trials if "tuner/trial_id" not in trial.oracle_state]
        assert_no_candidate_twice(trials)
        assert len(fresh) == 6
        assert judge.ask("t999") is None

    def test_prints_nothing_and_writes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        list(self.run(Judge(self.suite(), example_space()), 6, {}))
        assert capfd.readouterr() == ("", "")
        assert list(tmp_path.iterdir()) == []

    def test_a_resumed_search_asks_nothing_again(self) -> None:
        taken: dict[str, Trial] = {}
        statuses = (Status.COMPLETED, Status.COMPLETED, Status.INFEASIBLE, Status.FAILED)
        list(self.run(Judge(self.suite(), example_space()), self.asks, taken, statuses))
        del taken["t005"]  # it was running when the process was killed
        judge = Judge(self.suite(), example_space())
        for trial in taken.values():
            judge.replay(trial)
        assert len(list(self.run(judge, 3, taken))) == 3
        assert_no_candidate_twice(list(taken.values()))


def assert_no_candidate_twice(trials: list[Trial]) -> None:
    """Fail where two trials have the same values and neither goes on with the training of the other."""
    fresh = [_text(t.hyperparameters) for t in trials if "tuner/trial_id" not in t.oracle_state]
    assert len(set(fresh)) == len(fresh)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
