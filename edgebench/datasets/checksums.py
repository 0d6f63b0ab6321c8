"""The bytes of files, told by their hashes."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgebench.datasets.images import LABELS, is_image, list_folder, shown
from edgebench.datasets.progress import told
from edgebench.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """``state`` is ok, differs, or unknown where no checksum is published; the MD5 is that of the unpacked content.

    Of a folder they are those of its ``count`` files together; it has no MD5.
    """

    path: str
    count: int = 1
    size_bytes: int
    md5: str
    sha256: str
    state: str


def file_facts(path: Path, md5: str = "") -> FileFacts:
    """Return the hashes of a file, and whether its content is the published one.

    Raises:
        InputError: it cannot be read, or not be unpacked.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            found = hashlib.file_digest(file, _md5).hexdigest()
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read", why=str(error), remedy="get it again") from None
    state = "unknown" if not md5 else "ok" if found == md5 else "differs"
    return FileFacts(
        path=shown(path), size_bytes=path.stat().st_size, md5=found, sha256=sha256, state=state
    )


def folder_facts(folder: Path) -> FileFacts:
    """Return one hash of the images in a folder, of those in its folders, and of a ``labels.txt``; what is hidden is left out.

    It is that of what ``sha256sum`` prints of them, sorted by name. All bytes count: a mask drawn anew may keep its name and
    size, and a time of change is another on each machine. Of 100,000 pictures of 3 kB it takes an eighth of the time of decoding.

    Raises:
        InputError: a file cannot be read, or a link leads in a circle.
    """
    paths = sorted((os.path.relpath(path, folder), path) for path in _images(os.fspath(folder)))
    digest, size_bytes = hashlib.sha256(), 0
    for name, path in told(paths, len(paths), "reading files"):
        try:
            with open(path, "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                size_bytes += file.tell()
        except OSError as error:
            raise InputError(f"{shown(path)} cannot be read", why=str(error.strerror)) from None
        digest.update(os.fsencode(f"{sha256}  {name}\n"))
    return FileFacts(
        path=shown(folder),
        count=len(paths),
        size_bytes=size_bytes,
        md5="",
        sha256=digest.hexdigest(),
        state="unknown",
    )


def _images(folder: str, above: frozenset[str] = frozenset()) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in above:
        raise InputError(
            f"{shown(folder)} leads back to a folder that it is in", remedy="take the link out"
        )
    folders, files = list_folder(folder)
    yield from (path for path in files if is_image(path) or os.path.basename(path) == LABELS)
    for path in folders:
        yield from _images(path, above | {real})


def file_md5(path: Path) -> str:
    """Return the MD5 of a file as it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
