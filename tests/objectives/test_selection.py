"""Which trials are on the front, how sure that is, and which one to ship."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgebench.objectives import best_known, hypervolume_by_trial, pick, select_front
from edgebench.records import Constraint, Goal, Metric, Objective, Status, Trial

ACCURACY = Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.5)
LATENCY = Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0)
OBJECTIVES = (ACCURACY, LATENCY)


def latency(value: float, low: float | None = None, high: float | None = None) -> Metric:
    return Metric(name="latency_ms", value=value, unit="ms", low=low, high=high)


def trial(name: str, accuracy: float, measured: float | Metric, **changes: object) -> Trial:
    metric = measured if isinstance(measured, Metric) else latency(measured)
    made = Trial(
        trial_id=name, status=Status.COMPLETED, hyperparameters={},
        metrics=(Metric(name="val_accuracy", value=accuracy), metric),
    )  # fmt: skip
    return replace(made, **changes)


def names(front) -> list[str]:
    return [member.trial.trial_id for member in front]


def test_front_stands_best_first_objective_first() -> None:
    trials = [trial("slow", 0.95, 12.0), trial("dull", 0.8, 13.0), trial("fast", 0.7, 2.0)]
    assert names(select_front(trials, OBJECTIVES)) == ["slow", "fast"]
    assert names(select_front(trials, OBJECTIVES[::-1])) == ["fast", "slow"]


def test_of_trials_that_score_alike_the_first_is_a_member() -> None:
    trials = [trial("b", 0.9, 5.0), trial("a", 0.9, 5.0)]
    assert names(select_front(trials, OBJECTIVES)) == ["b"]


@pytest.mark.parametrize(
    "changes",
    [
        {"is_baseline": True},
        {"status": Status.INFEASIBLE},
        {"status": Status.FAILED},
        {"status": Status.PRUNED},
        {"status": Status.RUNNING},
        {"metrics": (Metric(name="val_accuracy", value=0.99),)},
    ],
)
def test_who_is_no_candidate(changes: dict[str, object]) -> None:
    best = trial("best", 0.99, 1.0, **changes)
    trials = [best, trial("plain", 0.8, 9.0)]
    assert names(select_front(trials, OBJECTIVES)) == ["plain"]
    assert hypervolume_by_trial([best], OBJECTIVES) in ([], [0.0])


@pytest.mark.parametrize(("accuracy", "measured"), [(0.5, 1.0), (0.4, 1.0), (0.9, 20.0), (0.9, 21)])
def test_a_trial_no_better_than_the_reference_is_on_no_front(
    accuracy: float, measured: float
) -> None:
    assert select_front([trial("poor", accuracy, measured)], OBJECTIVES) == ()


def test_a_trial_that_breaks_a_limit_is_on_no_front() -> None:
    trials = [trial("fast", 0.7, 2.0), trial("slow", 0.9, 12.0)]
    limits = [Constraint.parse("latency_ms<=10")]
    assert names(select_front(trials, OBJECTIVES, limits)) == ["fast"]
    tail = Metric(name="latency_p90_ms", value=11.0)
    tailed = replace(trials[0], metrics=(*trials[0].metrics, tail))
    assert select_front([tailed, trials[1]], OBJECTIVES, limits) == ()


def test_no_trial_is_an_empty_front() -> None:
    assert select_front([], OBJECTIVES) == ()
    assert pick((), "pareto", OBJECTIVES) is None


def test_a_confirmed_latency_replaces_the_probed_one() -> None:
    trials = [trial("a", 0.9, 5.0), trial("b", 0.8, 4.0)]
    confirmed = {"b": (latency(6.0),)}
    assert best_known(trials[1], confirmed)["latency_ms"] == latency(6.0)
    assert names(select_front(trials, OBJECTIVES, confirmed=confirmed)) == ["a"]
    (member,) = select_front(trials[1:], OBJECTIVES, confirmed=confirmed)
    assert member.values == {"val_accuracy": 0.8, "latency_ms": 6.0}


def test_a_confirmed_latency_is_held_to_the_limits() -> None:
    probed = trial("a", 0.9, 5.0)
    tail = Metric(name="latency_p90_ms", value=6.0)
    probed = replace(probed, metrics=(*probed.metrics, tail))
    limits = [Constraint.parse("latency_ms<=10")]
    assert names(select_front([probed], OBJECTIVES, limits)) == ["a"]
    assert select_front([probed], OBJECTIVES, limits, {"a": (latency(15.0),)}) == ()


def test_members_whose_intervals_overlap_are_possible_only() -> None:
    trials = [
        trial("a", 0.90, latency(5.0, 4.8, 5.2)),
        trial("b", 0.89, latency(4.9, 4.7, 5.1)),
        trial("c", 0.70, latency(2.0, 1.9, 2.1)),
    ]
    certain = {m.trial.trial_id: m.certain for m in select_front(trials, OBJECTIVES)}
    assert certain == {"a": True, "b": False, "c": True}
    confirmed = {"a": (latency(5.0, 4.99, 5.01),), "b": (latency(4.9, 4.89, 4.91),)}
    members = select_front(trials, OBJECTIVES, confirmed=confirmed)
    assert [m.certain for m in members] == [True, True, True]


def test_a_dominated_candidate_can_endanger_a_member() -> None:
    trials = [trial("member", 0.9, latency(5.0, 4.9, 5.5)), trial("rival", 0.9, latency(5.1, 5, 5))]
    (member,) = select_front(trials, OBJECTIVES)
    assert (member.trial.trial_id, member.certain) == ("member", False)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("pareto", "slow"), ("accuracy", "slow"), ("latency", "fast"), ("weighted", "slow")],
)
def test_pick_by_objective(kind: str, expected: str) -> None:
    front = select_front([trial("slow", 0.95, 12.0), trial("fast", 0.7, 6.0)], OBJECTIVES)
    chosen = pick(front, kind, OBJECTIVES)
    assert chosen is not None
    assert chosen.trial.trial_id == expected


def test_pick_weighs_as_the_suite_says() -> None:
    front = select_front([trial("slow", 0.95, 12.0), trial("fast", 0.7, 6.0)], OBJECTIVES)
    chosen = pick(front, "weighted", (ACCURACY, replace(LATENCY, weight=1.0)))
    assert chosen is not None
    assert chosen.trial.trial_id == "fast"


def test_pick_of_the_front_is_the_best_first_objective() -> None:
    front = select_front([trial("slow", 0.95, 12.0), trial("fast", 0.7, 6.0)], OBJECTIVES)
    chosen = pick(front, "pareto", OBJECTIVES[::-1])
    assert chosen is not None
    assert chosen.trial.trial_id == "fast"


def test_hypervolume_after_each_trial() -> None:
    trials = [
        trial("base", 0.99, 0.1, is_baseline=True),
        trial("a", 0.75, 10.0),
        trial("failed", 0.99, 0.1, status=Status.FAILED),
        trial("dominated", 0.7, 12.0),
        trial("b", 0.6, 5.0),
        trial("poor", 0.5, 1.0),
        trial("best", 1.0, 5.0),
    ]
    found = hypervolume_by_trial(trials, OBJECTIVES)
    box_a, box_b, shared = 0.5 * 0.5, 0.2 * 0.75, 0.2 * 0.5
    grown = box_a + box_b - shared
    assert found == pytest.approx([box_a, box_a, box_a, grown, grown, 0.75])


def test_hypervolume_heeds_the_limits() -> None:
    trials = [trial("slow", 0.9, 12.0), trial("fast", 0.75, 10.0)]
    limits = [Constraint.parse("latency_ms<=10")]
    assert hypervolume_by_trial(trials, OBJECTIVES, limits) == pytest.approx([0.0, 0.25])
