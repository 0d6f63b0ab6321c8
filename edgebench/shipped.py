"""Files that come with edgebench, beside the package in a checkout and inside of it where it is installed."""

from __future__ import annotations

from pathlib import Path


def shipped_dir(name: str) -> Path:
    """Return the folder of the ``suites`` or ``devices`` that come with edgebench."""
    package = Path(__file__).resolve().parent
    beside = package.parent / name
    return beside if beside.is_dir() else package / "_data" / name
