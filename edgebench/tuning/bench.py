"""The devices of a suite, opened once for a search."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from edgebench.datasets import Floats
from edgebench.devices import Device, open_device
from edgebench.errors import UnavailableError
from edgebench.profiling import MeasurePlan, Profiler, check_device
from edgebench.records import DeviceInfo, Measurement, Suite
from edgebench.tuning.crew import Crew


class Bench:
    """Measures files as the suite's latency plan says. The search ranks by its first device.

    Use in a ``with`` block; raises `UnavailableError` where a device cannot be reached.

    Args:
        suite: Names the devices and the plan.
        crew: Its workers leave a device alone that is being measured on.
    """

    def __init__(self, suite: Suite, crew: Crew) -> None:
        self._crew = crew
        plan = suite.latency
        self._plan = MeasurePlan(runtime=plan.runtime, threads=plan.threads, block_s=plan.block_s)
        self._winner_blocks = plan.winner_blocks
        self._names = suite.devices
        self._devices: list[Device] = []
        self._profilers: list[Profiler] = []
        self._scorers: list[Profiler] = []
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._devices = [stack.enter_context(open_device(name)) for name in self._names]
            self._profilers = [Profiler(device) for device in self._devices]
            self._scorers = [each for each in self._profilers if each.gives_outputs]
            if not self._scorers:
                raise UnavailableError(
                    "no device of the suite gives outputs, by which the files of winners are scored",
                    why="benchmark_model only tells times",
                    remedy="add a device with Python to devices, such as local",
                )
            self._open = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def describe(self) -> tuple[DeviceInfo, ...]:
        """Return the facts of every device, its working runtimes included."""
        return tuple(check_device(device).info for device in self._devices)

    def measure(self, path: Path, blocks: int) -> Measurement:
        """Measure one file on the first device."""
        with self._undisturbed(self._devices[0]):
            return self._profilers[0].measure(path, replace(self._plan, blocks=blocks))

    def measure_winner(self, paths: Sequence[Path]) -> list[list[Measurement]]:
        """Measure the files of one winner in turns; one list a device, one measurement a file."""
        measured = []
        for device, profiler in zip(self._devices, self._profilers, strict=True):
            with self._undisturbed(device):
                measured.append(
                    [m for g in _by_runtime(paths) for m in self._in_turns(profiler, g)]
                )
        return measured

    def infer(self, path: Path, inputs: Floats) -> Floats:
        """Run a one-input, one-output file over examples, one by one, on the first device that gives outputs."""
        plan = replace(self._plan, runtime=_fitting(self._plan, [path]))
        return self._scorers[0].infer(path, inputs, plan)[0]

    def _in_turns(self, profiler: Profiler, paths: Sequence[Path]) -> Sequence[Measurement]:
        """Measure files that one runtime opens."""
        plan, runtime = self._plan, _fitting(self._plan, paths)
        return profiler.measure_interleaved(
            paths, replace(plan, blocks=self._winner_blocks, runtime=runtime)
        )

    def _undisturbed(self, device: Device) -> contextlib.AbstractContextManager[None]:
        document = device.document
        is_local = document.transport.kind == "local"
        return self._crew.measuring(document.name, is_local=is_local)


def _by_runtime(paths: Sequence[Path]) -> list[list[Path]]:
    """Split files by suffix, in order: one runtime opens each group."""
    return [[p for p in paths if p.suffix == s] for s in dict.fromkeys(p.suffix for p in paths)]


def _fitting(plan: MeasurePlan, paths: Sequence[Path]) -> str:
    """Return the plan's runtime where it opens such files, else ``auto``."""
    opens = {"tflite": ".tflite", "litert": ".tflite", "ort": ".onnx"}.get(plan.runtime)
    return plan.runtime if opens == paths[0].suffix else "auto"
