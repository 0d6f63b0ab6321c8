"""Files on their way to something whole, and what becomes of them where their process is killed.

Folders of temporary files are held locked by those who use them; a file that is not whole yet bears the number of its
process. Whoever makes the next one removes what nobody holds any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.util import Finalize
from pathlib import Path

_FOLDER = re.compile(rf"edgebench-(tmp-[0-9a-f]{{8}}|{os.getuid()}-[0-9a-f]{{16}})")
_PART = re.compile(r"\..+\.(\d+)\.part")
# multiprocessing removes a folder of its own inside of ours, with -100.
_LAST = -200


def cache_dir() -> Path:
    """Return this user's folder for files that can be made again."""
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "edgebench"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "edgebench"
    return Path.home() / ".cache" / "edgebench"


def own_folder() -> Path:
    """Return this process's folder for temporary files; it goes with the process, or the next to call this removes it."""
    return _own_folder(os.getpid())


def shared_folder(name: str) -> Path:
    """Return the path of a folder that several processes of this user know by a name of 16 hexadecimal digits."""
    return Path(tempfile.gettempdir()) / f"edgebench-{os.getuid()}-{name}"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder where it is missing, and keep it; several processes may."""
    lock = None
    while lock is None:
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = _locked(folder, fcntl.LOCK_SH)
    try:
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Let this process, and for good those that it starts meanwhile, put temporary files into a folder."""
    directory, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = directory
        del os.environ["TMPDIR"]
        if variable is not None:
            os.environ["TMPDIR"] = variable


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; rename it to ``path`` when all went well, else remove it."""
    for left in path.parent.glob(".*.part"):
        found = _PART.fullmatch(left.name)
        if found and not _is_alive(int(found[1])):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sweep() -> None:
    """Remove the folders of temporary files that killed processes of this user left."""
    for folder in Path(tempfile.gettempdir()).glob("edgebench-*"):
        lock = None
        if _FOLDER.fullmatch(folder.name):
            lock = _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


@functools.cache
def _own_folder(pid: int) -> Path:
    del pid
    sweep()
    folder = Path(tempfile.gettempdir()) / f"edgebench-tmp-{secrets.token_hex(4)}"
    holding = contextlib.ExitStack()
    holding.enter_context(held(folder))
    Finalize(None, _remove, args=(folder, holding), exitpriority=_LAST)
    return folder


def _remove(folder: Path, holding: contextlib.ExitStack) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    holding.close()


def _locked(folder: Path, how: int) -> int | None:
    """Return a descriptor that holds the folder, or None where others hold it, or it is gone or not this user's."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, how)
        locked, there = os.fstat(lock), folder.stat()
        if os.path.samestat(locked, there) and there.st_uid == os.getuid():
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
