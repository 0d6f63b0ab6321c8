"""A fixed model that is measured between others: what it does to the device's speed, it does to theirs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edgebench.errors import DeviceError, EdgebenchError
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.profiler import Profiler

MODELS = tuple(Path(__file__).parent / "assets" / f"reference.{s}" for s in ("tflite", "onnx"))
PLAN = MeasurePlan(blocks=1, block_s=0.25)
FRESH_S = 60.0


class Reference:
    """The latency of the reference model on one device, taken again once it is a minute old.

    There is none on a device that runs neither of its two files.

    Args:
        profiler: Of the device.
        clock_s: A monotonic clock.
    """

    def __init__(self, profiler: Profiler, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._profiler = profiler
        self._clock_s = clock_s
        self._taken_s = float("-inf")
        self._latency_ms: float | None = None

    def latency_ms(self) -> float | None:
        """Return milliseconds, by the figure that the device ranks by; raises `DeviceError` as `Profiler.measure` does."""
        if self._clock_s() - self._taken_s > FRESH_S:
            self._latency_ms = next(self._measured(), None)
            self._taken_s = self._clock_s()
        return self._latency_ms

    def _measured(self) -> Iterator[float]:
        for model in MODELS:
            try:
                yield self._profiler.measure(model, PLAN).as_metric().value
            except DeviceError:
                raise
            except EdgebenchError:
                continue
