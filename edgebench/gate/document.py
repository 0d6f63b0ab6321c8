"""A gate's result as a JSON document, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edgebench.errors import InputError
from edgebench.gate.result import Check, GateResult
from edgebench.report.summary import as_plain

SCHEMA_VERSION = 1
MAX_BYTES = 50_000_000


def as_document(result: GateResult) -> dict[str, Any]:
    """Return all that a gate found as plain JSON types, verdicts and noisy blocks counted; what is not known is None."""
    return {
        "schema_version": SCHEMA_VERSION,
        "base": result.base,
        "head": result.head,
        "verdict": result.verdict.value,
        "measured_utc": result.measured_utc,
        "wall_s": result.wall_s,
        "checks": [_check(check) for check in result.checks],
        "new": list(result.new),
        "noise": as_plain(result.noise),
    }


def from_document(document: Mapping[str, Any], *, origin: str = "the document") -> GateResult:
    """Return the result that `as_document` made a document of; what is counted there is counted anew.

    Args:
        document: Plain JSON types.
        origin: What errors call it.

    Raises:
        InputError: it is of another version, or damaged.
    """
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise InputError(
            f"{origin} is no gate result that can be read",
            why=f"its schema_version is {version!r}, expected {SCHEMA_VERSION}",
        )
    try:
        content = json.dumps(document, allow_nan=False)
        return TypeAdapter(GateResult).validate_json(content, strict=True)
    except ValidationError as error:
        raise damaged(f"{origin} is a damaged gate result", error) from None
    except (TypeError, ValueError) as error:
        raise InputError(f"{origin} is not strict JSON", why=str(error)) from None


def read_result(path: Path) -> GateResult:
    """Read the file of a gate's result.

    Raises:
        InputError: it is missing, too large, or no gate result.
    """
    document = read_json(path)
    if not isinstance(document, dict):
        raise InputError(f"{path} is no gate result", why="expected a JSON object")
    return from_document(document, origin=str(path))


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        InputError: it is missing, larger than 50 MB, or no JSON.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read", why=str(error.strerror)) from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} is too large to be read", why=f"more than {MAX_BYTES:,} bytes")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON", why=str(error)) from None


def _check(check: Check) -> dict[str, Any]:
    return {**as_plain(check), "noisy_blocks": check.noisy_blocks}


def damaged(message: str, error: ValidationError) -> InputError:
    """Return the error that tells the first mistake of a document, and its place in it."""
    first = error.errors(include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return InputError(message, why=f"{place}: {first['msg']}")
