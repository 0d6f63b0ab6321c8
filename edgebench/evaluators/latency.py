"""Latency on the device, before training: it depends on the graph, not on the weights."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.datasets import dataset_of
from edgebench.evaluators.base import Blueprint, Candidate, Findings
from edgebench.evaluators.workbench import look_at
from edgebench.export import Calibration, ExportedFile, export_model
from edgebench.records import (
    METRICS,
    ON_DEVICES,
    Cost,
    DataPlan,
    ExportTarget,
    Format,
    Measurement,
    Metric,
    Precision,
)

if TYPE_CHECKING:
    from edgebench.executors import Executor

CALIBRATION_COUNT = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeJob:
    """An untrained network to be written as a TFLite file into ``folder``."""

    blueprint: Blueprint
    precision: Precision
    data: DataPlan
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one device said of a file: a measurement, else ``why`` there is none.

    ``ratio`` is the latency over that of a reference model there, at about the same time.
    """

    device: str
    measurement: Measurement | None = None
    ratio: float | None = None
    why: str = ""


class LatencyEvaluator:
    """Exports the untrained network and measures the file on every device.

    Networks with one ``arch_id`` are measured once a device, and no file is kept. A device that gives no number fails no
    trial: the metric is ``missing`` among the facts, with the reason, and asked for anew the next time.

    Args:
        executor: Where to export.
        devices: Their names. ``latency_ms`` is of the first, ``latency_ms@NAME`` of each other.
        measure: Measures a file on some of them; raises `EdgebenchError` where that is the file's fault.
        precision: Of the file.
        data: Calibrates int8.
        folder: Gets each file until it is measured.
    """

    cost = Cost.DEVICE

    def __init__(
        self,
        executor: Executor,
        devices: Sequence[str],
        measure: Callable[[Path, Sequence[str]], Sequence[Reading]],
        *,
        precision: Precision,
        data: DataPlan,
        folder: Path,
    ) -> None:
        self._executor = executor
        self._suffixes = {name: f"@{name}" if index else "" for index, name in enumerate(devices)}
        self._measure = measure
        self._precision = precision
        self._data = data
        self._folder = folder
        self._device = threading.Lock()
        self._known: dict[str, dict[str, Metric]] = {}

    @property
    def metrics(self) -> tuple[str, ...]:
        suffixes = self._suffixes.values()
        return ("file_bytes", *(f"{name}{suffix}" for suffix in suffixes for name in ON_DEVICES))

    @property
    def latencies(self) -> tuple[str, ...]:
        """What latency is called on each device."""
        return tuple(f"latency_ms{suffix}" for suffix in self._suffixes.values())

    def remember(self, arch_id: str, metrics: tuple[Metric, ...]) -> None:
        """Take over what an earlier process measured, so that it is not measured again."""
        if arch_id:
            found = {metric.name: metric for metric in metrics if metric.name in self.metrics}
            self._known[arch_id] = {**self._known.get(arch_id, {}), **found}

    def evaluate(self, candidate: Candidate) -> Findings:
        arch_id = str(candidate.known.get("arch_id", ""))
        known = self._known.get(arch_id, {})
        asked = [
            name for name, suffix in self._suffixes.items() if f"latency_ms{suffix}" not in known
        ]
        if known and not asked:
            return Findings(metrics=tuple(known.values()))
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            job = ProbeJob(
                blueprint=candidate.blueprint,
                precision=self._precision,
                data=self._data,
                folder=folder,
            )
            near = candidate.trial_id
            file = self._executor.submit(export_probe, job, near=near).result()
            with self._device:
                started = time.perf_counter()
                readings = self._measure(Path(file.path), asked)
                measuring_s = time.perf_counter() - started
        size = Metric(name="file_bytes", value=file.size_bytes, unit=METRICS["file_bytes"].unit)
        metrics = [*known.values(), size, *(m for r in readings for m in self._metrics_of(r))]
        self.remember(arch_id, tuple(metrics))
        missing = {
            f"latency_ms{self._suffixes[reading.device]}": reading.why
            for reading in readings
            if reading.measurement is None
        }
        facts = {"measuring_s": measuring_s, "missing": missing}
        return Findings(metrics=tuple({m.name: m for m in metrics}.values()), facts=facts)

    def _metrics_of(self, reading: Reading) -> Iterator[Metric]:
        measurement, suffix = reading.measurement, self._suffixes[reading.device]
        if measurement is None:
            return
        latency = measurement.as_metric()
        yield replace(latency, name=f"{latency.name}{suffix}")
        if measurement.p90_ms is not None:
            yield Metric(name=f"latency_p90_ms{suffix}", value=measurement.p90_ms, unit="ms")
        if reading.ratio is not None:
            yield Metric(name=f"latency_ratio{suffix}", value=reading.ratio)


def export_probe(job: ProbeJob) -> ExportedFile:
    """Write one untrained network as a file. Runs in a worker."""
    representative = representative_of(job.data, job.blueprint.seed, job.precision)
    target = ExportTarget(format=Format.TFLITE, precision=job.precision)
    return export_model(look_at(job.blueprint), target, Path(job.folder), representative)


def representative_of(data: DataPlan, seed: int, precision: Precision) -> Calibration | None:
    """Return the training inputs that calibrate files of a precision; None, and no data is read, where it needs none."""
    if not precision.needs_calibration:
        return None
    return dataset_of(data, seed).representative(CALIBRATION_COUNT)
