"""How much of a machine's memory examples may take."""

from __future__ import annotations

import os

from edgebench.errors import InputError


def most_bytes() -> int:
    """Return half of this machine's memory: splitting and training need as much again."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def require_memory(
    what: str, size_bytes: int, remedy: str = "lower data.sample or data.size"
) -> None:
    """Raise `InputError` where ``what``, in the plural, would take more than `most_bytes`."""
    most = most_bytes()
    if size_bytes > most:
        raise InputError(
            f"{what} take {size_bytes / 1e9:,.1f} GB of memory ({size_bytes:,} bytes)",
            why=f"half of this machine's is {most / 1e9:,.1f} GB",
            remedy=remedy,
        )
