"""Which worker processes of a search are at work on this machine, whoever started them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edgebench import scratch

PATIENCE_S = 5.0
_WORK = "work-"


@contextlib.contextmanager
def present(search: str) -> Iterator[Path]:
    """Show that this process works for a search, by a file that it holds locked; a dead one no longer does.

    Yields an empty folder for the process to work in, which goes with the lock.

    Args:
        search: Names it; 16 hexadecimal digits.
    """
    scratch.sweep()
    path = scratch.shared_folder(search) / str(os.getpid())
    with scratch.held(path.parent), path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            with tempfile.TemporaryDirectory(prefix=_WORK, dir=path.parent) as folder:
                yield Path(folder).resolve()
        finally:
            path.unlink(missing_ok=True)


def pids_of(search: str) -> list[int]:
    """Return the processes on this machine that are at work for a search."""
    return [
        int(path.name) for path in scratch.shared_folder(search).glob("[0-9]*") if _is_held(path)
    ]


def forget(search: str) -> None:
    """Remove what dead processes left, as soon as none is alive; give up after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while pids_of(search) and time.monotonic() < deadline:
        time.sleep(0.05)
    if not pids_of(search):
        shutil.rmtree(scratch.shared_folder(search), ignore_errors=True)


def _is_held(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
