"""A trained network as the files that ship: written, loaded again, run on held-out examples and compared with Keras."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from edgebench import scratch
from edgebench.agent.job import Limits
from edgebench.agent.limits import apply_limits, check_model_size
from edgebench.datasets import Dataset, DatasetSpec, dataset_of
from edgebench.errors import (
    DeviceError,
    EdgebenchError,
    InputError,
    WorkError,
    first_line,
)
from edgebench.evaluators import CALIBRATION_COUNT, Blueprint, representative_of
from edgebench.export import (
    CalibrationSource,
    ExportedFile,
    Exporter,
    FileMetadata,
    read_facts,
    worst_layers,
)
from edgebench.records import (
    Artifact,
    DataPlan,
    ExportTarget,
    FileFacts,
    Format,
    LayerError,
    Metric,
    Precision,
    Run,
    Trial,
)
from edgebench.tasks import compare, load_task
from edgebench.tuning.blueprints import blueprint_of
from edgebench.tuning.pipeline import LOG, sentence_of
from edgebench.tuning.plugged import Outputs, PluggedFile, write_plugged

LARGEST_FP32_DIFFERENCE = 1e-4
LAYER_EXAMPLES = 16
MODEL_CPU_S = 1800
MODEL_BYTES = 512 * 1024 * 1024
# What is known of a trial once and for all: a file made later says the same.
TOLD_METRICS = ("trainable_params", "param_bytes", "macs", "peak_activation_bytes")
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesJob:
    """Which files to write into ``folder``; ``seed`` draws the examples of ``data`` that calibrate.

    ``exporters`` are those of plugins whose files are made too.
    """

    targets: tuple[ExportTarget, ...]
    data: DataPlan
    seed: int
    folder: str
    metadata: FileMetadata
    dynamic_batch: bool = False
    exporters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WinnerJob(FilesJob):
    """A network that a search trained, to be written as files."""

    blueprint: Blueprint
    weights_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelJob(FilesJob):
    """A Keras file of somebody's, to be written as other files."""

    model_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedFile:
    """One file, what stands in it, and what quantisation does to its layers.

    ``outputs`` are those of a Keras file, loaded again; others are run where they are measured.
    """

    target: ExportTarget
    file: ExportedFile
    facts: FileFacts
    layers: tuple[LayerError, ...] = ()
    outputs: Outputs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedNetwork:
    """The files of one network, why others could not be made, and what Keras answers for the held-out inputs."""

    files: tuple[ShippedFile, ...]
    keras_outputs: Outputs
    failures: Mapping[ExportTarget, str] = field(default_factory=dict)
    plugged: tuple[PluggedFile, ...] = ()
    plugged_failures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredNetwork:
    """The files of one network as they answer, why others could not be made or run, and the Keras model's own score."""

    artifacts: tuple[Artifact, ...]
    failures: Mapping[ExportTarget, str]
    keras_score: Metric


def winner_job(
    run: Run,
    trial: Trial,
    spec: DatasetSpec,
    *,
    weights: Path,
    folder: Path,
    targets: Sequence[ExportTarget] | None = None,
) -> WinnerJob:
    """Return how a trial of a run becomes files: those of its suite, or the ``targets`` given."""
    suite, values = run.suite, trial.values()
    told = (suite.training.watch, *TOLD_METRICS)
    return WinnerJob(
        blueprint=blueprint_of(suite, spec, trial.hyperparameters, is_baseline=trial.is_baseline),
        weights_path=str(weights),
        targets=suite.export if targets is None else tuple(targets),
        data=suite.data,
        seed=suite.seed,
        folder=str(folder),
        metadata=metadata_of(
            spec,
            trial.trial_id,
            suite=suite.name,
            suite_hash=run.suite_hash,
            metrics={name: values[name] for name in told if name in values},
        ),
    )


def metadata_of(
    spec: DatasetSpec,
    name: str,
    *,
    suite: str = "",
    suite_hash: str = "",
    metrics: Mapping[str, float] | None = None,
) -> FileMetadata:
    """Return what the files of a network for this data say of themselves."""
    return FileMetadata(
        labels=spec.labels,
        normalisation=spec.normalisation,
        edgebench_version=version("edgebench"),
        suite=suite,
        suite_hash=suite_hash,
        trial_id=name,
        metrics=metrics or {},
        task=spec.task,
    )


def export_winner(job: WinnerJob) -> ShippedNetwork:
    """Write every target of one trained network, and read it back. Runs in a worker."""
    model = job.blueprint.build()
    model.load_weights(job.weights_path)
    return write_files(model, job)


def export_model_file(job: ModelJob) -> ShippedNetwork:
    """Write every target of a Keras file that may be anybody's. Runs in a worker of its own.

    Raises:
        InputError: the file cannot be opened without running code that it brings, or does not take the data.
    """
    import keras

    name = Path(job.model_path).name
    apply_limits(Limits(cpu_s=MODEL_CPU_S))
    try:
        check_model_size(job.model_path, Limits(model_bytes=MODEL_BYTES))
        model = keras.models.load_model(job.model_path, compile=False, safe_mode=True)
    except Exception as error:  # the loader raises whatever a damaged file makes it meet
        raise InputError(
            f"{name} cannot be opened",
            why=first_line(error),
            remedy="give a .keras file as model.save writes it, without custom code",
        ) from error
    try:
        return write_files(model, job)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{name} does not take {job.data.name}",
            why=first_line(error),
            remedy="name the data set that the model was trained for",
        ) from error


def write_files(model: Any, job: FilesJob) -> ShippedNetwork:
    """Write every target of a trained Keras model, and read it back."""
    dataset = dataset_of(job.data, job.seed)
    heldout = list(dataset.test().inputs)
    exporter = Exporter(model, dynamic_batch=job.dynamic_batch)
    metadata = dataclasses.replace(
        job.metadata, calibration=CalibrationSource(count=CALIBRATION_COUNT, seed=job.seed)
    )
    with tempfile.TemporaryDirectory(dir=scratch.own_folder()) as aside:

        @functools.cache
        def write(target: ExportTarget) -> ExportedFile:
            folder = job.folder if target in job.targets else aside
            representative = representative_of(job.data, job.seed, target.precision)
            return exporter.export(target, Path(folder), representative, metadata=metadata)

        def moved(target: ExportTarget, path: Path) -> tuple[LayerError, ...]:
            """Return the layers that quantisation moves; none where they cannot be told, which is no fault of the file."""
            try:
                few = [array[:LAYER_EXAMPLES] for array in heldout]
                plain = write(dataclasses.replace(target, precision=Precision.FP32))
                return worst_layers(Path(plain.path), path, few)
            except Exception as error:  # noqa: BLE001  runtimes raise what they like
                LOG.warning("the layers of %s cannot be compared: %s", target, first_line(error))
                return ()

        def shipped(target: ExportTarget) -> ShippedFile:
            file = write(target)
            path = Path(file.path)
            return ShippedFile(
                target=target,
                file=file,
                facts=read_facts(path),
                layers=moved(target, path) if _is_quantised(target) else (),
                outputs=_loaded_again(path, heldout) if target.format is Format.KERAS else None,
            )

        def converted(name: str) -> PluggedFile:
            examples = representative_of(job.data, job.seed, Precision.INT8)
            return write_plugged(exporter, name, Path(job.folder), examples or (), metadata)

        answers = _answers(model, heldout)
        files, failures = each_on_its_own(job.targets, shipped)
        plugged, plugged_failures = each_on_its_own(job.exporters, converted)
        return ShippedNetwork(
            files=tuple(files),
            failures=failures,
            keras_outputs=answers,
            plugged=tuple(plugged),
            plugged_failures=plugged_failures,
        )


def score_files(
    trial_id: str,
    network: ShippedNetwork,
    dataset: Dataset,
    infer: Callable[[Path, Any], Outputs],
) -> ScoredNetwork:
    """Run each file on the held-out inputs and compare it with Keras.

    Args:
        trial_id: Whose files.
        network: From `export_winner`.
        dataset: Its test part is opened here.
        infer: Runs a file over inputs, one by one, in its own runtime.

    A file that does not run, answers with something that is not a number or, in fp32, otherwise than Keras, fails alone.
    """
    heldout, spec = dataset.test(), dataset.spec
    task = load_task(spec.task, spec.input_shapes)
    limit = LARGEST_FP32_DIFFERENCE * max(1.0, _largest(network.keras_outputs))
    written = {file.target: file for file in network.files}

    def scored(target: ExportTarget) -> Artifact:
        shipped = written[target]
        file = shipped.file
        outputs = (
            infer(Path(file.path), heldout.inputs) if shipped.outputs is None else shipped.outputs
        )
        score, parity = compare(outputs, network.keras_outputs, heldout.y, task, spec.labels)
        if target.precision is Precision.FP32 and parity.max_abs_diff > limit:
            raise WorkError(
                f"it differs from Keras by {parity.max_abs_diff:.2g}",
                why=f"an fp32 file must agree within {limit:g}",
            )
        return Artifact(
            trial_id=trial_id,
            format=target.format,
            precision=target.precision,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            accuracy=score,
            max_abs_diff=parity.max_abs_diff,
            heldout_count=len(heldout),
            parity=dataclasses.replace(parity, layers=shipped.layers),
            facts=shipped.facts,
        )

    artifacts, failures = each_on_its_own(written, scored)
    value = task.score(network.keras_outputs, heldout.y)
    return ScoredNetwork(
        artifacts=tuple(artifacts),
        failures={**network.failures, **failures},
        keras_score=Metric(name=f"test_{task.metric}", value=value, n=len(heldout)),
    )


def each_on_its_own(targets: Iterable[T], make: Callable[[T], R]) -> tuple[list[R], dict[T, str]]:
    """Return what is made of each target, and of those that fail a sentence that says why; a lost device fails them all."""
    made, failures = [], {}
    for target in targets:
        try:
            made.append(make(target))
        except DeviceError:
            raise
        except EdgebenchError as error:
            failures[target] = sentence_of(error)
        except Exception as error:  # noqa: BLE001  runtimes raise what they like
            failures[target] = first_line(error)
    return made, failures


def _is_quantised(target: ExportTarget) -> bool:
    return target.precision not in (Precision.FP32, Precision.FP16)


def _answers(model: Any, inputs: Sequence[Any]) -> Outputs:
    import keras

    answers = model.predict(list(inputs) if len(inputs) > 1 else inputs[0], verbose=0)
    return [np.asarray(output, dtype=np.float32) for output in keras.tree.flatten(answers)]


def _loaded_again(path: Path, inputs: Sequence[Any]) -> Outputs:
    import keras

    return _answers(keras.models.load_model(path, compile=False, safe_mode=True), inputs)


def _largest(outputs: Outputs) -> float:
    return max(float(np.abs(output).max(initial=0.0)) for output in outputs)
