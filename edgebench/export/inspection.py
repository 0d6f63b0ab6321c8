"""Reads what stands in a model file, in a process of its own with little memory: the file may be anybody's.

::

    python -m edgebench.export.inspection FILE BYTES        prints one JSON object, within so much memory
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgebench.errors import InputError, first_line
from edgebench.export.costs import macs, param_bytes
from edgebench.export.facts import read_facts, read_graphs

LONGEST_S = 120.0
MOST_BYTES = 8 * 2**30
# Neither format can count further.
LARGEST_FILE_BYTES = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What stands in a file: its bytes, its operations by kind, and what follows from them where the file tells."""

    file_bytes: int
    ops: Mapping[str, int]
    param_bytes: int | None = None
    macs: int | None = None
    arena_bytes: int | None = None


def inspect(path: Path) -> Contents:
    """Return what stands in a .tflite, .onnx or .keras file.

    Raises:
        InputError: it is no such file, is damaged, or takes too much to read.
    """
    command = [sys.executable, "-m", "edgebench.export.inspection", str(path), str(MOST_BYTES)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{path} cannot be read", why=f"it took longer than {LONGEST_S:g} s"
        ) from None
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise InputError(f"{path} cannot be read", why=told[-1] if told else "its reader ended")
    return Contents(**json.loads(done.stdout))


def _read(path: Path) -> Contents:
    size = path.stat().st_size if path.is_file() else 0
    if size > LARGEST_FILE_BYTES:
        raise InputError(f"{path} is too large", why=f"more than {LARGEST_FILE_BYTES:,} bytes")
    facts = read_facts(path)
    if not facts.ops:
        raise InputError(f"{path} is no model", why="there is no operation in it")
    if path.suffix == ".keras":
        return Contents(file_bytes=size, ops=facts.ops)
    graphs = read_graphs(path)
    return Contents(
        file_bytes=size,
        ops=facts.ops,
        param_bytes=param_bytes(graphs),
        macs=macs(graphs),
        arena_bytes=facts.arena_bytes,
    )


if __name__ == "__main__":
    # Who has less is left with less; not every system knows this limit.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
    try:
        print(json.dumps(dataclasses.asdict(_read(Path(sys.argv[1])))))  # noqa: T201
    except InputError as error:
        sys.exit(error.why.partition("\n")[0])
    except Exception as error:  # noqa: BLE001  a damaged file can raise anything
        sys.exit(first_line(error))
