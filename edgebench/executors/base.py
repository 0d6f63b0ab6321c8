"""Where trials run. The shape is that of `concurrent.futures`: submit a function and its job, get a future."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from edgebench.errors import (
    EdgebenchError,
    InputError,
    UnknownNameError,
    WorkError,
    first_line,
)

EXECUTORS = ("local", "ray")
STRATEGIES = ("mirrored",)
J = TypeVar("J")
R = TypeVar("R")


class WorkerDiedError(WorkError):
    """A worker process ended before its job did: killed, out of memory, or crashed in native code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Where jobs run, and how many at once.

    Args:
        count: By default one a core of this machine, eight at most, or one a processor of the cluster.
        executor: One of `EXECUTORS`.
        ray_address: Of the cluster, as ``ray.init`` takes it; by default ``RAY_ADDRESS``, and without that one is started
            on this machine.
        strategy: ``mirrored`` for one trial at a time, on all GPUs of this machine; by default a trial trains on one device.

    Raises:
        InputError: the strategy is not known, or does not go with the rest.
    """

    count: int | None = None
    executor: str = "local"
    ray_address: str | None = None
    strategy: str | None = None

    def __post_init__(self) -> None:
        if self.strategy is None:
            return
        if self.strategy not in STRATEGIES:
            raise UnknownNameError("a strategy", self.strategy, STRATEGIES)
        if self.executor != "local" or self.count not in (None, 1):
            raise InputError(
                f"--strategy {self.strategy} trains one trial at a time, on the GPUs of this machine",
                remedy="leave --executor and --workers out",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A value that jobs need, and ``install``, importable by name, which is called with it on each machine.

    ``content_hash`` tells one value from another; it is called where the value travels.
    """

    content_hash: Callable[[], str]
    value: Any
    install: Callable[[Any], None]


class Executor(Protocol):
    """Used by the search for everything that needs a deep-learning framework.

    Guarantees: a job is not run again once it failed or answered; a job that fails, or whose process dies, fails its own
    future and no other; after `shutdown` no process is left.
    """

    @property
    def workers(self) -> int:
        """How many jobs run at once."""
        ...

    def warm_up(self) -> None:
        """Begin to load what workers need, without waiting for it."""
        ...

    def share(self, shared: Shared) -> None:
        """Give a value to the jobs submitted from now on; to each other machine it goes once, by its hash."""
        ...

    def submit(self, fn: Callable[[J], R], job: J, *, near: str = "") -> Future[R]:
        """Queue ``fn(job)``.

        Args:
            fn: Importable by name.
            job: It and the result can be pickled.
            near: Where a worker is free that ran a job near the same lately, the job goes there, if the executor can choose:
                it may still hold what that one made.
        """
        ...

    def measuring(self, device: str, *, is_local: bool) -> contextlib.AbstractContextManager[None]:
        """Let nothing of this executor disturb a measurement on a device.

        Args:
            device: Its name.
            is_local: Whether it is this machine; its workers are then held still.
        """
        ...

    def shutdown(self, *, wait: bool = True) -> None:
        """End all workers; with ``wait`` the jobs already submitted are finished first."""
        ...


class InlineExecutor:
    """Runs each job at once in the caller: for tests, and for debugging a template."""

    workers = 1

    def submit(self, fn: Callable[[J], R], job: J, *, near: str = "") -> Future[R]:
        del near
        future: Future[R] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(job))
        except Exception as error:  # noqa: BLE001  every failure belongs to the future
            future.set_exception(as_work_error(error))
        return future

    def warm_up(self) -> None:
        """Do nothing: what is loaded is loaded."""

    def share(self, shared: Shared) -> None:
        shared.install(shared.value)

    @contextlib.contextmanager
    def measuring(self, device: str, *, is_local: bool) -> Iterator[None]:
        del device, is_local
        yield

    def shutdown(self, *, wait: bool = True) -> None:
        del wait


def as_work_error(error: BaseException) -> EdgebenchError:
    """Return ``error`` as one sentence, unless it already is one."""
    if isinstance(error, EdgebenchError):
        return error
    if isinstance(error, MemoryError):
        return WorkError("out of memory", why=str(error) or "the network needs more than there is")
    name, line = type(error).__name__, first_line(error)
    return WorkError(line if line == name else f"{name}: {line}")


def failed(error: EdgebenchError) -> dict[str, Any]:
    """Return an error as data that any process can carry."""
    return {
        "message": error.message,
        "why": error.why,
        "remedy": error.remedy,
        "exit_code": error.exit_code,
    }


def raised(data: dict[str, Any]) -> EdgebenchError:
    """Return the error that `failed` made data of."""
    error = WorkError(data["message"], why=data["why"], remedy=data["remedy"])
    error.exit_code = data["exit_code"]
    return error
