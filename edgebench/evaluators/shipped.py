"""How well the file that would ship does on the validation part, where the search ranks by another precision than that of training."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench import scratch
from edgebench.datasets import dataset_of
from edgebench.evaluators.base import Blueprint, Findings, TrainingJob
from edgebench.evaluators.latency import representative_of
from edgebench.export import export_model
from edgebench.records import (
    METRICS,
    DataPlan,
    ExportTarget,
    Format,
    Metric,
    Precision,
    TrainingPlan,
)
from edgebench.runtimes import choose_runtime, run_examples

if TYPE_CHECKING:
    from edgebench.executors import Executor


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedJob:
    """A trained network, whose TFLite file of a precision is to be scored on the validation part, by ``plan.watch``."""

    blueprint: Blueprint
    weights_path: str
    precision: Precision
    data: DataPlan
    plan: TrainingPlan
    seed: int


class ShippedAccuracy:
    """Gives the metrics of a training as the quantised file reaches them; what Keras reached becomes ``float_val_accuracy``.

    The history stays Keras's: a file is made once, of the best weights.

    Args:
        executor: Where files are made.
        precision: Of the file; for fp32 nothing is made, and nothing changes.
        seed: Draws what calibrates, the same for all trainings, as for the files that ship.
    """

    def __init__(self, executor: Executor, precision: Precision, seed: int) -> None:
        self._executor = executor
        self._seed = seed
        self._precision = precision

    def of(self, job: TrainingJob, found: Findings) -> Findings:
        """Return what a training that has left its weights found, with what the file reaches in the place of Keras.

        Raises:
            EdgebenchError: the file cannot be made.
        """
        if self._precision is Precision.FP32:
            return found
        question = ShippedJob(
            blueprint=job.blueprint,
            weights_path=job.weights_path,
            precision=self._precision,
            data=job.data,
            plan=job.plan,
            seed=self._seed,
        )
        shipped = self._executor.submit(score_shipped, question).result()
        before = (
            dataclasses.replace(metric, name=f"float_{metric.name}")
            for metric in found.metrics
            if f"float_{metric.name}" in METRICS
        )
        return dataclasses.replace(found, metrics=(*shipped, *before))


def score_shipped(job: ShippedJob) -> tuple[Metric, ...]:
    """Make the file and run it over the validation part, one by one. Runs in a worker."""
    from edgebench.training import Exam

    dataset = dataset_of(job.data, job.seed)
    model = job.blueprint.build()
    model.load_weights(job.weights_path)
    target = ExportTarget(format=Format.TFLITE, precision=job.precision)
    with tempfile.TemporaryDirectory(dir=scratch.own_folder()) as folder:
        representative = representative_of(job.data, job.seed, job.precision)
        file = export_model(model, target, Path(folder), representative)
        session = choose_runtime(file.path, ()).open(file.path, 1, None)
        part = dataset.validation()
        (outputs,) = run_examples(session, part.inputs)
    marks = Exam.of(dataset.spec, job.plan).marks(outputs, part)
    watched = {job.plan.watch: marks.pop(job.plan.watch), **marks}
    return tuple(Metric(name=name, value=value, n=len(part)) for name, value in watched.items())
