"""A job on its way to a machine that shares no files with this one, and its result on the way back.

Jobs name files by their paths in the store. Here such a path travels as what it is relative to the store's folder, the
files that exist travel beside it, and what the job writes comes home to where it belongs.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench import scratch

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """``body`` is pickled, paths apart; ``files`` are contents by path relative to the folder it was packed in."""

    body: bytes
    files: Files


def pack(content: Any, root: Path) -> Parcel:
    """Return content with every file in ``root`` that it names by a string or a path."""
    body = io.BytesIO()
    pickler = _Pickler(body, root)
    pickler.dump(content)
    named = {name: root / name for name in pickler.names}
    return Parcel(
        body=body.getvalue(),
        files={name: path.read_bytes() for name, path in named.items() if path.is_file()},
    )


def unpack(parcel: Parcel, root: Path) -> Any:
    """Write the files of a parcel into ``root`` and return its content, which then names them there.

    Folders that the content names are made; a name with a suffix is a file's. Only for parcels from this program's own
    other end: a pickle may run any code.
    """
    root = root.resolve()
    for name, content in parcel.files.items():
        path = _inside(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.replacing(path) as partial:
            partial.write_bytes(content)
    unpickler = _Unpickler(io.BytesIO(parcel.body), root)
    content = unpickler.load()
    for path in unpickler.paths:
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
    return content


def written(root: Path, before: Mapping[str, bytes]) -> Files:
    """Return the files below ``root`` that are new or other than before."""
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    return {name: content for name, content in found.items() if before.get(name) != content}


def _inside(root: Path, name: str) -> Path:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ValueError(f"{name} leads out of its folder")
    return path


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, root: Path) -> None:
        super().__init__(file)
        self._root = root.resolve()
        self.names: set[str] = set()

    def persistent_id(self, obj: Any) -> tuple[bool, str] | None:
        if not isinstance(obj, str | Path) or not os.path.isabs(obj):
            return None
        path = Path(obj)
        if not path.is_relative_to(self._root):
            return None
        name = path.relative_to(self._root).as_posix()
        self.names.add(name)
        return isinstance(obj, str), name


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, root: Path) -> None:
        super().__init__(file)
        self._root = root
        self.paths: set[Path] = set()

    def persistent_load(self, pid: tuple[bool, str]) -> str | Path:
        is_text, name = pid
        path = _inside(self._root, name)
        self.paths.add(path)
        return str(path) if is_text else path
