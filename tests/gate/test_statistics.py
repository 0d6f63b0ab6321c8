"""The gate's statistics against brute force: all signings, all subsets, all bounds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, wilcoxon

from edgebench.errors import InputError
from edgebench.gate import hodges_lehmann, holm, pairs_needed
from edgebench.gate.statistics import above_p, below_p, signed_rank_counts

DIFFERENT = st.lists(
    st.floats(-1.0, 1.0).filter(lambda x: abs(x) > 1e-6), min_size=1, max_size=8, unique_by=abs
)
ALIKE = st.lists(st.integers(-3, 3).map(float), min_size=0, max_size=8)


def p_of_all_signings(differences: Sequence[float]) -> float:
    """Return the share of the signings of what is not zero whose positive ranks sum to as much."""
    left = [d for d in differences if d]
    ranks = list(rankdata([abs(d) for d in left])) if left else []
    seen = sum(rank for rank, d in zip(ranks, left, strict=True) if d > 0)
    sums = [
        sum(itertools.compress(ranks, signs))
        for signs in itertools.product((0, 1), repeat=len(left))
    ]
    return sum(total >= seen for total in sums) / len(sums)


@given(st.one_of(DIFFERENT, ALIKE))
@example([3.0, -3.0, -1.0, 1.0, 2.0])
@example([0.0, 0.0])
@settings(max_examples=200)
def test_p_values_are_those_of_all_signings(differences: list[float]) -> None:
    assert above_p(differences, 1.0) == p_of_all_signings(differences)
    assert below_p(differences, 1.0) == p_of_all_signings([-d for d in differences])


@given(st.lists(st.floats(-1.0, 1.0), min_size=9, max_size=40, unique_by=abs))
@settings(max_examples=50)
def test_p_values_without_ties_are_those_of_scipy(differences: list[float]) -> None:
    shifted = np.asarray(differences) - math.log(1.05)
    if len(set(np.abs(shifted))) == len(shifted) and shifted.all():
        expected = wilcoxon(shifted, alternative="greater", method="exact").pvalue
        assert above_p(differences, 1.05) == pytest.approx(expected, rel=1e-9)


def test_a_bound_is_a_ratio() -> None:
    slower = [math.log(1.06 + n / 1000) for n in range(10)]
    assert above_p(slower, 1.05) == below_p([-d for d in slower], 1 / 1.05) == 2.0**-10
    assert above_p(slower, 1.20) == below_p([-d for d in slower], 1 / 1.20) == 1.0


@given(st.lists(st.integers(1, 9), max_size=8))
def test_counts_are_those_of_all_signings(ranks: list[int]) -> None:
    counts = signed_rank_counts(ranks)
    sums = [
        sum(itertools.compress(ranks, signs))
        for signs in itertools.product((0, 1), repeat=len(ranks))
    ]
    assert list(counts) == [sums.count(total) for total in range(sum(ranks) + 1)]


def by_closed_testing(p_values: Mapping[str, float], alpha: float) -> set[str]:
    """Return whose every intersection with others falls by Bonferroni's test; what Holm shortens."""
    subsets = [
        subset
        for size in range(1, len(p_values) + 1)
        for subset in itertools.combinations(p_values, size)
    ]
    return {
        name
        for name in p_values
        if all(
            min(p_values[other] for other in subset) <= alpha / len(subset)
            for subset in subsets
            if name in subset
        )
    }


@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.one_of(st.floats(0.0, 0.2), st.integers(1, 6).map(lambda n: 0.05 / n)),
    )
)
@settings(max_examples=300)
def test_holm_is_closed_testing(p_values: dict[str, float]) -> None:
    assert holm(p_values, 0.05) == by_closed_testing(p_values, 0.05)


@given(DIFFERENT, st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_interval_holds_the_ratios_that_no_test_refuses(
    log_ratios: list[float], confidence: float
) -> None:
    ratio = hodges_lehmann(log_ratios, confidence)
    averages = sorted(
        (a + b) / 2 for a, b in itertools.combinations_with_replacement(log_ratios, 2)
    )
    assert ratio.value == pytest.approx(math.exp(float(np.median(averages))))
    # Between two neighbours no test changes, so the middles stand for all bounds there are.
    edges = [averages[0] - 1.0, *averages, averages[-1] + 1.0]
    for low, high in itertools.pairwise(edges):
        middle = (low + high) / 2
        shifted = [d - middle for d in log_ratios]
        if high - low < 1e-9 or len({abs(d) for d in shifted}) < len(shifted):
            continue
        refused = (1.0 - ratio.confidence) / 2
        p = min(above_p(shifted, 1.0), below_p(shifted, 1.0))
        inside = math.log(ratio.low) < middle < math.log(ratio.high)
        assert inside == (p > refused + 1e-12)


@pytest.mark.parametrize("pairs", range(1, 11))
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_interval_covers_as_often_as_it_says(pairs: int, confidence: float) -> None:
    sizes = [math.sqrt(prime) for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)][:pairs]
    intervals = [
        hodges_lehmann([s * d for s, d in zip(signs, sizes, strict=True)], confidence)
        for signs in itertools.product((-1, 1), repeat=pairs)
    ]
    covered = sum(interval.low <= 1.0 <= interval.high for interval in intervals) / len(intervals)
    told = intervals[0].confidence
    assert covered == pytest.approx(told)
    assert told >= confidence or told == pytest.approx(1.0 - 2.0 ** (1 - pairs))


def test_no_pair_has_no_ratio() -> None:
    with pytest.raises(InputError, match="one pair or more"):
        hodges_lehmann([])


@pytest.mark.parametrize(
    ("benchmarks", "pairs"), [(1, 10), (5, 10), (6, 11), (10, 11), (11, 12), (20, 12), (81, 14), (82, 15)]
)  # fmt: skip
def test_pairs_carry_so_many_benchmarks(benchmarks: int, pairs: int) -> None:
    assert pairs_needed(benchmarks, 0.01) == pairs
    if pairs > 10:
        assert 2.0**-pairs <= 0.005 / benchmarks < 2.0 ** (1 - pairs)
