"""What several trainings say of an accuracy: its mean, its interval, and the spread that others lend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from edgebench.objectives import (
    confirmed_metrics,
    mean_accuracy,
    pooled_spread,
    select_contenders,
    select_front,
)
from edgebench.records import Goal, Metric, Objective, Repeat, RunResult, Status, Trial
from edgebench.testing.store import example_run

OBJECTIVES = (
    Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
    Objective(metric="param_bytes", goal=Goal.MIN, reference=1e6),
)
ROUNDS = 4000


def trial(trial_id: str, accuracy: float, size: float, **changes: object) -> Trial:
    metrics = (
        Metric(name="val_accuracy", value=accuracy, n=287),
        Metric(name="param_bytes", value=size, unit="bytes"),
    )
    made = Trial(trial_id=trial_id, status=Status.COMPLETED, hyperparameters={}, metrics=metrics)
    return replace(made, **changes)


def run_of(trials: list[Trial], repeats: dict[str, list[float | None]]) -> RunResult:
    return RunResult(
        run=example_run(),
        trials=tuple(trials),
        artifacts=(),
        measurements={},
        repeats=tuple(
            Repeat(trial_id=trial_id, seed=1000 * k, accuracy=accuracy)
            for trial_id, accuracies in repeats.items()
            for k, accuracy in enumerate(accuracies, 1)
        ),
    )


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_interval_covers_the_mean_in_nine_of_ten_rounds(count: int) -> None:
    rng = np.random.default_rng(0)
    found = [mean_accuracy(rng.normal(0.8, 0.02, count).tolist()) for _ in range(ROUNDS)]
    covered = sum(m.low <= 0.8 <= m.high for m in found)
    assert covered / ROUNDS == pytest.approx(0.90, abs=0.015)


def test_a_borrowed_spread_covers_a_single_training_as_often() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(ROUNDS):
        groups = [rng.normal(mean, 0.02, 3).tolist() for mean in (0.7, 0.8, 0.85)]
        single = mean_accuracy([rng.normal(0.6, 0.02)], pooled_spread(groups))
        covered += single.low <= 0.6 <= single.high
    assert covered / ROUNDS == pytest.approx(0.90, abs=0.015)


def test_the_interval_is_students() -> None:
    accuracies = [0.80, 0.83, 0.86]
    low, high = stats.t.interval(0.90, 2, loc=0.83, scale=stats.sem(accuracies))
    metric = mean_accuracy(accuracies)
    assert (metric.name, metric.n) == ("val_accuracy", 3)
    assert (metric.value, metric.low, metric.high) == pytest.approx((0.83, low, high))


def test_trainings_that_are_close_by_luck_have_the_interval_of_all() -> None:
    pooled = pooled_spread([[0.80, 0.80, 0.80], [0.7, 0.8, 0.9]])
    close, wide = mean_accuracy([0.80] * 3, pooled), mean_accuracy([0.7, 0.8, 0.9], pooled)
    reach = stats.t.ppf(0.95, 4) * (0.01 / 2) ** 0.5 / 3**0.5
    assert (close.low, close.high) == pytest.approx((0.80 - reach, 0.80 + reach))
    assert (wide.low, wide.high) == pytest.approx(
        stats.t.interval(0.90, 2, loc=0.8, scale=0.1 / 3**0.5)
    )


def test_the_interval_stays_among_shares() -> None:
    metric = mean_accuracy([0.2, 0.9])
    assert (metric.low, metric.high) == (0.0, 1.0)


def test_one_training_has_no_interval_of_its_own() -> None:
    assert mean_accuracy([0.7]) == Metric(name="val_accuracy", value=0.7, n=1)
    assert pooled_spread([[0.7], [0.8]]) is None


def test_the_pooled_spread_weighs_by_degrees_of_freedom() -> None:
    spread = pooled_spread([[0.5, 0.7], [0.1, 0.2, 0.3], [0.9]])
    assert spread is not None
    assert spread.freedom == 3
    assert spread.deviation == pytest.approx(((0.02 + 0.02) / 3) ** 0.5)


def test_a_run_without_repeats_says_nothing_of_accuracies() -> None:
    assert confirmed_metrics(run_of([trial("t001", 0.8, 1e4)], {})) == {}
    latency = Metric(name="latency_ms", value=2.0, unit="ms")
    measured = replace(run_of([trial("t001", 0.8, 1e4)], {}), confirmed={"t001": (latency,)})
    assert confirmed_metrics(measured) == {"t001": (latency,)}


def test_only_completed_trials_have_a_mean_and_failed_repeats_are_left_out() -> None:
    trials = [
        trial("t001", 0.8, 1e4),
        trial("t002", 0.7, 1e4, status=Status.PRUNED),
        trial("base", 0.7, 1e4, is_baseline=True),
        trial("t003", 0.6, 1e4),
    ]
    found = confirmed_metrics(run_of(trials, {"t001": [0.9, None], "base": [0.7]}))
    assert set(found) == {"t001", "t003"}
    ((mean,), (single,)) = found["t001"], found["t003"]
    assert (mean.value, mean.n) == (pytest.approx(0.85), 2)
    assert (single.value, single.n) == (0.6, 1)
    assert single.high - single.low > mean.high - mean.low


def test_means_give_the_front_and_intervals_its_certainty() -> None:
    trials = [trial("lucky", 0.90, 2e4), trial("steady", 0.85, 1e4), trial("poor", 0.30, 3e4)]
    assert [m.trial.trial_id for m in select_front(trials, OBJECTIVES)] == ["lucky", "steady"]
    repeats = {"lucky": [0.80, 0.79], "steady": [0.84, 0.86]}
    confirmed = confirmed_metrics(run_of(trials, repeats))
    (member,) = select_front(trials, OBJECTIVES, confirmed=confirmed)
    assert (member.trial.trial_id, member.certain) == ("steady", True)
    assert member.values["val_accuracy"] == pytest.approx(0.85)
    contenders = select_contenders(trials, OBJECTIVES, confirmed=confirmed)
    assert [(m.trial.trial_id, m.certain) for m in contenders] == [("lucky", False)]


def test_a_single_unlucky_training_within_reach_is_possible() -> None:
    trials = [trial("member", 0.80, 2e4), trial("unlucky", 0.79, 3e4), trial("far", 0.4, 3e4)]
    assert select_contenders(trials, OBJECTIVES) == ()
    confirmed = confirmed_metrics(run_of(trials, {"member": [0.78, 0.82]}))
    contenders = select_contenders(trials, OBJECTIVES, confirmed=confirmed)
    assert [m.trial.trial_id for m in contenders] == ["unlucky"]


def test_equal_trials_without_intervals_do_not_contend() -> None:
    trials = [trial("t001", 0.8, 2e4), trial("t002", 0.8, 2e4)]
    assert select_contenders(trials, OBJECTIVES) == ()


def test_a_smaller_rival_within_reach_makes_a_member_possible() -> None:
    trials = [trial("large", 0.80, 2e4), trial("small", 0.79, 1e4)]
    certain = {m.trial.trial_id: m.certain for m in select_front(trials, OBJECTIVES)}
    assert certain == {"large": True, "small": True}
    confirmed = confirmed_metrics(run_of(trials, {"large": [0.78, 0.82]}))
    front = select_front(trials, OBJECTIVES, confirmed=confirmed)
    assert {m.trial.trial_id: m.certain for m in front} == {"large": False, "small": True}
