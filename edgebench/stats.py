"""Order statistics for latency samples. Standard library only: the agent carries this file to devices.

The interval [min, max] of K independent block medians covers the true median with probability
1 - 2**(1 - K), whatever the distribution (sign test). Tail quantiles follow the early-stopping rule of
MLPerf Inference (confidence .99, tolerance 0): never interpolated, never extrapolated.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

EARLY_STOPPING_RISK = 0.01


def median(values: Sequence[float]) -> float:
    """Return the median; raises ``ValueError`` when there are no values."""
    if not values:
        raise ValueError("the median of no values is undefined")
    return float(statistics.median(values))


def quantile(values: Sequence[float], q: float) -> float:
    """Return the smallest sample that at least a share ``q`` of all samples does not exceed."""
    if not values:
        raise ValueError("a quantile of no values is undefined")
    if not 0.0 < q <= 1.0:
        raise ValueError(f"q must lie in (0, 1], not {q}")
    ordered = sorted(values)
    rank = math.ceil(round(q * len(ordered), 9))
    return float(ordered[max(0, rank - 1)])


def block_median_interval(blocks: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Return (median of the block medians, least, largest)."""
    medians = [median(block) for block in blocks]
    return median(medians), min(medians), max(medians)


def interval_coverage(block_count: int) -> float:
    """Return the probability that the interval of ``block_count`` block medians covers the median."""
    return 1.0 - 2.0 ** (1 - block_count) if block_count > 0 else 0.0


def dropped_samples(count: int, tail: float, risk: float = EARLY_STOPPING_RISK) -> int:
    """Return the largest t with BinomCDF(t; count, tail) <= risk, or 0 when even t = 1 fails."""
    log_odds = math.log(tail) - math.log1p(-tail)
    log_term = count * math.log1p(-tail)
    cdf = math.exp(log_term)
    t = 0
    while t < count:
        log_term += math.log(count - t) - math.log(t + 1) + log_odds
        cdf += math.exp(log_term)
        if cdf > risk:
            break
        t += 1
    return t


def early_stopping_quantile(values: Sequence[float], q: float) -> float | None:
    """Return an upper estimate of quantile ``q`` at 99 % confidence, or None with too few samples.

    The t - 1 slowest samples are dropped and the next is the answer (t from `dropped_samples`).
    q = .9 needs 64 samples, q = .99 needs 662.

    Source: Reddi et al. 2020, arXiv:1911.02549; MLPerf Inference rules, "early stopping".
    """
    t = dropped_samples(len(values), 1.0 - q)
    if t < 1:
        return None
    return float(sorted(values, reverse=True)[t - 1])
