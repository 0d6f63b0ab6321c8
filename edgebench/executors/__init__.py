"""Where trials run."""

from edgebench.executors.base import Executor, InlineExecutor, WorkerDiedError
from edgebench.executors.local import LocalExecutor, WorkerSettings

__all__ = ["Executor", "InlineExecutor", "LocalExecutor", "WorkerDiedError", "WorkerSettings"]
