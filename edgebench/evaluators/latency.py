"""Latency on the device, before training: it depends on the graph, not on the weights."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.datasets import dataset_of
from edgebench.evaluators.base import Blueprint, Candidate, Findings
from edgebench.evaluators.workbench import look_at
from edgebench.export import ExportedFile, export_model
from edgebench.records import (
    METRICS,
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


class LatencyEvaluator:
    """Exports the untrained network and measures the file on the device.

    Networks with one ``arch_id`` are measured once, and no file is kept.

    Args:
        executor: Where to export.
        measure: Measures a file on the device, or raises `EdgebenchError`.
        precision: Of the file.
        data: Calibrates int8.
        folder: Gets each file until it is measured.
    """

    metrics = ("file_bytes", "latency_ms", "latency_p90_ms")
    cost = Cost.DEVICE

    def __init__(
        self,
        executor: Executor,
        measure: Callable[[Path], Measurement],
        *,
        precision: Precision,
        data: DataPlan,
        folder: Path,
    ) -> None:
        self._executor = executor
        self._measure = measure
        self._precision = precision
        self._data = data
        self._folder = folder
        self._device = threading.Lock()
        self._known: dict[str, tuple[Metric, ...]] = {}

    def remember(self, arch_id: str, metrics: tuple[Metric, ...]) -> None:
        """Take over what an earlier process measured, so that it is not measured again."""
        found = tuple(metric for metric in metrics if metric.name in self.metrics)
        if arch_id and {"file_bytes", "latency_ms"} <= {metric.name for metric in found}:
            self._known[arch_id] = found

    def evaluate(self, candidate: Candidate) -> Findings:
        arch_id = str(candidate.known.get("arch_id", ""))
        if arch_id in self._known:
            return Findings(metrics=self._known[arch_id])
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
                measurement = self._measure(Path(file.path))
                measuring_s = time.perf_counter() - started
        metrics = [
            Metric(name="file_bytes", value=file.size_bytes, unit=METRICS["file_bytes"].unit),
            measurement.as_metric(),
        ]
        if measurement.p90_ms is not None:
            metrics.append(Metric(name="latency_p90_ms", value=measurement.p90_ms, unit="ms"))
        self.remember(arch_id, tuple(metrics))
        return Findings(metrics=tuple(metrics), facts={"measuring_s": measuring_s})


def export_probe(job: ProbeJob) -> ExportedFile:
    """Write one untrained network as a file. Runs in a worker."""
    representative = None
    if job.precision is Precision.INT8:
        representative = dataset_of(job.data, job.blueprint.seed).representative(CALIBRATION_COUNT)
    target = ExportTarget(format=Format.TFLITE, precision=job.precision)
    return export_model(look_at(job.blueprint), target, Path(job.folder), representative)
