"""The warm-up and sampling rules of one block. Pure: the clock and the timed call are handed in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgebench.stats import median

WINDOW_SAMPLES = 10
WINDOW_AGREEMENT = 0.02
WARMUP_MIN_S = 1.0
WARMUP_GIVE_UP_S = 10.0
MIN_SAMPLES = 64
BLOCK_MAX_S = 30.0
GROUP_UNDER_NS = 50_000
GROUP_SAMPLE_NS = 1_200_000
TURN_NS = 50_000_000
RETURN_NS = 5_000_000

if TYPE_CHECKING:
    Sample = Callable[[int], int]
    Clock = Callable[[], int]


@dataclass(frozen=True)
class WarmUp:
    """How the warm-up went, and how many invokes one sample shall take."""

    first_ns: int
    invokes: int
    is_stable: bool
    invokes_per_sample: int


def invokes_per_sample(invoke_ns: float) -> int:
    """Return 1 from 50 us an invoke; under that, what makes a sample last at least 1 ms with some to spare."""
    if invoke_ns >= GROUP_UNDER_NS:
        return 1
    return math.ceil(GROUP_SAMPLE_NS / max(invoke_ns, 1.0))


def warm_up(sample: Sample, clock_ns: Clock, block_s: float) -> WarmUp:
    """Run windows of 10 samples until two in a row agree.

    At least 10 invokes and min(1.0, ``block_s``) seconds, and the medians of the last two windows within 2 %;
    after 10 s it gives up.

    Args:
        sample: Runs the model so many times and returns the nanoseconds of all of them together.
        clock_ns: A monotonic clock.
        block_s: How long the block shall sample, in (0, 30].
    """
    start_ns = clock_ns()
    first_ns = sample(1)
    invokes, group, previous = 1, 1, 0.0
    while True:
        window: list[float] = []
        while len(window) < WINDOW_SAMPLES:
            window.append(sample(group) / group)
            invokes += group
            if clock_ns() - start_ns >= WARMUP_GIVE_UP_S * 1e9:
                return WarmUp(first_ns, invokes, False, invokes_per_sample(median(window)))
        current = median(window)
        group = invokes_per_sample(current)
        is_stable = previous > 0 and abs(current / previous - 1.0) <= WINDOW_AGREEMENT
        if is_stable and clock_ns() - start_ns >= min(WARMUP_MIN_S, block_s) * 1e9:
            return WarmUp(first_ns, invokes, True, group)
        previous = current


def collect(
    sample: Sample,
    clock_ns: Clock,
    block_s: float,
    group: int,
    pass_on: Callable[[], None] | None = None,
) -> list[float]:
    """Return nanoseconds an invoke, sample by sample, none dropped.

    Until there are at least 64 samples and ``block_s`` seconds have passed, at most 30 s.

    Args:
        sample: As for `warm_up`.
        clock_ns: A monotonic clock.
        block_s: How long to sample.
        group: Invokes a sample.
        pass_on: Lets another process run and returns when this one may again, at least every 50 ms. That time does not count,
            nor that of the 5 ms after it, at least one sample, in which the model finds its way back into the caches.
    """
    start_ns = turn_ns = clock_ns()
    samples_ns: list[float] = []
    while True:
        samples_ns.append(sample(group) / group)
        now_ns = clock_ns()
        passed_s = (now_ns - start_ns) / 1e9
        if passed_s >= BLOCK_MAX_S or (len(samples_ns) >= MIN_SAMPLES and passed_s >= block_s):
            return samples_ns
        if pass_on is not None and now_ns - turn_ns >= TURN_NS:
            pass_on()
            back_ns = clock_ns()
            while clock_ns() - back_ns < RETURN_NS:
                sample(group)
            turn_ns = clock_ns()
            start_ns += turn_ns - now_ns
