"""The front trained again from other seeds: one training of a candidate is a noisy number."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait

from edgebench.datasets import DatasetSpec
from edgebench.errors import EdgebenchError
from edgebench.evaluators import Findings, ShippedAccuracy, TrainingJob, train
from edgebench.executors import Executor
from edgebench.objectives import confirmed_metrics, select_contenders, select_front
from edgebench.records import Repeat, Run, Trial
from edgebench.store import SqliteStore
from edgebench.tuning.blueprints import blueprint_of
from edgebench.tuning.observer import Observer
from edgebench.tuning.oracles import UNTIL
from edgebench.tuning.pipeline import now_utc, sentence_of
from edgebench.tuning.runs import Stop
from edgebench.tuning.weights import weights_path

SEED_STEP = 1000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """The ``number``-th training of a trial, which is not there yet."""

    trial: Trial
    number: int
    seed: int


class Repeats:
    """Trains every member of a run's front, and each trial that may belong on it, until it has ``suite.repeats`` trainings.

    Members come first: their spread says which others are within reach. The k-th repeat has the suite's seed + 1000 k,
    so other initial weights and another order of the examples; the parts of the data stay. A repeat that fails counts as
    done: it is recorded with its reason, and the mean is that of the others.

    Args:
        run: Whose front.
        store: Has its trials; gets each repeat as it is done, in one transaction.
        executor: Where to train.
        observer: Told of each repeat that is done.
        stop: Ends it; repeats that are being trained are finished.
        devices: See `TrainingJob`.
        shipped: Scores the file of each in the place of the Keras model.
    """

    def __init__(
        self,
        run: Run,
        store: SqliteStore,
        executor: Executor,
        observer: Observer,
        stop: Stop,
        *,
        devices: tuple[str, ...] = (),
        shipped: ShippedAccuracy | None = None,
    ) -> None:
        self._shipped = shipped
        self._run = run
        self._store = store
        self._executor = executor
        self._observer = observer
        self._stop = stop
        self._devices = devices

    def train(self, spec: DatasetSpec) -> None:
        """Train until no member and no contender lacks a training, or the user asks to stop.

        Raises:
            StoppedError: the user asked twice.
        """
        while not self._stop.requested and (lacks := self._lacks()):
            self._train(lacks, spec)

    def _lacks(self) -> list[Lack]:
        """Return what members lack; where they lack nothing, what contenders lack."""
        suite = self._run.suite
        if suite.repeats == 1:
            return []
        result = self._store.load(self._run.run_id)
        done = {(repeat.trial_id, repeat.seed) for repeat in result.repeats}
        confirmed = confirmed_metrics(result)
        for select in (select_front, select_contenders):
            chosen = select(result.trials, suite.objectives, suite.constraints, confirmed)
            lacks = [
                lack
                for member in chosen
                for lack in self._wanted(member.trial)
                if (member.trial.trial_id, lack.seed) not in done
            ]
            if lacks:
                return lacks
        return []

    def _wanted(self, trial: Trial) -> Iterator[Lack]:
        suite = self._run.suite
        for number in range(2, suite.repeats + 1):
            yield Lack(trial=trial, number=number, seed=suite.seed + SEED_STEP * (number - 1))

    def _train(self, lacks: list[Lack], spec: DatasetSpec) -> None:
        waiting: dict[Future[Findings], Lack] = {
            self._executor.submit(train, self._job(lack, spec)): lack for lack in lacks
        }
        self._observer.phase("repeats", 0, len(lacks))
        done = 0
        while waiting:
            ended, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            self._stop.check()
            for future in [future for future in waiting if future in ended]:
                lack = waiting.pop(future)
                repeat = self._repeat(lack, future, spec)
                if repeat is None:
                    continue
                self._store.record_repeat(self._run.run_id, repeat)
                done += 1
                total = self._run.suite.repeats
                name = f"repeat {lack.number} of {total} of {lack.trial.trial_id}"
                self._observer.phase(name, done, len(lacks))
            if self._stop.requested:
                for future in waiting:
                    future.cancel()

    def _job(self, lack: Lack, spec: DatasetSpec) -> TrainingJob:
        """Return the training that the trial had, as far as its oracle let it go, from another seed."""
        suite, trial = self._run.suite, lack.trial
        blueprint = blueprint_of(suite, spec, trial.hyperparameters, is_baseline=False)
        folder = self._store.weights_dir(self._run.run_id)
        return TrainingJob(
            blueprint=dataclasses.replace(blueprint, seed=lack.seed),
            data=suite.data,
            plan=suite.training,
            weights_path=str(weights_path(folder, trial.trial_id, lack.seed)),
            until_epoch=trial.oracle_state.get(UNTIL),
            devices=self._devices,
        )

    def _repeat(self, lack: Lack, future: Future[Findings], spec: DatasetSpec) -> Repeat | None:
        """Return what became of a repeat; None where it was cancelled before it began."""
        repeat = Repeat(
            trial_id=lack.trial.trial_id, seed=lack.seed, accuracy=None, finished_utc=now_utc()
        )
        try:
            found = future.result()
            if self._shipped is not None:
                found = self._shipped.of(self._job(lack, spec), found)
        except CancelledError:
            return None
        except EdgebenchError as error:
            return dataclasses.replace(repeat, reason=sentence_of(error))
        accuracy = found.metrics[0]
        return dataclasses.replace(
            repeat,
            accuracy=accuracy.value,
            epochs=int(found.facts["epochs"]),
            history=tuple(found.facts["history"]),
        )
