"""Files that come with edgebench, beside the package in a checkout and inside of it where it is installed."""

from __future__ import annotations

from pathlib import Path


def shipped_dir(name: str) -> Path:
    """Return the folder of the ``suites`` or ``devices`` that come with edgebench."""
    package = Path(__file__).resolve().parent
    inside = package / "_data" / name  # first: another distribution may have a folder of that name
    return inside if inside.is_dir() else package.parent / name
