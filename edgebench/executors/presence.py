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

PATIENCE_S = 5.0
_WORK = "work-"


@contextlib.contextmanager
def present(search: str) -> Iterator[Path]:
    """Show that this process works for a search, by a file that it holds locked; a dead one no longer does.

    Yields an empty folder for the process to work in, which goes with the lock.

    Args:
        search: Names it; letters and digits.
    """
    path = _folder(search) / str(os.getpid())
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            with tempfile.TemporaryDirectory(prefix=_WORK, dir=path.parent) as folder:
                yield Path(folder).resolve()
        finally:
            path.unlink(missing_ok=True)


def pids_of(search: str) -> list[int]:
    """Return the processes on this machine that are at work for a search."""
    return [int(path.name) for path in _folder(search).glob("[0-9]*") if _is_held(path)]


def forget(search: str) -> None:
    """Remove what dead processes left, as soon as none is alive; give up after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while pids_of(search) and time.monotonic() < deadline:
        time.sleep(0.05)
    if not pids_of(search):
        shutil.rmtree(_folder(search), ignore_errors=True)


def _folder(search: str) -> Path:
    return Path(tempfile.gettempdir()) / f"edgebench-{os.getuid()}-{search}"


def _is_held(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
