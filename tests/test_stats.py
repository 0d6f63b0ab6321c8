"""Order statistics: against scipy's binomial, against the definitions, and against chance itself."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from edgebench import stats

SAMPLES = st.lists(st.integers(-50, 50), min_size=1, max_size=60)


def dropped_by_definition(count: int, tail: float, risk: float) -> int:
    cdf = binom.cdf(np.arange(count + 1), count, tail)
    return max((t for t in range(1, count + 1) if cdf[t] <= risk), default=0)


@pytest.mark.parametrize("tail", [0.5, 0.1, 0.05, 0.01, 0.9])
@pytest.mark.parametrize("risk", [0.01, 0.1])
def test_dropped_samples_agree_with_the_binomial_distribution(tail: float, risk: float) -> None:
    counts = [*range(1, 140), 200, 661, 662, 663, 1000, 2345]
    got = [stats.dropped_samples(count, tail, risk) for count in counts]
    assert got == [dropped_by_definition(count, tail, risk) for count in counts]


def test_dropped_samples_of_very_many() -> None:
    assert stats.dropped_samples(200_000, 0.1) == binom.ppf(0.01, 200_000, 0.1) - 1


@pytest.mark.parametrize(("q", "least"), [(0.9, 64), (0.99, 662)])
def test_least_number_of_samples_for_a_tail(q: float, least: int) -> None:
    values = [float(v) for v in range(least)]
    assert stats.early_stopping_quantile(values[1:], q) is None
    assert stats.early_stopping_quantile(values, q) == least - 1
    assert [n for n in range(1, least + 1) if stats.dropped_samples(n, 1 - q) > 0] == [least]


def test_the_slowest_but_t_minus_one_is_the_estimate() -> None:
    values = [float(v) for v in range(1000)]
    random.Random(0).shuffle(values)
    t = dropped_by_definition(1000, 0.1, 0.01)
    assert t > 1
    assert stats.early_stopping_quantile(values, 0.9) == 1000 - t


def test_early_stopping_is_below_the_truth_in_one_case_of_a_hundred() -> None:
    rng = np.random.default_rng(1)
    estimates = [stats.early_stopping_quantile(rng.random(200).tolist(), 0.9) for _ in range(3000)]
    below = np.mean(np.array(estimates) < 0.9)
    assert below <= 0.01
    assert below > 0.001


@given(SAMPLES)
def test_median_is_the_middle(values: list[int]) -> None:
    middle = stats.median(values)
    assert sum(v < middle for v in values) <= len(values) / 2
    assert sum(v > middle for v in values) <= len(values) / 2
    assert middle == np.median(values)


@given(SAMPLES, st.integers(1, 100))
def test_quantile_is_the_smallest_sample_that_a_share_does_not_exceed(
    values: list[int], percent: int
) -> None:
    share = Fraction(percent, 100)
    enough = [v for v in values if sum(w <= v for w in values) >= share * len(values)]
    assert stats.quantile(values, percent / 100) == min(enough)


def test_quantile_is_not_shifted_by_binary_fractions() -> None:
    assert 0.07 * 100 > 7
    assert stats.quantile(range(1, 101), 0.07) == 7


@pytest.mark.parametrize("q", [0.0, -0.1, 1.01, float("nan")])
def test_quantile_outside_its_range_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="q must lie in"):
        stats.quantile([1.0], q)


def test_nothing_has_no_median_and_no_quantile() -> None:
    with pytest.raises(ValueError, match="median of no values"):
        stats.median([])
    with pytest.raises(ValueError, match="quantile of no values"):
        stats.quantile([], 0.5)
    assert stats.early_stopping_quantile([], 0.9) is None


def test_interval_is_the_least_and_the_largest_block_median() -> None:
    blocks = [[1.0, 5.0, 100.0], [4.0], [9.0, 7.0]]
    assert stats.block_median_interval(blocks) == (5.0, 4.0, 8.0)
    assert stats.block_median_interval([[3.0, 1.0, 2.0]]) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize("blocks", [2, 3, 6])
def test_interval_covers_the_median_as_often_as_it_says(blocks: int) -> None:
    """Blocks of one process share a skewed process-to-process effect whose median is one."""
    rng = np.random.default_rng(2)
    trials = 4000
    covered = 0
    for _ in range(trials):
        effects = np.exp(rng.exponential(size=blocks) - np.log(2))
        _, low, high = stats.block_median_interval(
            [(effect * np.array([0.9, 1.0, 1.3])).tolist() for effect in effects]
        )
        covered += low <= 1.0 <= high
    expected = stats.interval_coverage(blocks)
    assert covered / trials == pytest.approx(expected, abs=4 * (expected / trials) ** 0.5)


def test_coverage_in_figures() -> None:
    assert stats.interval_coverage(6) == 0.96875
    assert stats.interval_coverage(1) == 0.0
    assert stats.interval_coverage(0) == 0.0
