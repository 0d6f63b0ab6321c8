"""Processes of this machine held still for a while, so that they do not disturb a measurement."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def held_still(pids: Iterable[int | None]) -> Iterator[None]:
    """Stop processes, and let them go on afterwards."""
    found = [pid for pid in pids if pid is not None]
    try:
        for pid in found:
            _signal(pid, signal.SIGSTOP)
        for pid in found:
            _wait_until_still(pid)
        yield
    finally:
        for pid in found:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_until_still(pid: int) -> None:
    """Return once the kernel has stopped the process (a signal only asks), after 1 s at the latest."""
    deadline = time.monotonic() + 1.0
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state in "TtZX":
                return
            time.sleep(0.001)
