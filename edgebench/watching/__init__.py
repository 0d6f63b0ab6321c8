"""A search as it goes, for people: on a terminal, in a notebook, in a log."""

from edgebench.watching.lines import folded, header, scored, short, trial_line
from edgebench.watching.pace import Pace, in_words
from edgebench.watching.watch import (
    ACCENT,
    REFRESH_HZ,
    LiveWatch,
    NotebookWatch,
    PlainWatch,
    in_notebook,
    is_live,
    watch_for,
)

__all__ = [
    "ACCENT",
    "REFRESH_HZ",
    "LiveWatch",
    "NotebookWatch",
    "Pace",
    "PlainWatch",
    "folded",
    "header",
    "in_notebook",
    "in_words",
    "is_live",
    "scored",
    "short",
    "trial_line",
    "watch_for",
]
