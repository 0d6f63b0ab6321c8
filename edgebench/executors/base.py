"""Where trials run. The shape is that of `concurrent.futures`: submit a function and its job, get a future."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from edgebench.errors import EdgebenchError, WorkError

J = TypeVar("J")
R = TypeVar("R")


class WorkerDiedError(WorkError):
    """A worker process ended before its job did: killed, out of memory, or crashed in native code."""


class Executor(Protocol):
    """Used by the search for everything that needs a deep-learning framework.

    Guarantees: each job runs at most once; a job that fails, or whose process dies, fails its own future and
    no other; after `shutdown` no process is left.
    """

    def submit(self, fn: Callable[[J], R], job: J) -> Future[R]:
        """Queue ``fn(job)``. ``fn`` is importable by name; job and result can be pickled."""
        ...

    def quiet(self) -> contextlib.AbstractContextManager[None]:
        """Hold this machine's workers still, so that a measurement on it is not disturbed."""
        ...

    def shutdown(self, *, wait: bool = True) -> None:
        """End all workers; with ``wait`` the jobs already submitted are finished first."""
        ...


class InlineExecutor:
    """Runs each job at once in the caller: for tests, and for debugging a template."""

    def submit(self, fn: Callable[[J], R], job: J) -> Future[R]:
        future: Future[R] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(job))
        except Exception as error:  # noqa: BLE001  every failure belongs to the future
            future.set_exception(as_work_error(error))
        return future

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        yield

    def shutdown(self, *, wait: bool = True) -> None:
        del wait


def as_work_error(error: BaseException) -> EdgebenchError:
    """Return ``error`` as one sentence, unless it already is one."""
    if isinstance(error, EdgebenchError):
        return error
    if isinstance(error, MemoryError):
        return WorkError("out of memory", why=str(error) or "the network needs more than there is")
    first_line = (str(error).strip().splitlines() or [""])[0]
    return WorkError(
        f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
    )


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
