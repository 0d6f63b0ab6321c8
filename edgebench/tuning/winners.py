"""From the front to files: exported, loaded again, scored as files and measured on every device."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from edgebench.datasets import Dataset
from edgebench.errors import DeviceError, EdgebenchError
from edgebench.executors import Executor
from edgebench.objectives import confirmed_metrics, select_front
from edgebench.records import Artifact, Format, Run, RunResult, Status, Trial
from edgebench.store import CONFIRM, PROFILE, SqliteStore
from edgebench.tuning.bench import Bench
from edgebench.tuning.observer import Observer
from edgebench.tuning.pipeline import sentence_of
from edgebench.tuning.runs import Stop
from edgebench.tuning.shipping import ShippedNetwork, export_winner, score_files, winner_job
from edgebench.tuning.weights import shipped_weights


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
                network = exports[trial.trial_id].result()
                artifacts = self._score(trial, network, dataset)
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
            for artifact in _measurable(artifacts)
        ]
        return [
            name
            for name in self._bench.names
            if (trial_id, name) not in self._unmeasured
            and not all(name in devices for devices in measured)
        ]

    def _export(self, trial: Trial, result: RunResult, dataset: Dataset) -> Future[ShippedNetwork]:
        folder = self._store.weights_dir(self._run.run_id)
        job = winner_job(
            self._run,
            trial,
            dataset.spec,
            weights=shipped_weights(folder, trial, result),
            folder=self._store.artifacts_dir,
        )
        return self._executor.submit(export_winner, job)

    def _score(self, trial: Trial, network: ShippedNetwork, dataset: Dataset) -> list[Artifact]:
        """Score one member's files, and record them in one transaction; those that fail are noted."""
        name = trial.trial_id
        scored = score_files(name, network, dataset, self._bench.infer)
        if scored.failures:
            whys = "; ".join(f"{target}: {why}" for target, why in scored.failures.items())
            self._skipped[name] = f"{name} lacks {len(scored.failures)} of its files: {whys}"
        with self._store.transaction():
            for artifact in scored.artifacts:
                self._store.record_artifact(self._run.run_id, artifact)
            self._store.record_metric(self._run.run_id, name, scored.keras_score)
        return list(scored.artifacts)

    def _measure(self, trial_id: str, artifacts: Sequence[Artifact], device: str) -> None:
        """Measure one member's files on a device, and record that in one transaction; a device that fails is noted."""
        paths = [self._store.artifact_path(artifact) for artifact in _measurable(artifacts)]
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


def _measurable(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Return the files that devices run; a Keras file is for going on with, its framework seldom on a device."""
    return [artifact for artifact in artifacts if artifact.format is not Format.KERAS]
