"""The devices of a suite, opened once for a search."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy.typing as npt

from edgebench.datasets import Floats
from edgebench.devices import Device, find_device, open_device
from edgebench.errors import DeviceError, InputError, UnavailableError
from edgebench.evaluators import Reading
from edgebench.profiling import MeasurePlan, Patience, Profiler, Reference, check_device
from edgebench.records import DeviceInfo, Measurement, Suite
from edgebench.tuning.crew import Crew
from edgebench.tuning.pipeline import LOG, sentence_of

Array = npt.NDArray[Any]
# A search measures .tflite and .onnx files; to try keras besides, its framework would be loaded.
MEASURED_BY = ("litert", "tflite", "ort")


class Bench:
    """Measures files as the suite's latency plan says. The search ranks by its first device.

    Use in a ``with`` block; raises `UnavailableError` where a device cannot be reached then. One that fails later is
    asked again and again for a while; what it then still does not give is missing, and no fault of the file.

    Args:
        suite: Names the devices and the plan.
        crew: Its workers leave a device alone that is being measured on.
        later: Measure nothing, and reach no device.
    """

    def __init__(self, suite: Suite, crew: Crew, *, later: bool = False) -> None:
        self._crew = crew
        plan = suite.latency
        self._plan = MeasurePlan(runtime=plan.runtime, threads=plan.threads, block_s=plan.block_s)
        self._blocks = plan.blocks
        self._winner_blocks = plan.winner_blocks
        self._documents = {d.name: d for d in map(find_device, suite.devices)}
        if len(self._documents) < len(suite.devices):
            raise InputError(
                f"two of the devices {', '.join(suite.devices)} have one name",
                remedy="give each device file a name of its own",
            )
        self._later = later
        self._devices: dict[str, Device] = {}
        self._profilers: dict[str, Profiler] = {}
        self._references: dict[str, Reference] = {}
        self._scorers: list[Profiler] = []
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if self._later:
            return self
        with contextlib.ExitStack() as stack:
            for name, document in self._documents.items():
                self._devices[name] = stack.enter_context(open_device(document))
                self._profilers[name] = Profiler(self._devices[name], LOG.warning)
                self._references[name] = Reference(self._profilers[name])
            self._scorers = [each for each in self._profilers.values() if each.gives_outputs]
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

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the devices, the one that the search ranks by first."""
        return tuple(self._documents)

    def describe(self) -> tuple[DeviceInfo, ...]:
        """Return the facts of every device, its working runtimes included; those of its file where none is reached.

        Raises:
            InputError: a device lacks a core that its file names.
        """
        if self._later:
            return tuple(
                DeviceInfo(name=name, transport=document.transport.kind, machine="", system="")
                for name, document in self._documents.items()
            )
        return tuple(self._described(device) for device in self._devices.values())

    @staticmethod
    def _described(device: Device) -> DeviceInfo:
        patience = Patience(device.document.budget.reconnect_s, LOG.warning)
        check = patience.persist(lambda: check_device(device, MEASURED_BY))
        cores = device.document.cores
        absent = sorted(set(cores) - set(check.affinity if check.affinity is not None else cores))
        if absent:
            raise InputError(
                f"{device.document.name} has no core {absent[0]} to measure on",
                why=f"it offers {', '.join(map(str, check.affinity or ()))}",
                remedy="change cores in its device file",
            )
        return check.info

    def measure(self, path: Path, names: Sequence[str]) -> list[Reading]:
        """Measure one file on some devices, with the blocks of a search."""
        if self._later:
            return [Reading(device=name, why="to be measured later") for name in names]
        return [self._reading(path, name) for name in names]

    def measure_winner(self, paths: Sequence[Path], name: str) -> list[Measurement]:
        """Measure the files of one winner on a device in turns, and the memory of each; one measurement a file."""
        profiler = self._profilers[name]
        with self._undisturbed(name):
            return [m for group in _by_runtime(paths) for m in self._in_turns(profiler, group)]

    def infer(self, path: Path, inputs: Sequence[Floats]) -> list[Array]:
        """Run a file over examples, one by one, on the first device that gives outputs; one array an output."""
        plan = replace(self._plan, runtime=_fitting(self._plan, [path]))
        *others, last = self._scorers
        for scorer in others:
            try:
                return scorer.infer(path, inputs, plan)
            except DeviceError as error:
                LOG.warning("%s", sentence_of(error))
        return last.infer(path, inputs, plan)

    def _reading(self, path: Path, name: str) -> Reading:
        plan = replace(self._plan, blocks=self._blocks)
        try:
            with self._undisturbed(name):
                reference_ms = self._references[name].latency_ms()
                measurement = self._profilers[name].measure(path, plan)
                if not measurement.valid:
                    measurement = self._profilers[name].measure(path, plan)
        except DeviceError as error:
            return Reading(device=name, why=sentence_of(error))
        if not measurement.valid:
            return Reading(device=name, why=f"{name}: {', '.join(measurement.invalid_reasons)}")
        return Reading(
            device=name,
            measurement=measurement,
            ratio=measurement.as_metric().value / reference_ms if reference_ms else None,
        )

    def _in_turns(self, profiler: Profiler, paths: Sequence[Path]) -> Sequence[Measurement]:
        """Measure files that one runtime opens."""
        plan, runtime = self._plan, _fitting(self._plan, paths)
        return profiler.measure_interleaved(
            paths, replace(plan, blocks=self._winner_blocks, runtime=runtime, memory=True)
        )

    def _undisturbed(self, name: str) -> contextlib.AbstractContextManager[None]:
        is_local = self._documents[name].transport.kind == "local"
        return self._crew.measuring(name, is_local=is_local)


def _by_runtime(paths: Sequence[Path]) -> list[list[Path]]:
    """Split files by suffix, in order: one runtime opens each group."""
    return [[p for p in paths if p.suffix == s] for s in dict.fromkeys(p.suffix for p in paths)]


def _fitting(plan: MeasurePlan, paths: Sequence[Path]) -> str:
    """Return the plan's runtime where it opens such files, else ``auto``."""
    opens = {"tflite": ".tflite", "litert": ".tflite", "ort": ".onnx"}.get(plan.runtime)
    return plan.runtime if opens == paths[0].suffix else "auto"
