"""Who works for a search."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from edgebench.errors import InputError
from edgebench.executors import Executor, LocalExecutor, Workers, WorkerSettings, preload_for

# Each framework takes most of a GPU's memory when it starts, unless told otherwise; workers share GPUs.
GPU_SHARING = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
LONGEST_S = 24 * 3600.0  # a training of the published length takes hours on a processor
FILE_MAKING = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The executors of a search.

    ``trainers`` count and train networks on the backend that the user chose; ``exporters`` make files, which TensorFlow
    alone does. Where that is the backend they are the same.
    """

    trainers: Executor
    exporters: Executor

    @contextlib.contextmanager
    def measuring(self, device: str, *, is_local: bool) -> Iterator[None]:
        """Let nothing of the search disturb a measurement, as `Executor.measuring` does."""
        with contextlib.ExitStack() as still:
            for executor in self._all():
                still.enter_context(executor.measuring(device, is_local=is_local))
            yield

    def warm_up(self) -> None:
        """Begin to load what workers need, without waiting for it."""
        for executor in self._all():
            executor.warm_up()

    def shutdown(self, *, wait: bool = True) -> None:
        """End all workers; with ``wait`` the jobs already submitted are finished first."""
        for executor in self._all():
            executor.shutdown(wait=wait)

    def _all(self) -> tuple[Executor, ...]:
        if self.exporters is self.trainers:
            return (self.trainers,)
        return self.trainers, self.exporters


def hire(workers: Workers, backend: str, *, root: Path, log_path: Path) -> Crew:
    """Return the executors that a search needs.

    Where Keras runs on another backend than TensorFlow, files are made by one worker of this machine, off its GPUs.

    Args:
        workers: Where trials run, and how many at once.
        backend: Of Keras.
        root: The folder in which jobs read and write files.
        log_path: Gets what workers of this machine print.

    Raises:
        UnavailableError: there is no Ray, or no cluster.
    """
    sharing = {name: os.environ.get(name, value) for name, value in GPU_SHARING.items()}
    variables = {**sharing, "KERAS_BACKEND": backend}
    settings = WorkerSettings(log_path=str(log_path), variables=variables, timeout_s=LONGEST_S)
    preload = preload_for(backend)
    trainers: Executor
    if workers.executor == "ray":
        from edgebench.executors.ray import RayExecutor

        trainers = RayExecutor(workers, root=root, settings=settings)
    elif workers.strategy:
        threads = os.cpu_count() or 1
        trainers = LocalExecutor(1, preload=preload, settings=replace(settings, threads=threads))
    else:
        trainers = LocalExecutor(workers.count, preload=preload, settings=settings)
    if backend == "tensorflow":
        return Crew(trainers=trainers, exporters=trainers)
    settings = replace(settings, variables=FILE_MAKING)
    return Crew(trainers=trainers, exporters=LocalExecutor(1, preload=preload, settings=settings))


def devices_for(workers: Workers, executor: Executor) -> tuple[str, ...]:
    """Return the devices over which each batch is split; none where a trial trains on one.

    Raises:
        InputError: one trial is to train on several GPUs, and there are not several.
    """
    if not workers.strategy:
        return ()
    from edgebench.training.mirrored_step import visible_gpus

    found = executor.submit(visible_gpus, None).result()
    if len(found) < 2:
        raise InputError(
            f"--strategy {workers.strategy} needs several GPUs; found {len(found)}",
            why="it splits each batch over the GPUs of this machine",
            remedy="leave it out",
        )
    return found
