"""Does a file answer on a device as it does here? A latency of a program that computes something else is worth nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.errors import DeviceError, UnavailableError
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.profiler import Profiler
from edgebench.records import Agreement, Measurement

TOLERANCE = 1e-4
EXAMPLES = 4


def check_agreement(
    model: Path, there: Profiler, here: Profiler, plan: MeasurePlan, measured: Measurement
) -> Agreement | None:
    """Run seeded inputs on a device and on this machine, and compare the outputs.

    Args:
        model: A file.
        there: Of the device.
        here: Of this machine.
        plan: Threads and seed, the same on both sides.
        measured: What was measured there names the runtime, here the same.

    Returns:
        None where this machine lacks the runtime, or the device tells no outputs.
    """
    environment = measured.environment
    plan = dataclasses.replace(plan, runtime=environment.runtime)
    plain = dataclasses.replace(plan, delegate=None)
    try:
        found = there.infer_drawn(model, plan, examples=EXAMPLES)
        expected = here.infer_drawn(model, plain, examples=EXAMPLES)
    except DeviceError:
        raise
    except UnavailableError:
        return None
    return Agreement(
        against=f"{environment.runtime} on local",
        examples=EXAMPLES,
        max_abs_diff=largest_difference(found, expected),
        tolerance=TOLERANCE,
    )


def largest_difference(
    found: Sequence[npt.NDArray[Any]], expected: Sequence[npt.NDArray[Any]]
) -> float:
    """Return the largest difference of any number; infinity where shapes differ, or where one side alone is no number."""
    if [array.shape for array in found] != [array.shape for array in expected]:
        return float("inf")
    largest = 0.0
    for one, other in zip(found, expected, strict=True):
        mine, theirs = one.astype(np.float64), other.astype(np.float64)
        same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        differences = np.abs(mine[~same] - theirs[~same])
        differences[np.isnan(differences)] = np.inf
        largest = max(largest, float(differences.max(initial=0.0)))
    return largest
