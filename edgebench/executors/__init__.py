"""Where trials run."""

from edgebench.executors.base import (
    EXECUTORS,
    STRATEGIES,
    Executor,
    InlineExecutor,
    Shared,
    WorkerDiedError,
    Workers,
)
from edgebench.executors.local import LocalExecutor, WorkerSettings, preload_for, start_server

__all__ = [
    "EXECUTORS",
    "STRATEGIES",
    "Executor",
    "InlineExecutor",
    "LocalExecutor",
    "Shared",
    "WorkerDiedError",
    "WorkerSettings",
    "Workers",
    "preload_for",
    "start_server",
]
