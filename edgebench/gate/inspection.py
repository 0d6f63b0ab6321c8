"""Reads what stands in a model file, in a process of its own with little memory: the file may be anybody's.

::

    python -m edgebench.gate.inspection FILE        prints one JSON object
"""

from __future__ import annotations

import dataclasses
import json
import resource
import subprocess
import sys
from pathlib import Path

from edgebench.errors import InputError, first_line
from edgebench.gate.contents import Contents

LONGEST_S = 120.0
MOST_BYTES = 8 * 2**30


def inspect(path: Path) -> Contents:
    """Return what stands in a .tflite, .onnx or .keras file.

    Raises:
        InputError: it is no such file, is damaged, or takes too much to read.
    """
    command = [sys.executable, "-m", "edgebench.gate.inspection", str(path)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_S, check=False
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
    from edgebench.export import macs, param_bytes, read_facts, read_graphs

    facts, size = read_facts(path), path.stat().st_size
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
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    try:
        print(json.dumps(dataclasses.asdict(_read(Path(sys.argv[1])))))  # noqa: T201
    except InputError as error:
        sys.exit(error.why)
    except Exception as error:  # noqa: BLE001  a damaged file can raise anything
        sys.exit(first_line(error))
