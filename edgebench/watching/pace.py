"""How long counted work will take, from how long it took so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Seen:
    began_s: float
    began_at: int
    done: int


class Pace:
    """Foretells the end of work of several kinds, each counted on its own.

    Args:
        clock: Tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def left_s(self, kind: str, done: int, total: int) -> float | None:
        """Return about how many seconds are left; None until a first part was seen to end. A lower count begins anew."""
        now_s = self._clock()
        seen = self._seen.get(kind)
        if seen is None or done < seen.done:
            seen = _Seen(now_s, done, done)
        self._seen[kind] = _Seen(seen.began_s, seen.began_at, done)
        parts = done - seen.began_at
        return (now_s - seen.began_s) / parts * (total - done) if parts else None


def in_words(left_s: float | None) -> str:
    """Return ``about 17 min left`` or ``about 40 s left``; nothing where it is not known, or over."""
    if not left_s:
        return ""
    time_left = f"{left_s / 60:.0f} min" if left_s >= 90 else f"{left_s:.0f} s"
    return f"about {time_left} left"
