"""Workers of a Ray cluster: one that the user runs, or one that is started on this machine.

Ray schedules, moves data between nodes, and runs elsewhere what a lost node was running. Nodes need this version of
edgebench and share no files with the search.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import edgebench
from edgebench.errors import UnavailableError, WorkError, first_line
from edgebench.executors.base import (
    J,
    R,
    Shared,
    WorkerDiedError,
    Workers,
    as_work_error,
    failed,
    raised,
)
from edgebench.executors.local import THREAD_VARIABLES, WorkerSettings
from edgebench.executors.parcel import Parcel, pack, unpack, written
from edgebench.executors.presence import forget, pids_of, present
from edgebench.executors.stillness import held_still

DEVICE_PREFIX = "device:"
RETRIES = 5
RECYCLE_AFTER = 64
POLL_S = 0.05
KNOCK_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """What a node must know of the search: its name, its edgebench, and the environment of its workers."""

    search: str
    version: str
    variables: dict[str, str]


class RayExecutor:
    """Implements `Executor` with tasks of a Ray cluster.

    A task takes one processor, and an equal part of the cluster's GPUs where it has any. Around a measurement the workers
    on this machine are held still where the device is this machine; of another device, the cluster's resource
    ``device:NAME`` is taken where a node was started with it, so that searches which share a cluster share its boards.

    Args:
        workers: How many, and the cluster's address.
        root: The folder in which jobs read and write files.
        settings: ``threads`` and ``variables`` of a worker. Ray keeps the logs, and a worker, which takes seconds to start, is replaced after 64
            jobs.

    Raises:
        UnavailableError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(
        self,
        workers: Workers,
        *,
        root: Path,
        settings: WorkerSettings | None = None,
    ) -> None:
        self._settings = settings or WorkerSettings()
        self._root = root
        self._ray = _connected(workers)
        self._origin = _Origin(
            search=secrets.token_hex(8),
            version=edgebench.__version__,
            variables=_variables(self._settings),
        )
        self._shared: dict[str, tuple[str, Any, Any]] = {}
        self._may_start = threading.RLock()
        self._running: set[Any] = set()
        resources = self._ray.cluster_resources()
        self.workers = workers.count or max(
            1, int(resources.get("CPU", 1)) // self._settings.threads
        )
        serve = self._ray.remote(
            num_cpus=self._settings.threads,
            num_gpus=min(1.0, resources.get("GPU", 0) / self.workers),
            max_calls=RECYCLE_AFTER,
            max_retries=0,
        )
        self._task = serve(_serve)

    def warm_up(self) -> None:
        """Do nothing: a node's workers start with its first task and stay for the next."""

    def share(self, shared: Shared) -> None:
        sha256 = shared.content_hash()
        if sha256 not in self._shared:
            self._shared[sha256] = (sha256, shared.install, self._ray.put(shared.value))

    def submit(self, fn: Callable[[J], R], job: J, *, near: str = "") -> Future[R]:
        del near
        future: Future[R] = Future()
        future.set_running_or_notify_cancel()
        try:
            parcel = pack((fn, job), self._root)
        except Exception as error:  # noqa: BLE001  every failure belongs to the future
            future.set_exception(as_work_error(error))
        else:
            self._send(parcel, future, RETRIES)
        return future

    def _send(self, parcel: Parcel, future: Future[Any], retries: int) -> None:
        """Run a job on some node, and on another where that one is lost."""
        with self._may_start:
            reference = self._task.remote(self._origin, parcel, list(self._shared.values()))
        self._running.add(reference)

        def take(done: Future[Any]) -> None:
            lost = self._ray.exceptions.NodeDiedError, self._ray.exceptions.ObjectLostError
            try:
                if retries and isinstance(done.exception(), lost):
                    self._send(parcel, future, retries - 1)
                else:
                    future.set_result(self._opened(done))
            except Exception as error:  # noqa: BLE001  as above
                future.set_exception(error)
            finally:
                self._running.discard(reference)

        reference.future().add_done_callback(take)

    @contextlib.contextmanager
    def measuring(self, device: str, *, is_local: bool) -> Iterator[None]:
        if is_local:
            with self._may_start, held_still(pids_of(self._origin.search)):
                yield
        else:
            with self._lease(device):
                yield

    def shutdown(self, *, wait: bool = True) -> None:
        if not wait:
            for reference in list(self._running):
                self._ray.cancel(reference, force=True)
        while self._running:
            time.sleep(POLL_S)
        self._ray.shutdown()
        forget(self._origin.search)

    def _opened(self, done: Future[Any]) -> Any:
        """Return what a task sent, or raise in its place; the files that it wrote are then here."""
        exceptions = self._ray.exceptions
        try:
            answer = done.result()
        except exceptions.TaskCancelledError:
            raise WorkError("the job was stopped") from None
        except (exceptions.WorkerCrashedError, exceptions.NodeDiedError) as error:
            raise WorkerDiedError("the worker process died", why=first_line(error)) from None
        except exceptions.OutOfMemoryError as error:
            raise WorkerDiedError("the node ran out of memory", why=first_line(error)) from None
        except exceptions.RayError as error:
            raise WorkError("Ray could not run the job", why=first_line(error)) from None
        ok, value = unpack(answer, self._root)
        if not ok:
            raise raised(value)
        return value

    @contextlib.contextmanager
    def _lease(self, device: str) -> Iterator[None]:
        """Hold the cluster's resource of a device, where it has one."""
        from ray.util import placement_group, remove_placement_group

        resource = f"{DEVICE_PREFIX}{device}"
        if resource not in self._ray.cluster_resources():
            yield
            return
        group = placement_group([{resource: 1}])
        try:
            self._ray.get(group.ready())
            yield
        finally:
            remove_placement_group(group)


def _connected(workers: Workers) -> Any:
    """Return Ray, connected to a cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise UnavailableError(
            "Ray is not installed", why=str(error), remedy="pip install 'edgebench[ray]'"
        ) from None
    address = workers.ray_address or os.environ.get("RAY_ADDRESS")
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address:
            _knock(address)
            options["address"] = address
        else:
            os.environ.setdefault("RAY_worker_niceness", "0")
            options |= {"address": "local", "num_cpus": workers.count, "include_dashboard": False}
        ray.init(**options)
    except (OSError, ValueError, RuntimeError) as error:
        raise UnavailableError(
            f"no Ray cluster at {address or 'this machine'}",
            why=first_line(error),
            remedy="start one with `ray start --head`, or leave the address out",
        ) from None
    return ray


def _knock(address: str) -> None:
    """Raise `OSError` where nothing listens: Ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()


def _variables(settings: WorkerSettings) -> dict[str, str]:
    """Return the environment of a worker."""
    return {
        **dict.fromkeys(THREAD_VARIABLES, str(settings.threads)),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **settings.variables,
    }


_installed: set[str] = set()


def _serve(origin: _Origin, parcel: Parcel, shared: list[tuple[str, Any, Any]]) -> Parcel:
    """Run one job in a folder of its own and return the answer, with the files it wrote. Runs on a node."""
    import ray

    os.environ.update(origin.variables)
    with present(origin.search) as root:
        try:
            if origin.version != edgebench.__version__:
                raise WorkError(
                    f"a node has edgebench {edgebench.__version__}, the search {origin.version}",
                    remedy="install the same version on all nodes",
                )
            for sha256, install, where in shared:
                if sha256 not in _installed:
                    install(ray.get(where))
                    _installed.add(sha256)
            fn, job = unpack(parcel, root)
            answer = (True, fn(job))
        except Exception as error:  # noqa: BLE001  told to the search as data
            traceback.print_exc()
            answer = (False, failed(as_work_error(error)))
        packed = pack(answer, root)
        return Parcel(body=packed.body, files=written(root, parcel.files))
