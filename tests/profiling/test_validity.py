from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.validity import (
    changed_between,
    drift,
    invalid_reasons,
    is_bimodal,
    judge,
    noise_reasons,
)

PLAN = MeasurePlan()


def conditions(**changes: Any) -> dict[str, Any]:
    facts = {
        "governor": "performance",
        "frequency_khz": 1_500_000,
        "max_frequency_khz": 1_500_000,
        "temperature_c": 40.0,
        "load_1m": 0.1,
        "throttle_count": 2,
        "throttled_now": False,
    }
    return {**facts, **changes}


def answer(**changes: Any) -> dict[str, Any]:
    facts = {
        "agent": {"version": "1", "sha256": "ab" * 32},
        "model_sha256": "cd" * 32,
        "runtime": "litert",
        "runtime_version": "2.3.0",
        "delegate": "xnnpack",
        "threads": 1,
        "pinned": [3],
        "affinity": [3],
        "cooled": True,
        "before": conditions(),
        "after": conditions(),
        "init_ns": 5,
        "first_ns": 6,
        "warmup_invokes": 21,
        "warmup_stable": True,
        "invokes_per_sample": 1,
        "samples_ns": [1e6] * 64,
    }
    return {**facts, **changes}


def test_good_block_is_valid_and_quiet() -> None:
    timed = judge(answer(), PLAN)
    assert timed.invalid_reasons == ()
    assert timed.block.reasons == ()
    assert timed.block.samples_ns == (1e6,) * 64
    assert (timed.environment.affinity, timed.environment.governor) == ((3,), "performance")
    assert timed.environment.agent_sha256 == "ab" * 32


def test_what_ran_the_operations_is_kept_where_it_was_told() -> None:
    environment = judge(answer(accelerator="cpu", delegated_ops=8, other_ops=5), PLAN).environment
    assert (environment.accelerator, environment.delegated_ops, environment.other_ops) == (
        "cpu", 8, 5,
    )  # fmt: skip
    assert judge(answer(), PLAN).environment.delegated_ops is None


def test_short_name_of_a_provider_is_the_delegate_itself() -> None:
    ran = answer(runtime="ort", delegate="CUDAExecutionProvider")
    assert invalid_reasons(ran, MeasurePlan(delegate="cuda")) == ()
    assert invalid_reasons(ran, MeasurePlan(delegate="tensorrt")) == ("wrong_delegate",)


@pytest.mark.parametrize(
    ("changes", "plan", "reason"),
    [
        ({"runtime": "tflite"}, MeasurePlan(runtime="litert"), "wrong_runtime"),
        ({"delegate": "none"}, MeasurePlan(delegate="xnnpack"), "wrong_delegate"),
        ({"affinity": [2, 3]}, PLAN, "wrong_affinity"),
        ({}, MeasurePlan(cores=(2,)), "wrong_affinity"),
        ({"pinned": None, "affinity": None}, MeasurePlan(cores=(2,)), "wrong_affinity"),
        ({"after": conditions(throttled_now=True)}, PLAN, "throttled"),
        ({"after": conditions(throttle_count=3)}, PLAN, "throttled"),
        ({"cooled": False}, PLAN, "too_hot"),
    ],
)
def test_block_taken_under_other_conditions_is_invalid(
    changes: dict[str, Any], plan: MeasurePlan, reason: str
) -> None:
    assert invalid_reasons(answer(**changes), plan) == (reason,)


def test_frequency_that_changed_or_is_low_is_invalid() -> None:
    slow = conditions(frequency_khz=1_400_000)
    assert invalid_reasons(answer(before=slow, after=slow), PLAN) == ("frequency_low",)
    jitter = conditions(frequency_khz=1_490_000)
    assert invalid_reasons(answer(after=jitter), PLAN) == ()
    capped = conditions(frequency_khz=1_300_000, max_frequency_khz=None)
    turbo = conditions(max_frequency_khz=None)
    assert invalid_reasons(answer(before=turbo, after=capped), PLAN) == ("frequency_changed",)


def test_what_the_platform_does_not_tell_is_no_reason() -> None:
    unknown = dict.fromkeys(conditions())
    facts = answer(before=unknown, after=unknown, pinned=None, affinity=None, cooled=None)
    assert invalid_reasons(facts, PLAN) == ()


def test_blocks_of_one_measurement_must_agree() -> None:
    first = judge(answer(), PLAN)
    assert changed_between([first, judge(answer(), PLAN)]) == ()
    other = judge(answer(runtime_version="2.4.0", delegate="none", affinity=[2], pinned=[2]), PLAN)
    assert changed_between([first, other]) == ("wrong_runtime", "wrong_delegate", "wrong_affinity")


def test_warm_up_that_gave_up_is_marked() -> None:
    assert noise_reasons([1e6] * 64, warmup_stable=False) == ("warmup_unstable",)


@pytest.mark.parametrize(("slope", "drifts"), [(0.02, False), (0.04, True), (-0.04, True)])
def test_drift_over_two_per_cent_from_first_to_last_quarter(slope: float, drifts: bool) -> None:
    samples = [1e6 * (1 + slope * i / 100) for i in range(100)]
    assert ("drift" in noise_reasons(samples, warmup_stable=True)) is drifts


def test_drift_is_not_moved_by_single_outliers() -> None:
    samples = [1e6] * 100
    samples[3] = samples[97] = samples[98] = 9e6
    assert drift(samples) == 0.0


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda r: r.gauss(100, 2), False),
        (lambda r: r.lognormvariate(0, 0.3), False),
        (lambda r: r.uniform(80, 120), False),
        (lambda r: 100 + r.expovariate(1 / 20), False),
        (lambda r: r.gauss(200 if r.random() < 0.05 else 100, 1), False),
        (lambda r: r.gauss(105 if r.random() < 0.5 else 100, 0.5), False),
        (lambda r: r.gauss(150 if r.random() < 0.5 else 100, 4), True),
        (lambda r: r.gauss(120 if r.random() < 0.3 else 100, 1), True),
    ],
    ids=["normal", "lognormal", "uniform", "tail", "outliers", "close", "even", "uneven"],
)
@pytest.mark.parametrize("seed", range(3))
def test_two_modes_are_seen(
    draw: Callable[[random.Random], float], expected: bool, seed: int
) -> None:
    source = random.Random(seed)
    assert is_bimodal([draw(source) for _ in range(400)]) is expected


def test_few_or_equal_samples_are_not_bimodal() -> None:
    assert not is_bimodal([1.0] * 5 + [2.0] * 5)
    assert not is_bimodal([1.0] * 100)
