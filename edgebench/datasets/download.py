"""Fetching the files of a data set: over HTTP alone, on from where a kill left off, unpacked only once checked."""

from __future__ import annotations

import fcntl
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edgebench import scratch
from edgebench.datasets.catalogue import Download, Layout, entry_of
from edgebench.datasets.checksums import file_facts, file_md5
from edgebench.datasets.plans import data_folder
from edgebench.errors import EdgebenchError, InputError, UnavailableError, WorkError

BLOCK_BYTES = 1 << 18
TIMEOUT_S = 60
Progress = Callable[[int, int], None]
"""Gets the bytes that are here, and those there will be."""


def get(
    name: str,
    told: Callable[[str], None],
    progress: Progress = lambda here, total: None,
) -> Path:
    """Fetch what is missing of a data set, and return its folder.

    Args:
        name: Of the data set.
        told: Gets a sentence of what is being done.
        progress: Called often while bytes arrive.

    Raises:
        InputError: it cannot be downloaded.
        UnavailableError: the network failed; what came is kept, and the next call goes on from there.
        WorkError: what came is not what was published; it is removed.
    """
    entry = entry_of(name)
    if not entry.layouts:
        told(f"{name} needs no download: it {entry.how}")
        return data_folder()
    if not any(layout.downloads for layout in entry.layouts):
        raise InputError(
            f"{name} cannot be downloaded from here",
            why=f"it comes from {entry.source}; terms: {entry.terms}",
            remedy=entry.how,
        )
    if any(_is_whole(layout) for layout in entry.layouts):
        layout = next(layout for layout in entry.layouts if _is_whole(layout))
        told(f"{name} is here already: {data_folder() / layout.folder}")
        return data_folder() / layout.folder
    layout = entry.layouts[0]
    folder = data_folder() / layout.folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for download in layout.downloads:
            if download.name.endswith(".tar.gz") or not _has(layout, download):
                told(f"{download.url}, {download.size_bytes:,} bytes; terms: {entry.terms}")
                with _fetched(download, progress) as archive:
                    _put(archive, download, layout, folder)
    except OSError as error:
        raise WorkError(f"{folder} cannot be written", why=str(error)) from None
    told(f"{name} is in {folder}")
    return folder


def _is_whole(layout: Layout) -> bool:
    return not layout.missing() and all(_is_good(layout, name) for name in layout.files)


def _has(layout: Layout, download: Download) -> bool:
    name = download.name.removesuffix(".gz")
    return layout.path(name).exists() and _is_good(layout, name)


def _is_good(layout: Layout, name: str) -> bool:
    try:
        return file_facts(layout.path(name), layout.files[name]).state != "differs"
    except InputError:
        return False


@contextmanager
def _fetched(download: Download, progress: Progress) -> Iterator[Path]:
    """Give the file once it is whole and right, and remove it afterwards; a file that is cut short stays for the next time."""
    part = data_folder() / f".{download.name}.part"
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{part} is being written by another process") from None
        if part.stat().st_size > download.size_bytes:
            file.truncate(0)
        if part.stat().st_size < download.size_bytes:
            _receive(download, file, progress)
        file.flush()
        try:
            if part.stat().st_size != download.size_bytes or file_md5(part) != download.md5:
                raise WorkError(
                    f"{download.url} is not what was published",
                    why=f"{part.stat().st_size:,} bytes have MD5 {file_md5(part)}, expected {download.size_bytes:,} with {download.md5}",
                    remedy="it was removed; try again, or get it elsewhere",
                )
            yield part
        finally:
            part.unlink(missing_ok=True)


def _receive(download: Download, file: IO[bytes], progress: Progress) -> None:
    """Append what is missing to a file, up to one byte more than there should be."""
    here = file.seek(0, 2)
    request = urllib.request.Request(download.url)  # noqa: S310  the opener knows HTTP alone
    if here:
        request.add_header("Range", f"bytes={here}-")
    try:
        with _opener().open(request, timeout=TIMEOUT_S) as response:
            told = response.headers.get("Content-Range", "")
            if here and not (response.status == 206 and told.startswith(f"bytes {here}-")):
                file.truncate(0)
                here = 0
            while here <= download.size_bytes and (block := response.read(BLOCK_BYTES)):
                file.write(block)
                here += len(block)
                progress(here, download.size_bytes)
    except urllib.error.HTTPError as error:
        error.close()
        raise _cut(download, here, str(error.reason)) from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as e:
        raise _cut(download, here, str(getattr(e, "reason", e))) from None
    if here < download.size_bytes:
        raise _cut(download, here, "the connection ended early")


def _cut(download: Download, here: int, why: str) -> EdgebenchError:
    return UnavailableError(
        f"{download.url} gave {here:,} of {download.size_bytes:,} bytes",
        why=why,
        remedy="the same command again goes on from there" if here else "check the network",
    )


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener that knows no other schemes than http and https: a redirect to a file leads nowhere."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _put(archive: Path, download: Download, layout: Layout, folder: Path) -> None:
    """Put what was fetched in its place, each file only once it is whole and checked."""
    if not download.name.endswith(".tar.gz"):
        folder.mkdir(exist_ok=True)
        (folder / download.name.removesuffix(".gz")).unlink(missing_ok=True)  # a damaged one
        with scratch.replacing(folder / download.name) as partial:
            shutil.copyfile(archive, partial)
        return
    unpacked = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    try:
        _unpack(archive, download, layout, unpacked)
        if folder.exists():
            for path in unpacked.iterdir():
                path.replace(folder / path.name)
        else:
            unpacked.rename(folder)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _unpack(archive: Path, download: Download, layout: Layout, unpacked: Path) -> None:
    """Copy the contents of the expected members, and of no others, to names of our own."""
    try:
        with tarfile.open(archive, "r:gz") as members:
            for member in members:
                folder, _, name = member.name.rpartition("/")
                if folder == layout.folder and name in layout.files and member.isfile():
                    with members.extractfile(member) as source, (unpacked / name).open("wb") as to:  # type: ignore[union-attr]
                        shutil.copyfileobj(source, to)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise WorkError(f"{download.url} cannot be unpacked", why=str(error)) from None
    for name, md5 in layout.files.items():
        path = unpacked / name
        if not path.is_file() or (md5 and file_md5(path) != md5):
            raise WorkError(
                f"{download.url} holds no {layout.folder}/{name} as published",
                why="the file is missing in it, or has another checksum",
            )
