"""The search: ask, evaluate, record, tell; then the winners. Resumes whatever an earlier process left."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from edgebench import datasets
from edgebench.datasets import Dataset, DatasetSpec
from edgebench.errors import StoppedError, WorkError
from edgebench.evaluators import (
    AccuracyEvaluator,
    LatencyEvaluator,
    ShippedAccuracy,
    SizeEvaluator,
)
from edgebench.executors import Executor, Shared
from edgebench.objectives import front_hypervolume, select_front
from edgebench.records import DeviceInfo, RunResult, Status, Suite, Trial, metric_kind
from edgebench.store import SqliteStore
from edgebench.templates import chosen_backend, discover_space, load_template
from edgebench.tuning.agenda import Agenda, Work
from edgebench.tuning.bench import Bench
from edgebench.tuning.crew import Crew, devices_for, hire
from edgebench.tuning.gaps import Gaps
from edgebench.tuning.observer import Observer, Progress
from edgebench.tuning.oracles import Judge
from edgebench.tuning.pipeline import LOG, Pipeline
from edgebench.tuning.repeats import Repeats
from edgebench.tuning.runs import SearchSettings, Stop, find_run
from edgebench.tuning.weights import keep_shipped, prune_checkpoints, prune_weights, sweep_weights
from edgebench.tuning.winners import Winners


class Search:
    """One search on this machine.

    Args:
        suite: What to search.
        settings: How.
        store: Gets every record.
        observer: Told of everything that happens.
    """

    def __init__(
        self, suite: Suite, settings: SearchSettings, store: SqliteStore, observer: Observer
    ) -> None:
        self._settings = settings
        self._store = store
        self._observer = observer
        self._run, self._is_new = find_run(store, suite, settings)
        self._suite = self._run.suite
        self._stop = Stop()
        self._clock = time.perf_counter()
        self._earlier_s = self._run.wall_s
        self._durations: list[float] = []
        self._trials: list[Trial] = []
        self._paused: tuple[Trial, ...] = ()
        self._workers = 1
        self._devices: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        return self._run.run_id

    def execute(self) -> RunResult:
        """Search to the end and return all that is known of the run.

        Raises:
            StoppedError: the user stopped it; what was finished is in the store.
            WorkError: every trial failed.
            InputError: another process works on this run, or the GPUs that it asks for are not there.
        """
        store, run_id = self._store, self._run.run_id
        with (
            store.lock(run_id),
            self._crew() as crew,
            Bench(self._suite, crew, later=self._settings.measure_later) as bench,
        ):
            self._workers = crew.trainers.workers
            crew.warm_up()
            self._devices = devices_for(self._settings.workers, crew.trainers)
            dataset = self._dataset(crew.trainers)
            self._save(devices=self._described(bench), data=datasets.facts(dataset))
            known = store.load(run_id)
            self._trials, self._paused = list(known.trials), known.paused
            recorded = {trial.trial_id for trial in (*self._trials, *self._paused)}
            sweep_weights(store.weights_dir(run_id), recorded)
            self._observer.run_started(self._run, is_new=self._is_new, progress=self._progress())
            with self._interruptible(crew):
                try:
                    self._search(crew, bench, dataset.spec)
                    if not (self._stop.requested or self._settings.measure_later):
                        self._ship(crew, bench, dataset)
                except StoppedError:
                    self._stop.request()
            if self._settings.measure_later:
                self._save(notes=tuple(self._gaps()))
            self._save(status="interrupted" if self._stop.requested else "completed")
        if self._stop.requested:
            raise self._stopped()
        if self._searched() and all(t.status is Status.FAILED for t in self._searched()):
            raise WorkError("every trial failed", why=self._searched()[-1].reason)
        return store.load(run_id)

    def _search(self, crew: Crew, bench: Bench, spec: DatasetSpec) -> None:
        latency = self._latency(crew, bench)
        self._fill_gaps(latency, spec)
        pipeline = Pipeline(self._evaluators(crew, latency), self._suite.constraints)
        template = load_template(
            self._suite.template,
            input_shapes=spec.input_shapes,
            classes=spec.classes,
            options=self._suite.template_options,
        )
        judge = Judge(self._suite, discover_space(template, self._suite.hyperparameters))
        agenda = Agenda(self._suite, spec, judge, self._trials, self._paused)
        self._loop(pipeline, agenda)
        if not self._stop.requested:
            for trial in agenda.give_up():
                self._record(trial, agenda)
            self._fill_gaps(latency, spec)

    def _described(self, bench: Bench) -> tuple[DeviceInfo, ...]:
        """Return the facts of every device; where none is reached, those that an earlier process was told."""
        told = bench.describe()
        if not self._settings.measure_later:
            return told
        known = {info.name: info for info in self._run.devices}
        return tuple(known.get(info.name, info) for info in told)

    def _fill_gaps(self, latency: LatencyEvaluator, spec: DatasetSpec) -> None:
        """Measure what trials lack, and delete the weights of those that it puts off the front."""
        if self._settings.measure_later:
            return
        gaps = Gaps(self._run, self._store, latency, self._stop)
        self._trials = gaps.filled(gaps.opened(self._trials, latency.latencies), spec)
        prune_weights(self._store.weights_dir(self.run_id), self._trials, self._suite)

    def _ship(self, crew: Crew, bench: Bench, dataset: Dataset) -> None:
        """Train the front again where the suite asks for it, and make its files, until neither changes it."""
        store, observer, stop = self._store, self._observer, self._stop
        repeats = Repeats(
            self._run,
            store,
            crew.trainers,
            observer,
            stop,
            devices=self._devices,
            shipped=self._shipped(crew),
        )
        winners = Winners(self._run, store, crew.exporters, bench, observer, stop)
        repeats.train(dataset.spec)
        while not stop.requested and winners.make(dataset):
            repeats.train(dataset.spec)
        self._save(notes=(*self._shortfall(), *self._gaps(), *winners.notes))
        if self._suite.repeats > 1 and not stop.requested:
            keep_shipped(store.weights_dir(self.run_id), store.load(self.run_id))

    def _loop(self, pipeline: Pipeline, agenda: Agenda) -> None:
        """Keep as many workers busy as there are, until there is nothing more to do."""
        running: dict[Future[Trial], Work] = {}
        with ThreadPoolExecutor(self._workers) as threads:
            while True:
                while len(running) < self._workers:
                    work = self._next(agenda)
                    if work is None:
                        break
                    future = threads.submit(
                        pipeline.run,
                        work.candidate,
                        is_baseline=work.is_baseline,
                        paused=work.paused,
                    )
                    running[future] = work
                if not running:
                    return
                done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                self._stop.check()
                for future in done:
                    work = running.pop(future)
                    self._record(agenda.take(work, future.result()), agenda)

    def _next(self, agenda: Agenda) -> Work | None:
        if self._stop.requested:
            return None
        budget_s = self._settings.time_budget_s
        in_time = budget_s is None or time.perf_counter() - self._clock < budget_s
        return agenda.next(may_ask=in_time)

    def _record(self, trial: Trial, agenda: Agenda) -> None:
        """Store a trial that ended or paused, then let the oracle and the observer know."""
        self._paused = agenda.paused
        if trial.status is Status.RUNNING:
            self._store.record_pause(self.run_id, trial)
        else:
            self._store.record_trial(self.run_id, trial)
            self._trials.append(trial)
            self._durations.append(trial.elapsed_s)
        self._save()
        agenda.tell(trial)
        if trial.status is Status.RUNNING:
            self._observer.trial_paused(trial, self._progress())
            return
        folder = self._store.weights_dir(self.run_id)
        prune_weights(folder, self._trials, self._suite)
        prune_checkpoints(folder, agenda.going_on())
        self._observer.trial_ended(trial, self._progress())

    def _latency(self, crew: Crew, bench: Bench) -> LatencyEvaluator:
        suite = self._suite
        latency = LatencyEvaluator(
            crew.exporters,
            bench.names,
            bench.measure,
            precision=suite.latency.precision,
            data=suite.data,
            folder=self._store.emptied_probes_dir(self.run_id),
        )
        for trial in (*self._trials, *self._paused):
            latency.remember(trial.arch_id, trial.metrics)
        return latency

    def _evaluators(self, crew: Crew, latency: LatencyEvaluator) -> list[Any]:
        weights = self._store.weights_dir(self.run_id)
        accuracy = AccuracyEvaluator(
            crew.trainers,
            self._suite.data,
            self._suite.training,
            weights,
            self._devices,
            self._shipped(crew),
        )
        return [SizeEvaluator(crew.trainers), latency, accuracy]

    def _shipped(self, crew: Crew) -> ShippedAccuracy:
        return ShippedAccuracy(crew.exporters, self._suite.latency.precision, self._suite.seed)

    def _stopped(self) -> StoppedError:
        """Say how far the search came, and what is left."""
        progress = self._progress()
        paused = f" and {len(self._paused)} paused" if self._paused else ""
        left = progress.total - progress.done
        rough = f", about {max(1, round(progress.left_s / 60))} min" if progress.left_s else ""
        return StoppedError(
            f"stopped at {progress.done}/{progress.total}, all {progress.done}{paused} saved "
            f"in run {self.run_id}",
            why=f"{left} left{rough}" if left else "",
        )

    def _shortfall(self) -> Iterator[str]:
        """Say why there are fewer trials than asked for, if there are."""
        done, total = len(self._searched()), self._suite.oracle.max_trials
        if done < total:
            cause = "no more exist"
            if self._suite.oracle.name == "hyperband":
                cause = "hyperband asks for no more"
            if self._settings.time_budget_s:
                cause = "the time budget ended"
            yield f"{done} of {total} trials: {cause}"

    def _gaps(self) -> Iterator[str]:
        """Say which measurements are missing, and how to get them."""
        lacking = [trial for trial in self._trials if trial.lacks]
        for name in sorted({name for trial in lacking for name in trial.lacks}):
            whys = {trial.trial_id: trial.lacks[name] for trial in lacking if name in trial.lacks}
            yield (
                f"{metric_kind(name).title} of {', '.join(whys)} is missing: {next(iter(whys.values()))}; "
                f"edgebench search --resume {self.run_id} measures it"
            )

    def _searched(self) -> list[Trial]:
        return [trial for trial in self._trials if not trial.is_baseline]

    def _progress(self) -> Progress:
        suite = self._suite
        searched = self._searched()
        front = select_front(searched, suite.objectives, suite.constraints)
        left = max(0, suite.oracle.max_trials - len(searched))
        typical_s = statistics.median(self._durations) if self._durations else None
        return Progress(
            done=len(searched),
            total=suite.oracle.max_trials,
            counts=Counter(
                [trial.status.value for trial in searched] + ["paused"] * len(self._paused)
            ),
            front_size=len(front),
            hypervolume=front_hypervolume(searched, suite.objectives, suite.constraints),
            best=front[0].trial if front else None,
            elapsed_s=time.perf_counter() - self._clock,
            left_s=None if typical_s is None else typical_s * left / self._workers,
        )

    def _save(self, **changes: Any) -> None:
        wall_s = self._earlier_s + time.perf_counter() - self._clock
        self._run = dataclasses.replace(self._run, wall_s=round(wall_s, 3), **changes)
        self._store.save_run(self._run)

    def _dataset(self, executor: Executor) -> Dataset:
        """Read the data set, and share it with machines that may not hold its files."""
        plan = self._suite.data
        dataset = datasets.load_dataset(plan, self._suite.seed)
        datasets.require_here(plan.name, dataset)
        executor.share(
            Shared(
                content_hash=functools.partial(datasets.content_hash, dataset),
                value=(plan, dataset),
                install=datasets.shelve,
            )
        )
        return dataset

    @contextlib.contextmanager
    def _crew(self) -> Iterator[Crew]:
        log_path = self._store.log_path(self.run_id)
        handler = logging.FileHandler(log_path, delay=True)
        LOG.addHandler(handler)
        LOG.propagate = False
        crew = hire(
            self._settings.workers, chosen_backend(), root=self._store.root, log_path=log_path
        )
        try:
            yield crew
        except BaseException:
            crew.shutdown(wait=False)
            raise
        else:
            crew.shutdown(wait=not self._stop.requested)
        finally:
            LOG.removeHandler(handler)
            handler.close()

    @contextlib.contextmanager
    def _interruptible(self, crew: Crew) -> Iterator[None]:
        """Let the first interrupt finish the running trials, and the second end them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_interrupt(*_: object) -> None:
            self._stop.request()
            is_second = self._stop.requests > 1
            self._observer.stopping(self._workers)  # a second interrupt may come during this
            if is_second:
                crew.shutdown(wait=False)

        previous = signal.signal(signal.SIGINT, on_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)
