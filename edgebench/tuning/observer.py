"""What a search tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgebench.records import Run, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a search is. ``counts`` are those of ended trials by status, and of ``paused`` ones; ``left_s`` is an
    estimate from the trials of this process, or None."""

    done: int
    total: int
    counts: dict[str, int]
    front_size: int
    hypervolume: float
    best: Trial | None
    elapsed_s: float
    left_s: float | None


class Observer(Protocol):
    """Called in the search's own thread. What it raises ends the search, as an interruption does."""

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None: ...

    def trial_ended(self, trial: Trial, progress: Progress) -> None: ...

    def trial_paused(self, trial: Trial, progress: Progress) -> None:
        """Report a trial that was put aside at a rung of epochs."""
        ...

    def phase(self, name: str, done: int, total: int) -> None:
        """Report work that is not a trial: repeats, exporting and measuring winners."""
        ...

    def stopping(self, running: int) -> None:
        """Report that the user asked to stop, and how many trials are still being finished."""
        ...


class SilentObserver:
    """Watches and says nothing."""

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None: ...

    def trial_ended(self, trial: Trial, progress: Progress) -> None: ...

    def trial_paused(self, trial: Trial, progress: Progress) -> None: ...

    def phase(self, name: str, done: int, total: int) -> None: ...

    def stopping(self, running: int) -> None: ...
