"""Files outside a search: of a trial, made again from its stored weights, and of a Keras file of anybody's."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from edgebench import scratch
from edgebench.datasets import Dataset, load_dataset
from edgebench.devices import open_device
from edgebench.errors import InputError, UnknownNameError, WorkError
from edgebench.executors import LocalExecutor, WorkerSettings, preload_for
from edgebench.export import description_path
from edgebench.profiling import MeasurePlan, Profiler
from edgebench.records import Artifact, DataPlan, ExportTarget, RunResult, Trial
from edgebench.store import SqliteStore
from edgebench.tasks import load_task
from edgebench.tuning import facts
from edgebench.tuning.crew import FILE_MAKING
from edgebench.tuning.plugged import Outputs, PluggedArtifact, score_plugged
from edgebench.tuning.shipping import (
    FilesJob,
    ModelJob,
    ShippedNetwork,
    each_on_its_own,
    export_model_file,
    export_winner,
    metadata_of,
    score_files,
    winner_job,
)
from edgebench.tuning.weights import shipped_weights

J = TypeVar("J", bound=FilesJob)
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The files of one trial, made again, and how they answer on held-out data.

    ``title`` is what the score of its task is called. ``failures`` say of a target why there is no file, or none that answers. ``same`` says of each file that the run had made whether the bytes are those. ``changed`` names what has another
    version than when the run began, as (then, now). ``plugged`` are the files of plugins' exporters.
    """

    trial_id: str
    artifacts: tuple[Artifact, ...]
    paths: tuple[Path, ...]
    failures: Mapping[ExportTarget | str, str]
    keras_accuracy: float
    title: str = "accuracy"
    same: Mapping[ExportTarget, bool] = field(default_factory=dict)
    changed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    largest_drop: float = 0.02
    plugged: tuple[PluggedArtifact, ...] = ()


def export_again(
    store: SqliteStore,
    result: RunResult,
    trial_id: str,
    out: Path,
    *,
    targets: Sequence[ExportTarget] | None = None,
    exporters: Sequence[str] = (),
    dynamic_batch: bool = False,
    told: Told = lambda sentence: None,
) -> Exported:
    """Write files of one trial into a folder, each under its name in reports with a JSON document beside it.

    Args:
        store: Has the weights.
        result: The run.
        trial_id: One of its trials.
        out: The folder; made where it is missing.
        targets: Which files; None for those of the suite.
        exporters: Those of plugins whose files are made too.
        dynamic_batch: Leave the number of examples open.
        told: Gets a sentence of what is being done.

    Raises:
        InputError: no such trial, or its weights were not kept.
        WorkError: a file cannot be made, or answers otherwise than Keras.
    """
    run, trial = result.run, _trial(result, trial_id)
    weights = shipped_weights(store.weights_dir(run.run_id), trial, result)
    if not weights.is_file():
        raise InputError(
            f"the weights of {trial_id} are not kept",
            why=f"it {trial.status.value}; a run keeps the weights of those that may win",
            remedy=f"edgebench runs show {run.run_id}",
        )
    dataset = load_dataset(run.suite.data, run.suite.seed)
    job = winner_job(run, trial, dataset.spec, weights=weights, folder=out, targets=targets)
    job = dataclasses.replace(job, dynamic_batch=dynamic_batch, exporters=tuple(exporters))
    made = {a.target: a for a in result.artifacts if a.trial_id == trial_id and not dynamic_batch}
    found = _shipped(export_winner, job, dataset, trial_id, told)
    artifacts = found.artifacts
    return dataclasses.replace(
        found,
        same={a.target: a.sha256 == made[a.target].sha256 for a in artifacts if a.target in made},
        changed=_changed(run.versions),
        largest_drop=run.suite.largest_drop,
    )


def export_keras_file(
    model: Path,
    data: DataPlan,
    targets: Sequence[ExportTarget],
    out: Path,
    *,
    exporters: Sequence[str] = (),
    dynamic_batch: bool = False,
    told: Told = lambda sentence: None,
) -> Exported:
    """Write a Keras file of somebody's as other files, scored on the test part of a data set.

    Raises:
        InputError: the file cannot be opened, or does not take the data.
        WorkError: a file cannot be made, or answers otherwise than Keras.
    """
    dataset = load_dataset(data)
    name = model.stem
    job = ModelJob(
        model_path=str(model.resolve()),
        targets=tuple(targets),
        data=data,
        seed=0,
        folder=str(out),
        metadata=metadata_of(dataset.spec, name),
        dynamic_batch=dynamic_batch,
        exporters=tuple(exporters),
    )
    return _shipped(export_model_file, job, dataset, name, told)


def _shipped(
    export: Callable[[J], ShippedNetwork], job: J, dataset: Dataset, name: str, told: Told
) -> Exported:
    """Write files in a process of their own, which has TensorFlow whatever Keras runs on here, and score them here."""
    out = Path(job.folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".partial-") as folder:
            job = dataclasses.replace(job, folder=folder)
            return _moved(export, job, dataset, name, out, told)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written", why=str(error), remedy="name another --out"
        ) from None


def _moved(
    export: Callable[[J], ShippedNetwork],
    job: J,
    dataset: Dataset,
    name: str,
    out: Path,
    told: Told,
) -> Exported:
    """Write files into the job's folder, score them, and leave those that answer in ``out``."""
    told(f"making the files of {name}")
    settings = WorkerSettings(variables=FILE_MAKING)
    executor = LocalExecutor(1, preload=preload_for("tensorflow"), settings=settings)
    try:
        network = executor.submit(export, job).result()
    finally:
        executor.shutdown()
    with open_device("local") as device:
        profiler, plan = Profiler(device), MeasurePlan()

        def infer(path: Path, inputs: Any, runtime: str = "auto") -> Outputs:
            numbers = {file.file.path: number for number, file in enumerate(network.files, 1)}
            number = numbers.get(str(path))
            count = f", file {number} of {len(numbers)}" if number else ""
            told(f"running {path.name}{count}")
            return profiler.infer(path, inputs, dataclasses.replace(plan, runtime=runtime))

        scored = score_files(name, network, dataset, infer)
        plugged, unscored = each_on_its_own(
            network.plugged, lambda made: score_plugged(made, network.keras_outputs, dataset, infer)
        )
    whys = (scored.failures, network.plugged_failures, {m.exporter: w for m, w in unscored.items()})
    failures: dict[ExportTarget | str, str] = {
        name: why for each in whys for name, why in each.items()
    }
    if not scored.artifacts and not plugged:
        target, why = next(iter(failures.items()))
        raise WorkError(f"{name} as {target} was not made", why=why)
    sources = {file.target: Path(file.file.path) for file in network.files}
    paths = [_left(sources[a.target], out / a.file_name) for a in scored.artifacts]
    kept = [
        dataclasses.replace(
            made, path=_left(made.path, out / f"{name}-{made.exporter}{made.path.suffix}")
        )
        for made in plugged
    ]
    return Exported(
        trial_id=name,
        artifacts=scored.artifacts,
        paths=tuple(paths),
        failures=failures,
        plugged=tuple(kept),
        keras_accuracy=scored.keras_score.value,
        title=load_task(dataset.spec.task).title,
    )


def _left(source: Path, path: Path) -> Path:
    """Copy a file and the document beside it to where they stay."""
    for written, left in ((source, path), (description_path(source), description_path(path))):
        with scratch.replacing(left) as partial:
            shutil.copyfile(written, partial)
    return path


def _trial(result: RunResult, trial_id: str) -> Trial:
    for trial in result.trials:
        if trial.trial_id == trial_id:
            return trial
    known = [trial.trial_id for trial in result.trials]
    raise UnknownNameError(f"a trial of run {result.run.run_id}", trial_id, known)


def _changed(then: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    now = facts.versions(then)
    return {
        name: (version, now.get(name, "absent"))
        for name, version in then.items()
        if now.get(name) != version
    }
