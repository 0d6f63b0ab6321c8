"""Where trials run."""

from edgebench.executors.base import (
    EXECUTORS,
    Executor,
    InlineExecutor,
    Shared,
    WorkerDiedError,
    Workers,
)
from edgebench.executors.local import PRELOAD, LocalExecutor, WorkerSettings, start_server

__all__ = [
    "EXECUTORS",
    "PRELOAD",
    "Executor",
    "InlineExecutor",
    "LocalExecutor",
    "Shared",
    "WorkerDiedError",
    "WorkerSettings",
    "Workers",
    "start_server",
]
