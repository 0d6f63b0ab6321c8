"""What several trainings of one candidate say of its accuracy: the mean, and how far it may be off.

The mean of n trainings, from other seeds each, is given with its two-sided 90 % interval by Student's t,
clipped to [0, 1]: by the candidate's own spread, or by that of all repeated candidates, whichever is wider. Two or three
trainings often lie close together by luck alone, and an interval of their own would then promise too much. A candidate
that was trained once has no spread of its own. All this takes the accuracies of one candidate over seeds to be nearly
normal.

A front is chosen by first trainings, so theirs lean to luck: the mean keeps 1/n of it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from edgebench.objectives.score import ACCURACY
from edgebench.records import LOSS, Metric, RunResult, Status

CONFIDENCE = 0.90


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A standard deviation of accuracies, as a share, and the degrees of freedom it was estimated with."""

    deviation: float
    freedom: int


def spread_of(accuracies: Sequence[float]) -> Spread | None:
    """Return the spread of one candidate's trainings; None for fewer than two."""
    if len(accuracies) < 2:
        return None
    return Spread(deviation=statistics.stdev(accuracies), freedom=len(accuracies) - 1)


def pooled_spread(groups: Iterable[Sequence[float]]) -> Spread | None:
    """Return the spread common to several candidates, each with its own mean; None where none was repeated."""
    spreads = [spread for group in groups if (spread := spread_of(group)) is not None]
    freedom = sum(spread.freedom for spread in spreads)
    if not freedom:
        return None
    squares = sum(spread.freedom * spread.deviation**2 for spread in spreads)
    return Spread(deviation=math.sqrt(squares / freedom), freedom=freedom)


def mean_accuracy(
    accuracies: Sequence[float], pooled: Spread | None = None, metric: str = ACCURACY
) -> Metric:
    """Return the mean of one candidate's trainings with its 90 % interval, and their number as ``n``.

    Args:
        accuracies: At least one.
        pooled: The spread of all repeated candidates; a single training has no interval without it.
        metric: What they are; of a share the interval is cut off at 0 and 1.
    """
    mean, count = statistics.fmean(accuracies), len(accuracies)
    reaches = [
        float(stdtrit(spread.freedom, (1.0 + CONFIDENCE) / 2.0))
        * spread.deviation
        / math.sqrt(count)
        for spread in (spread_of(accuracies), pooled)
        if spread is not None
    ]
    if not reaches:
        return Metric(name=metric, value=mean, n=count)
    reach = max(reaches)
    most = math.inf if metric == LOSS else 1.0
    return Metric(
        name=metric, value=mean, n=count, low=max(0.0, mean - reach), high=min(most, mean + reach)
    )


def confirmed_metrics(result: RunResult) -> dict[str, tuple[Metric, ...]]:
    """Return by trial what later work says in place of the search: latency of the shipped file, accuracy over repeats.

    An accuracy is there for completed trials, the baseline apart, and only in a run that has repeats.
    """
    trainings = _trainings(result)
    pooled = pooled_spread(trainings.values())
    confirmed = dict(result.confirmed)
    if pooled is not None:
        for trial_id, accuracies in trainings.items():
            mean = mean_accuracy(accuracies, pooled, result.run.suite.training.watch)
            confirmed[trial_id] = (*confirmed.get(trial_id, ()), mean)
    return confirmed


def _trainings(result: RunResult) -> dict[str, list[float]]:
    """Return the accuracies of every completed trial: its own, then those of its repeats that did not fail."""
    found = {
        trial.trial_id: [metric.value]
        for trial in result.trials
        if trial.status is Status.COMPLETED and not trial.is_baseline
        if (metric := trial.metric(result.run.suite.training.watch)) is not None
    }
    for repeat in result.repeats:
        if repeat.accuracy is not None and repeat.trial_id in found:
            found[repeat.trial_id].append(repeat.accuracy)
    return found
