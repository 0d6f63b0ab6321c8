"""Where trials run."""

from edgebench.executors.base import (
    EXECUTORS,
    Executor,
    InlineExecutor,
    Shared,
    WorkerDiedError,
    Workers,
)
from edgebench.executors.local import LocalExecutor, WorkerSettings

__all__ = [
    "EXECUTORS",
    "Executor",
    "InlineExecutor",
    "LocalExecutor",
    "Shared",
    "WorkerDiedError",
    "WorkerSettings",
    "Workers",
]
