"""What is laid over a suite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgebench.documents import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value that a command-line option lays over a suite."""

    location: Location
    value: Any
    option: str
