"""The devices of a suite, opened once for a search."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from edgebench.datasets import Floats
from edgebench.devices import Device, open_device
from edgebench.profiling import MeasurePlan, Profiler, check_device
from edgebench.records import DeviceInfo, Measurement, Suite


class Bench:
    """Measures files as the suite's latency plan says. The search ranks by its first device.

    Use in a ``with`` block; raises `UnavailableError` where a device cannot be reached.
    """

    def __init__(self, suite: Suite) -> None:
        plan = suite.latency
        self._plan = MeasurePlan(runtime=plan.runtime, threads=plan.threads, block_s=plan.block_s)
        self._winner_blocks = plan.winner_blocks
        self._names = suite.devices
        self._devices: list[Device] = []
        self._profilers: list[Profiler] = []
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._devices = [stack.enter_context(open_device(name)) for name in self._names]
            self._profilers = [Profiler(device) for device in self._devices]
            self._open = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    @property
    def is_local(self) -> bool:
        """Whether any device is this machine, whose own work would disturb it."""
        return any(device.document.transport.kind == "local" for device in self._devices)

    def describe(self) -> tuple[DeviceInfo, ...]:
        """Return the facts of every device, its working runtimes included."""
        return tuple(check_device(device).info for device in self._devices)

    def measure(self, path: Path, blocks: int) -> Measurement:
        """Measure one file on the first device."""
        return self._profilers[0].measure(path, replace(self._plan, blocks=blocks))

    def measure_winner(self, paths: Sequence[Path]) -> list[list[Measurement]]:
        """Measure the files of one winner in turns; one list a device, one measurement a file."""
        plan = self._plan
        return [
            [
                measurement
                for group in _by_runtime(paths)
                for measurement in profiler.measure_interleaved(
                    group, replace(plan, blocks=self._winner_blocks, runtime=_fitting(plan, group))
                )
            ]
            for profiler in self._profilers
        ]

    def infer(self, path: Path, inputs: Floats) -> Floats:
        """Run a one-input, one-output file over examples, one by one, on the first device."""
        plan = replace(self._plan, runtime=_fitting(self._plan, [path]))
        return self._profilers[0].infer(path, inputs, plan)[0]


def _by_runtime(paths: Sequence[Path]) -> list[list[Path]]:
    """Split files by suffix, in order: one runtime opens each group."""
    return [[p for p in paths if p.suffix == s] for s in dict.fromkeys(p.suffix for p in paths)]


def _fitting(plan: MeasurePlan, paths: Sequence[Path]) -> str:
    """Return the plan's runtime where it opens such files, else ``auto``."""
    opens = {"tflite": ".tflite", "litert": ".tflite", "ort": ".onnx"}.get(plan.runtime)
    return plan.runtime if opens == paths[0].suffix else "auto"
