"""Files on a device named by their content, so that none is copied twice."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.errors import InputError

if TYPE_CHECKING:
    from edgebench.devices.base import Device

UPLOADS = "uploads"
KEEP_BYTES = 512 * 1024 * 1024
KEEP_S = 3600.0


def upload(device: Device, local: Path) -> str:
    """Push a file unless the device has it, and return its remote path: ``uploads/<sha256>/<name>``."""
    if not local.is_file():
        raise InputError(f"{local} does not exist", why="expected a file there")
    name = re.sub(r"[^A-Za-z0-9._-]", "_", local.name)
    remote = f"{UPLOADS}/{sha256_of(local)}/{name}"
    device.push(local, remote)
    return remote


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file beside its target and rename it there, so that nobody sees a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".partial-")
    os.close(handle)
    try:
        shutil.copyfile(source, partial)
        os.replace(partial, target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def prune(uploads: Path, *, now_s: float, keep_bytes: int = KEEP_BYTES) -> None:
    """Remove the uploads used longest ago until at most ``keep_bytes`` are left; none of the last hour."""
    files = [(path, path.stat()) for path in uploads.glob("*/*")]
    files.sort(key=lambda pair: pair[1].st_mtime)
    total_bytes = sum(stat.st_size for _, stat in files)
    for path, stat in files:
        if total_bytes <= keep_bytes or now_s - stat.st_mtime < KEEP_S:
            return
        shutil.rmtree(path.parent, ignore_errors=True)
        total_bytes -= stat.st_size
