"""Worker processes on this machine, forked from a server that has the frameworks loaded.

`concurrent.futures` fails every job of a pool when one worker dies, and cannot hold workers still while a latency
is measured beside them; hence one thread, one pipe and one process a worker here.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
import traceback
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing import connection, forkserver
from typing import Any

from edgebench import scratch
from edgebench.errors import WorkError
from edgebench.executors.base import J, R, Shared, WorkerDiedError, as_work_error, failed, raised
from edgebench.executors.stillness import held_still
from edgebench.runtimes.quiet import silenced

PR_SET_PDEATHSIG = 1
MOST_WORKERS = 8
REMEMBERED = 16
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # read by XLA for JAX's pool on a processor
)
PRELOAD = (
    "sklearn.datasets",
    "sklearn.model_selection",
    "edgebench.evaluators.accuracy",
    "edgebench.export",
    "edgebench.training",
)
KERAS_PRELOAD = ("keras", "keras_tuner", "edgebench.templates.squeezenet_se")
_main_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How each worker process runs.

    ``threads`` a worker; ``recycle_after`` jobs it is replaced (frameworks leak memory); ``timeout_s`` a job may
    take; what it prints goes to ``log_path``; ``variables`` are set in its environment before its first job.
    """

    threads: int = 1
    recycle_after: int = 48
    timeout_s: float = 3600.0
    log_path: str = os.devnull
    variables: Mapping[str, str] = field(default_factory=dict)


def preload_for(backend: str) -> tuple[str, ...]:
    """Return the modules to load before workers are forked.

    Keras is one of them with TensorFlow alone: a process that has loaded Keras keeps its backend, files are made by
    TensorFlow, and JAX must not be there before a fork.
    """
    return (*KERAS_PRELOAD, *PRELOAD) if backend == "tensorflow" else PRELOAD


def start_server(preload: Sequence[str]) -> None:
    """Start the fork server of this process where it has none; it imports modules in the background, without a word.

    Temporary files of workers go with this process, or are removed by the next one where it is killed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _without_main(), silenced(), scratch.temporary_files_in(scratch.own_folder()):
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
        forkserver.ensure_running()


class LocalExecutor:
    """Implements `Executor` with processes.

    Args:
        workers: How many jobs run at once, at least 1; one a core of this machine by default, eight at most.
        preload: Modules the fork server imports once; a worker then starts in hundredths of a second.
        settings: See `WorkerSettings`.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        preload: tuple[str, ...] = (),
        settings: WorkerSettings | None = None,
    ) -> None:
        self.workers = min(MOST_WORKERS, os.cpu_count() or 1) if workers is None else workers
        if self.workers < 1:
            raise ValueError("an executor needs at least one worker")
        self._settings = settings or WorkerSettings()
        self._preload = preload
        self._context = multiprocessing.get_context("forkserver")
        self._jobs = _Queue()
        self._may_start = threading.RLock()
        self._seats = [_Seat(self) for _ in range(self.workers)]
        self._threads = [
            threading.Thread(target=seat.serve, daemon=True, name=f"edgebench-worker-{index}")
            for index, seat in enumerate(self._seats)
        ]
        for thread in self._threads:
            thread.start()

    def warm_up(self) -> None:
        with self._may_start:
            start_server(self._preload)

    def submit(self, fn: Callable[[J], R], job: J, *, near: str = "") -> Future[R]:
        future: Future[R] = Future()
        if not self._jobs.put(_Job(fn, job, near, future)):
            future.cancel()
        return future

    def share(self, shared: Shared) -> None:
        """Do nothing: workers read what this machine has, each once."""

    @contextlib.contextmanager
    def measuring(self, device: str, *, is_local: bool) -> Iterator[None]:
        del device
        if not is_local:
            yield
            return
        with self._may_start:
            processes = [seat.process for seat in self._seats if seat.process is not None]
            with held_still([process.pid for process in processes]):
                yield

    def shutdown(self, *, wait: bool = True) -> None:
        if not wait:
            for seat in self._seats:
                seat.kill()
            for job in self._jobs.clear():
                job.future.cancel()
        self._jobs.close()
        for thread in self._threads:
            thread.join()

    def next_job(self, seat: _Seat) -> _Job | None:
        return self._jobs.take(seat)

    def expect(self, seat: _Seat) -> None:
        self._jobs.expect(seat)

    def start_process(self) -> tuple[Any, Any]:
        """Return a fresh worker process and this end of its pipe."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._settings), daemon=True, name="edgebench-worker"
        )
        self.warm_up()
        with self._may_start, _without_main():
            process.start()
        theirs.close()
        return process, ours

    @property
    def settings(self) -> WorkerSettings:
        return self._settings


@dataclass(frozen=True, slots=True)
class _Job:
    fn: Callable[[Any], Any]
    job: Any
    near: str
    future: Future[Any]


class _Queue:
    """Jobs in order, but that one goes to a free seat which ran one near it lately."""

    def __init__(self) -> None:
        self._waiting: list[_Job] = []
        self._free: set[_Seat] = set()
        self._is_closed = False
        self._changed = threading.Condition()

    def put(self, job: _Job) -> bool:
        """Add a job; return False once the queue is closed, where nobody would take it."""
        with self._changed:
            if not self._is_closed:
                self._waiting.append(job)
                self._changed.notify_all()
            return not self._is_closed

    def take(self, seat: _Seat) -> _Job | None:
        """Wait for the seat's next job; there is none once the queue is closed and empty."""
        with self._changed:
            self._free.add(seat)
            try:
                while (job := self._first_for(seat)) is None:
                    if self._is_closed and not self._waiting:
                        return None
                    self._changed.wait()
                self._waiting.remove(job)
                return job
            finally:
                self._free.discard(seat)
                self._changed.notify_all()

    def expect(self, seat: _Seat) -> None:
        """Count a seat as free that is about to ask: what it answers may bring its next job at once."""
        with self._changed:
            self._free.add(seat)

    def clear(self) -> list[_Job]:
        """Take all jobs that wait."""
        with self._changed:
            waiting, self._waiting = self._waiting, []
            return waiting

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _first_for(self, seat: _Seat) -> _Job | None:
        for job in self._waiting:
            nearer = [other for other in self._free if job.near in other.near]
            if not nearer or seat in nearer:
                return job
        return None


class _Seat:
    """One place for a worker: starts its process, hands it jobs, replaces it when it is worn or dead."""

    def __init__(self, executor: LocalExecutor) -> None:
        self._executor = executor
        self._pipe: Any = None
        self._done = 0
        self._killed = False
        self.near: deque[str] = deque(maxlen=REMEMBERED)
        self.process: Any = None

    def serve(self) -> None:
        while (job := self._executor.next_job(self)) is not None:
            if job.near:
                self.near.append(job.near)
            if self._killed or not job.future.set_running_or_notify_cancel():
                job.future.cancel()
                continue
            try:
                result = self._run(job)
            except BaseException as error:  # noqa: BLE001  every failure belongs to the future
                self._executor.expect(self)
                job.future.set_exception(as_work_error(error))
            else:
                self._executor.expect(self)
                job.future.set_result(result)
        self._end()

    def kill(self) -> None:
        self._killed = True
        process = self.process
        if process is not None:
            process.kill()

    def _run(self, job: _Job) -> Any:
        if self.process is None or not self.process.is_alive():
            self.process, self._pipe = self._executor.start_process()
            self._done = 0
            if self._killed:  # while it was being started
                self.process.kill()
        self._pipe.send((job.fn, job.job))
        timeout_s = self._executor.settings.timeout_s
        if not connection.wait([self._pipe, self.process.sentinel], timeout_s):
            self.process.kill()
            self._end()
            raise WorkError(f"no answer in {timeout_s:g} s", why="the job was stopped")
        try:
            ok, value = self._pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            self._end()
            raise WorkerDiedError("the worker process died", why=_cause(code)) from None
        self._done += 1
        if self._done >= self._executor.settings.recycle_after:
            self._end()
        if not ok:
            raise raised(value)
        return value

    def _end(self) -> None:
        if self.process is None:
            return
        self._pipe.close()
        self.process.join(timeout=2.0)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process = None


def _work(pipe: Any, settings: WorkerSettings) -> None:
    """Serve jobs until the parent goes away. Runs in the worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    # What the server imported stays: looked through at each collection, it makes those ten times as long.
    gc.freeze()
    log = os.open(settings.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(settings.threads)))
    os.environ.update(settings.variables)
    while True:
        try:
            fn, job = pipe.recv()
        except EOFError:
            return
        try:
            answer = (True, fn(job))
        except Exception as error:  # noqa: BLE001  told to the parent as data
            traceback.print_exc()
            sys.stderr.flush()
            answer = (False, failed(as_work_error(error)))
        pipe.send(answer)


def _die_with_parent() -> None:
    """End this process when the search is gone, even killed, and even while this process is held still.

    The fork server ends with the last holder of its "alive" descriptor; a worker gives its copy up, so that the
    server follows the search, and the kernel then ends the worker.
    """
    if sys.platform == "linux":
        server = getattr(forkserver, "_forkserver", None)
        alive_fd = getattr(server, "_forkserver_alive_fd", None)
        if server is not None and alive_fd is not None:
            os.close(alive_fd)
            server._forkserver_alive_fd = None
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Keep a user's script from being imported again in each worker: jobs never come from it."""
    with _main_lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _cause(exit_code: int | None) -> str:
    if exit_code == -signal.SIGKILL:
        return "killed: most often the machine ran out of memory"
    if exit_code is not None and exit_code < 0:
        return f"ended by signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
