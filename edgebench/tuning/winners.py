"""From the front to files: exported, loaded again, scored as files and measured on every device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgebench.datasets import Dataset, Floats, Part, dataset_of
from edgebench.errors import DeviceError, EdgebenchError, WorkError
from edgebench.evaluators import CALIBRATION_COUNT, Blueprint
from edgebench.executors import Executor
from edgebench.export import ExportedFile, export_model
from edgebench.objectives import confirmed_metrics, select_front
from edgebench.records import (
    Artifact,
    DataPlan,
    ExportTarget,
    Format,
    Metric,
    Precision,
    Run,
    RunResult,
    Status,
    Trial,
)
from edgebench.store import CONFIRM, PROFILE, SqliteStore
from edgebench.training import accuracy_of
from edgebench.tuning.bench import Bench
from edgebench.tuning.blueprints import blueprint_of
from edgebench.tuning.observer import Observer
from edgebench.tuning.pipeline import sentence_of
from edgebench.tuning.runs import Stop
from edgebench.tuning.weights import shipped_weights

LARGEST_FP32_DIFFERENCE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class WinnerJob:
    """A trained network to be written as files."""

    blueprint: Blueprint
    weights_path: str
    targets: tuple[ExportTarget, ...]
    data: DataPlan
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedWinner:
    """The files of one network, and what Keras answers for the held-out inputs."""

    files: tuple[tuple[ExportTarget, ExportedFile], ...]
    keras_outputs: Floats


def export_winner(job: WinnerJob) -> ExportedWinner:
    """Write every target of one trained network. Runs in a worker."""
    dataset = dataset_of(job.data, job.blueprint.seed)
    model = job.blueprint.build()
    model.load_weights(job.weights_path)
    representative = dataset.representative(CALIBRATION_COUNT)
    files = tuple(
        (target, export_model(model, target, Path(job.folder), representative))
        for target in job.targets
    )
    outputs = np.asarray(model.predict(dataset.test().x, verbose=0), dtype=np.float32)
    return ExportedWinner(files=files, keras_outputs=outputs)


def score_files(
    trial_id: str,
    winner: ExportedWinner,
    heldout: Part,
    infer: Callable[[Path, Floats], Floats],
) -> tuple[list[Artifact], Metric]:
    """Run each file on the held-out inputs and compare it with Keras.

    Args:
        trial_id: Whose files.
        winner: From `export_winner`.
        heldout: The test part, opened here.
        infer: Runs a file over inputs, one by one, in its own runtime.

    Returns:
        The artifacts, and the Keras model's own test accuracy.

    Raises:
        WorkError: a file answers with something that is not a number, or an fp32 file differs from Keras.
    """
    artifacts = []
    for target, file in winner.files:
        outputs = infer(Path(file.path), heldout.x)
        difference = float(np.abs(outputs - winner.keras_outputs).max())
        if not np.isfinite(outputs).all():
            raise WorkError(f"{trial_id} as {target} answers NaN", why="the export is broken")
        if target.precision is Precision.FP32 and difference > LARGEST_FP32_DIFFERENCE:
            raise WorkError(
                f"{trial_id} as {target} differs from Keras by {difference:.2g}",
                why=f"an fp32 file must agree within {LARGEST_FP32_DIFFERENCE:g}",
            )
        artifacts.append(
            Artifact(
                trial_id=trial_id,
                format=target.format,
                precision=target.precision,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                accuracy=accuracy_of(outputs, heldout),
                max_abs_diff=difference,
                heldout_count=len(heldout),
            )
        )
    test_accuracy = Metric(
        name="test_accuracy", value=accuracy_of(winner.keras_outputs, heldout), n=len(heldout)
    )
    return artifacts, test_accuracy


class Winners:
    """Exports, scores and measures the members of a run's front, and its baseline.

    A member's latency is measured again here, as the file that ships and with more blocks. That may move it off the
    front and let another on: call `make` until it finds nothing to do.

    Args:
        run: Whose front.
        store: Has its trials and weights; gets artifacts and measurements, as each is done.
        executor: Where to export.
        bench: Where to measure.
        observer: Told how far it is.
        stop: Looked at between members.
    """

    def __init__(
        self,
        run: Run,
        store: SqliteStore,
        executor: Executor,
        bench: Bench,
        observer: Observer,
        stop: Stop,
    ) -> None:
        self._run = run
        self._store = store
        self._executor = executor
        self._bench = bench
        self._observer = observer
        self._stop = stop
        self._skipped: dict[str, str] = {}
        self._unmeasured: dict[tuple[str, str], str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each trial that could not be brought to its files, or not be measured on a device."""
        return (*self._skipped.values(), *self._unmeasured.values())

    def make(self, dataset: Dataset) -> bool:
        """Bring the members of today's front and the baseline to their files; return whether any lacked them."""
        result = self._store.load(self._run.run_id)
        waiting = self._waiting(result)
        exports = {trial.trial_id: self._export(trial, result, dataset) for trial in waiting}
        for index, trial in enumerate(waiting):
            if self._stop.requested:
                break
            self._observer.phase("export and measure", index, len(waiting))
            try:
                artifacts = self._score(trial, exports[trial.trial_id].result(), dataset.test())
            except EdgebenchError as error:
                self._skipped[trial.trial_id] = (
                    f"{trial.trial_id} has no files: {sentence_of(error)}"
                )
                continue
            for device in self._unmeasured_on(trial.trial_id, artifacts, result):
                self._measure(trial.trial_id, artifacts, device)
        if waiting and not self._stop.requested:
            self._observer.phase("export and measure", len(waiting), len(waiting))
        return bool(waiting)

    def _waiting(self, result: RunResult) -> list[Trial]:
        """Return the members, and the baseline, that lack files or measurements."""
        suite = self._run.suite
        confirmed = confirmed_metrics(result)
        members = select_front(result.trials, suite.objectives, suite.constraints, confirmed)
        wanted = [member.trial for member in members]
        wanted += [t for t in result.trials if t.is_baseline and t.status is Status.COMPLETED]
        return [
            trial
            for trial in wanted
            if trial.trial_id not in self._skipped and self._lacks_something(trial.trial_id, result)
        ]

    def _lacks_something(self, trial_id: str, result: RunResult) -> bool:
        targets = self._run.suite.export
        artifacts = [a for a in result.artifacts if a.trial_id == trial_id and a.target in targets]
        if len(artifacts) < len(set(targets)):
            return True
        return bool(self._unmeasured_on(trial_id, artifacts, result))

    def _unmeasured_on(
        self, trial_id: str, artifacts: Sequence[Artifact], result: RunResult
    ) -> list[str]:
        """Return the devices that have not measured all of a trial's files, apart from those that failed to."""
        measured = [
            {m.device for m in result.measurements.get((trial_id, artifact.sha256), ())}
            for artifact in artifacts
        ]
        return [
            name
            for name in self._bench.names
            if (trial_id, name) not in self._unmeasured
            and not all(name in devices for devices in measured)
        ]

    def _export(self, trial: Trial, result: RunResult, dataset: Dataset) -> Future[ExportedWinner]:
        suite = self._run.suite
        folder = self._store.weights_dir(self._run.run_id)
        job = WinnerJob(
            blueprint=blueprint_of(
                suite, dataset.spec, trial.hyperparameters, is_baseline=trial.is_baseline
            ),
            weights_path=str(shipped_weights(folder, trial, result.repeats)),
            targets=suite.export,
            data=suite.data,
            folder=str(self._store.artifacts_dir),
        )
        return self._executor.submit(export_winner, job)

    def _score(self, trial: Trial, exported: ExportedWinner, heldout: Part) -> list[Artifact]:
        """Score one member's files, and record them in one transaction."""
        artifacts, test_accuracy = score_files(trial.trial_id, exported, heldout, self._bench.infer)
        with self._store.transaction():
            for artifact in artifacts:
                self._store.record_artifact(self._run.run_id, artifact)
            self._store.record_metric(self._run.run_id, trial.trial_id, test_accuracy)
        return artifacts

    def _measure(self, trial_id: str, artifacts: Sequence[Artifact], device: str) -> None:
        """Measure one member's files on a device, and record that in one transaction; a device that fails is noted."""
        paths = [self._store.artifact_path(artifact) for artifact in artifacts]
        try:
            measurements = self._bench.measure_winner(paths, device)
        except DeviceError as error:
            self._unmeasured[trial_id, device] = (
                f"{trial_id} was not measured on {device}: {sentence_of(error)}; "
                f"edgebench search --resume {self._run.run_id} measures it"
            )
            return
        with self._store.transaction():
            for measurement in measurements:
                artifact = next(a for a in artifacts if a.sha256 == measurement.model_sha256)
                confirms = self._is_ranked(artifact) and measurement.valid
                purpose = CONFIRM if confirms else PROFILE
                self._store.record_measurement(self._run.run_id, trial_id, measurement, purpose)

    def _is_ranked(self, artifact: Artifact) -> bool:
        """Return whether this is the kind of file whose latency the search ranks by."""
        precision = self._run.suite.latency.precision
        return artifact.format is Format.TFLITE and artifact.precision is precision
