"""One run, read once: its front, its pick, its files and what was measured of each.

Everything a report shows is derived here or from here; nothing in this room computes a number twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgebench.objectives import (
    Member,
    best_known,
    confirmed_metrics,
    hypervolume_by_trial,
    pick,
    select_contenders,
    select_front,
)
from edgebench.records import (
    Artifact,
    Format,
    Measurement,
    Metric,
    Run,
    RunResult,
    Status,
    Trial,
    metric_kind,
)
from edgebench.tasks import Task, load_task


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredFile:
    """One exported file with its current measurement for every device and runtime.

    ``fp32_accuracy`` is that of the same trial's fp32 file, of the same format where there is one; ``keras_accuracy`` that
    of the Keras model on the same examples. A file is flagged that falls more than ``largest_drop`` below that.
    """

    artifact: Artifact
    measurements: tuple[Measurement, ...]
    fp32_accuracy: float | None
    keras_accuracy: float | None = None
    largest_drop: float = 1.0

    @property
    def is_flagged(self) -> bool:
        accuracy, full = self.artifact.accuracy, self.keras_accuracy
        return accuracy is not None and full is not None and full - accuracy > self.largest_drop

    @property
    def accuracy_change(self) -> float | None:
        """Accuracy less that of the fp32 file, as a share; None where either is unknown."""
        if self.artifact.accuracy is None or self.fp32_accuracy is None:
            return None
        return self.artifact.accuracy - self.fp32_accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """What a report knows of a run. Made by `RunView.of`.

    ``contenders`` are off the front, and within their intervals possibly on it. ``confirmed`` holds by trial what later
    work says in place of the search.
    """

    result: RunResult
    searched: tuple[Trial, ...]
    baseline: Trial | None
    front: tuple[Member, ...]
    contenders: tuple[Member, ...]
    confirmed: Mapping[str, tuple[Metric, ...]]
    pick: Member | None
    hypervolume: tuple[float, ...]

    @classmethod
    def of(cls, result: RunResult) -> RunView:
        """Judge the ended trials of ``result``; trials still running are left out."""
        suite = result.run.suite
        ended = [trial for trial in result.trials if trial.status is not Status.RUNNING]
        searched = tuple(trial for trial in ended if not trial.is_baseline)
        confirmed = confirmed_metrics(result)
        judged = (searched, suite.objectives, suite.constraints, confirmed)
        front = select_front(*judged)
        return cls(
            result=result,
            searched=searched,
            baseline=next((trial for trial in ended if trial.is_baseline), None),
            front=front,
            contenders=select_contenders(*judged),
            confirmed=confirmed,
            pick=pick(front, suite.objective, suite.objectives),
            hypervolume=tuple(hypervolume_by_trial(searched, suite.objectives, suite.constraints)),
        )

    @property
    def run(self) -> Run:
        return self.result.run

    @property
    def ended(self) -> tuple[Trial, ...]:
        """All ended trials, the baseline last."""
        return (*self.searched, self.baseline) if self.baseline else self.searched

    @property
    def winners(self) -> tuple[Trial, ...]:
        """The trials whose files a report shows: the front, then the baseline."""
        members = tuple(member.trial for member in self.front)
        return (*members, self.baseline) if self.baseline else members

    @property
    def main_device(self) -> str:
        """Name of the device that the search measured on."""
        return next(iter(self.run.device_names), "")

    @property
    def score(self) -> str:
        """The metric by which networks were compared."""
        return self.run.suite.training.watch

    @property
    def score_title(self) -> str:
        return metric_kind(self.score).title

    @property
    def tested(self) -> str:
        """What the score of the test part is called."""
        return f"test_{self._task.metric}"

    @property
    def trained(self) -> tuple[str, ...]:
        """The metrics that come of training, that which networks were compared by first, and of testing."""
        task = self._task
        others = (f"val_{name}" for name in (task.metric, *task.other_metrics))
        return (*dict.fromkeys((self.score, *others)), self.tested)

    @property
    def file_title(self) -> str:
        """What the score of a file is."""
        return self._task.title

    @property
    def _task(self) -> Task:
        return load_task(str(self.run.data.get("task") or "classification"))

    def is_pick(self, trial_id: str) -> bool:
        return self.pick is not None and self.pick.trial.trial_id == trial_id

    def metrics(self, trial: Trial) -> dict[str, Metric]:
        """Return what is best known of a trial, its confirmed latency and accuracy included."""
        return best_known(trial, self.confirmed)

    @property
    def is_repeated(self) -> bool:
        """Whether the accuracy of any searched trial is the mean of several trainings."""
        return any(self.repeated(trial) for trial in self.searched)

    def repeated(self, trial: Trial) -> Metric | None:
        """Return the score of a trial where it is a mean of several trainings."""
        metric = self.metrics(trial).get(self.score)
        return metric if metric and metric.low is not None and metric.n > 1 else None

    def value(self, trial: Trial, name: str) -> float | None:
        """Return the best known number of one metric, or None."""
        metric = self.metrics(trial).get(name)
        return metric.value if metric else None

    def count(self, status: Status) -> int:
        """Return how many searched trials ended so."""
        return sum(trial.status is status for trial in self.searched)

    def files(self, trial_id: str) -> tuple[ScoredFile, ...]:
        """Return the files of one trial in the order in which they were made."""
        artifacts = [a for a in self.result.artifacts if a.trial_id == trial_id]
        trial = next((t for t in self.ended if t.trial_id == trial_id), None)
        tested = trial.metric(self.tested) if trial else None
        return tuple(
            ScoredFile(
                artifact=artifact,
                measurements=self._current(artifact),
                fp32_accuracy=_fp32_accuracy(artifact, artifacts),
                keras_accuracy=tested.value if tested else None,
                largest_drop=self.run.suite.largest_drop,
            )
            for artifact in artifacts
        )

    def all_files(self) -> Iterator[ScoredFile]:
        """Yield the files of the front, then those of the baseline."""
        for trial in self.winners:
            yield from self.files(trial.trial_id)

    def main_file(self, trial_id: str) -> ScoredFile | None:
        """Return the file that stands for a trial: of the precision that the search measured, TFLite first."""
        wanted = self.run.suite.latency.precision
        files = sorted(
            self.files(trial_id),
            key=lambda file: (
                file.artifact.precision is not wanted,
                file.artifact.format is not Format.TFLITE,
            ),
        )
        return files[0] if files else None

    def main_measurement(self, file: ScoredFile) -> Measurement | None:
        """Return what was measured of a file on the main device, by the search's own runtime first."""
        return self.measurement_on(file, self.main_device)

    def measurement_on(self, file: ScoredFile, device: str) -> Measurement | None:
        """Return what was measured of a file on a device, by the search's own runtime first."""
        here = [m for m in file.measurements if m.device == device]
        wanted = self.run.suite.latency.runtime
        return min(here, key=lambda m: m.environment.runtime != wanted) if here else None

    def latency_source(self, trial_id: str, latency: Metric, device: str) -> Measurement | None:
        """Return the measurement on a device that a latency metric was taken from, else another one there."""
        taken = [
            measurement
            for (owner, _), measurements in self.result.measurements.items()
            for measurement in measurements
            if owner == trial_id and measurement.device == device
        ]
        return next(
            (m for m in taken if m.as_metric().value == latency.value), taken[0] if taken else None
        )

    def _current(self, artifact: Artifact) -> tuple[Measurement, ...]:
        """Return one measurement a device and runtime: the last that is valid, else the last."""
        current: dict[tuple[str, str], Measurement] = {}
        for measurement in self.result.measurements.get((artifact.trial_id, artifact.sha256), ()):
            place = (measurement.device, measurement.environment.runtime)
            if place not in current or measurement.valid or not current[place].valid:
                current[place] = measurement
        order = {device: rank for rank, device in enumerate(self.run.device_names)}
        return tuple(sorted(current.values(), key=lambda m: order.get(m.device, len(order))))


def _fp32_accuracy(artifact: Artifact, siblings: list[Artifact]) -> float | None:
    full = [a for a in siblings if a.precision.value == "fp32" and a.accuracy is not None]
    same = [a for a in full if a.format is artifact.format]
    return (same or full)[0].accuracy if full else None
