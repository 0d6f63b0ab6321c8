"""Constraints: how far a bound is missed, and that a limit on latency holds for its tail."""

from __future__ import annotations

import pytest

from edgebench.objectives import is_feasible, total_violation, violated, violation
from edgebench.records import Constraint

parse = Constraint.parse


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("latency_ms<=20", 20.0, 0.0),
        ("latency_ms<=20", 19.0, 0.0),
        ("latency_ms<=20", 25.0, 0.25),
        ("val_accuracy>=0.8", 0.8, 0.0),
        ("val_accuracy>=0.8", 0.6, 0.25),
        ("val_accuracy>=0.8", 0.9, 0.0),
        ("macs<=0", 3.0, 3.0),
        ("macs>=-4", -6.0, 0.5),
    ],
)
def test_violation_is_a_share_of_the_bound(text: str, value: float, expected: float) -> None:
    assert violation(parse(text), value) == pytest.approx(expected)


def test_violations_of_any_unit_add_up() -> None:
    limits = [parse("param_bytes<=1000"), parse("val_accuracy>=0.5"), parse("macs<=10")]
    values = {"param_bytes": 1500.0, "val_accuracy": 0.25, "macs": 5.0}
    assert total_violation(limits, values) == pytest.approx(1.0)
    assert not is_feasible(limits, values)


def test_a_metric_that_is_not_known_yet_breaks_nothing() -> None:
    limits = [parse("param_bytes<=1000"), parse("val_accuracy>=0.5")]
    assert is_feasible(limits, {"param_bytes": 1000.0})
    assert not is_feasible(limits, {"param_bytes": 1001.0})
    assert is_feasible([], {"param_bytes": 1.0})


@pytest.mark.parametrize(
    ("values", "feasible"),
    [
        ({"latency_ms": 15.0}, True),
        ({"latency_ms": 15.0, "latency_p90_ms": 19.0}, True),
        ({"latency_ms": 15.0, "latency_p90_ms": 21.0}, False),
        ({"latency_ms": 25.0, "latency_p90_ms": 19.0}, False),
        ({"latency_p90_ms": 21.0}, False),
        ({}, True),
    ],
)
def test_a_latency_budget_holds_for_the_ninetieth_percentile(
    values: dict[str, float], feasible: bool
) -> None:
    assert is_feasible([parse("latency_ms<=20")], values) is feasible


def test_broken_constraints_are_told() -> None:
    limits = [parse("param_bytes<=1234567"), parse("latency_ms<=20"), parse("val_accuracy>=0.9")]
    values = {
        "param_bytes": 4953001.0, "latency_ms": 15.0, "latency_p90_ms": 22.25, "val_accuracy": 0.95,
    }  # fmt: skip
    assert violated(limits, values) == [
        "param_bytes 4953001 breaks param_bytes<=1234567",
        "latency_ms 22.25 breaks latency_ms<=20",
    ]
    assert violated(limits, {}) == []
