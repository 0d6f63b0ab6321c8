"""What the gate's pairs say: exact signed-rank tests, Holm's correction, the Hodges-Lehmann ratio with its interval.

A pair is one block of the baseline and one of the other file, run one after the other; what counts of it is the logarithm of
the ratio of their medians, negative where the other file is faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgebench.errors import InputError

LEAST_PAIRS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times as long the other file takes, with an interval that holds the truth at ``confidence``."""

    value: float
    low: float
    high: float
    confidence: float


def pairs_needed(benchmarks: int, alpha: float) -> int:
    """Return the least pairs with which a look at so many benchmarks can find any of them slower; 10 or more.

    The least p-value of N pairs is 2**-N; a look may spend half of ``alpha``, and Holm divides that by the benchmarks.
    """
    return max(LEAST_PAIRS, math.ceil(round(math.log2(2 * benchmarks / alpha), 9)))


def above_p(log_ratios: Sequence[float], bound: float) -> float:
    """Return how likely pairs so slow are where the other file takes ``bound`` times as long, or less."""
    return _signed_rank_p(log_ratios, bound, "greater")


def below_p(log_ratios: Sequence[float], bound: float) -> float:
    """Return how likely pairs so fast are where the other file takes ``bound`` times as long, or more."""
    return _signed_rank_p(log_ratios, bound, "less")


def _signed_rank_p(log_ratios: Sequence[float], bound: float, alternative: str) -> float:
    """Return the exact one-sided p-value of the Wilcoxon signed-rank test; 1 where no pair differs from the bound.

    Pairs that do not differ from the bound are left out. Equal ones share their ranks, and all signings are counted with the
    ranks as they are: SciPy's exact method counts them as if none were equal, and then some p-values are too small.

    Source: Wilcoxon 1945, doi 10.2307/3001968; ties as Pratt and Gibbons 1981, "Concepts of Nonparametric Theory".
    """
    from scipy.stats import rankdata

    differences = np.asarray(log_ratios, np.float64) - math.log(bound)
    differences = differences[differences != 0.0] * (1.0 if alternative == "greater" else -1.0)
    doubled = np.rint(2.0 * rankdata(np.abs(differences))).astype(int)
    as_far = signed_rank_counts(doubled)[doubled[differences > 0.0].sum() :]
    return float(as_far.sum() / 2.0 ** len(doubled))


def holm(p_values: Mapping[str, float], alpha: float) -> frozenset[str]:
    """Return the names whose hypotheses fall, so that one falls wrongly with a probability of at most ``alpha``.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    fallen: set[str] = set()
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if p > alpha / (len(p_values) - rank):
            break
        fallen.add(name)
    return frozenset(fallen)


def hodges_lehmann(log_ratios: Sequence[float], confidence: float = 0.95) -> Ratio:
    """Return the median of all Walsh averages, as a ratio, with the interval that the signed-rank test gives.

    The interval's confidence is that asked for, or the most that so few pairs can give (1 - 2**(1 - N)).

    Raises:
        InputError: there is no pair.

    Source: Hodges and Lehmann 1963, doi 10.1214/aoms/1177704172.
    """
    if not len(log_ratios):
        raise InputError("a ratio needs one pair or more, and there is none")
    values = np.asarray(log_ratios, np.float64)
    rows, columns = np.triu_indices(len(values))
    averages = np.sort((values[rows] + values[columns]) / 2.0)
    tail = np.cumsum(signed_rank_counts(range(1, len(values) + 1))) / 2.0 ** len(values)
    outside = int(np.searchsorted(tail, (1.0 - confidence) / 2.0, side="right"))
    left_out = max(0, outside - 1)
    low, high = averages[left_out], averages[len(averages) - 1 - left_out]
    return Ratio(
        value=math.exp(float(np.median(averages))),
        low=math.exp(float(low)),
        high=math.exp(float(high)),
        confidence=1.0 - 2.0 * float(tail[left_out]),
    )


def signed_rank_counts(ranks: Iterable[int]) -> npt.NDArray[np.float64]:
    """Return in how many of the 2**N signings the positive ranks sum to 0, 1, ... the sum of all."""
    counts = np.ones(1)
    for rank in ranks:
        shifted = np.zeros(len(counts) + rank)
        shifted[: len(counts)] += counts
        shifted[rank:] += counts
        counts = shifted
    return counts
