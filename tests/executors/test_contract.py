"""Every executor keeps the contract."""

from __future__ import annotations

from pathlib import Path

from edgebench.executors import Executor, LocalExecutor
from edgebench.testing.executors import ExecutorContract


class TestLocalExecutor(ExecutorContract):
    def executor(self, root: Path) -> Executor:
        return LocalExecutor(2)
