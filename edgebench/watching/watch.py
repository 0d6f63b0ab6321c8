"""Watching a search: a moving line on a terminal, a cell that changes in a notebook, else one plain line a trial."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from edgebench.records import Run, Trial
from edgebench.watching.lines import header, say, state, trial_line
from edgebench.watching.pace import Pace, in_words

if TYPE_CHECKING:
    from rich.console import Console

    from edgebench.tuning import Progress

ACCENT = "cyan"
NARROW = 100
BAR_WIDTH = 24
REFRESH_HZ = 4  # a latency may be measured on this machine meanwhile


class PlainWatch:
    """Writes a header, one line a trial, and a line a phase to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._pace = Pace()
        self._is_stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None:
        for line in header(run, is_new=is_new, done=progress.done):
            self._say(line)

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        self._say(trial_line(trial, progress))

    def trial_paused(self, trial: Trial, progress: Progress) -> None:
        self._say(trial_line(trial, progress))

    def phase(self, name: str, done: int, total: int) -> None:
        self._say(f"{name} {self._how_far(name, done, total)}")

    def stopping(self, running: int) -> None:
        is_second, self._is_stopping = self._is_stopping, True
        self._say(
            "stopping now: the running trials are given up"
            if is_second
            else "stopping: the running trials are finished first (Ctrl-C again to stop now)"
        )

    def _how_far(self, name: str, done: int, total: int) -> str:
        left = in_words(self._pace.left_s(name, done, total))
        return f"{done}/{total}  {left}".rstrip()

    def _say(self, text: str) -> None:
        say(text, self._console)


class LiveWatch(PlainWatch):
    """Draws one progress line that moves, on a terminal."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        super().__init__(console)
        self._bar = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=BAR_WIDTH, complete_style=ACCENT, finished_style=ACCENT),
            TextColumn(
                "{task.fields[state]}",
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=console,
            transient=True,
            expand=True,
            refresh_per_second=REFRESH_HZ,
        )
        self._task = self._bar.add_task("starting", total=None, state="reading the suite and data")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None:
        super().run_started(run, is_new=is_new, progress=progress)
        self._show(progress, "starting workers")

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        if trial.reason:
            self._say(trial_line(trial, progress))
        self._show(progress)

    def trial_paused(self, trial: Trial, progress: Progress) -> None:
        self._show(progress)

    def phase(self, name: str, done: int, total: int) -> None:
        self._bar.update(
            self._task,
            description=name,
            total=total,
            completed=done,
            state=self._how_far(name, done, total),
        )

    def _show(self, progress: Progress, doing: str = "") -> None:
        self._bar.update(
            self._task,
            description=f"trial {progress.done}/{progress.total}",
            total=progress.total,
            completed=progress.done,
            state=doing or state(progress),
        )


class NotebookWatch(PlainWatch):
    """Draws one cell of a notebook that changes: the header, a bar, and what was said last.

    Args:
        show: Shows a page in the cell and returns what replaces it.
    """

    def __init__(self, show: Callable[[str], Callable[[str], None]] | None = None) -> None:
        from rich.console import Console

        super().__init__(Console(width=NARROW))
        self._show_page = show or shown_in_cell
        self._replace: Callable[[str], None] | None = None
        self._header = ""
        self._said = ""
        self._bar = ""

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None:
        self._header = "\n".join(header(run, is_new=is_new, done=progress.done)).strip()
        self._move(f"trial {progress.done}/{progress.total}", progress.done, progress.total)

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        self._said = trial_line(trial, progress)
        self._move(f"trial {progress.done}/{progress.total}", progress.done, progress.total)

    def phase(self, name: str, done: int, total: int) -> None:
        self._move(f"{name} {self._how_far(name, done, total)}", done, total)

    def _move(self, label: str, done: int, total: int) -> None:
        bar = f'<progress value="{done}" max="{max(total, 1)}" style="width: 16em"></progress>'
        self._bar = f"<div>{bar} {html.escape(label)}</div>"
        self._draw()

    def _say(self, text: str) -> None:
        self._said = text
        self._draw()

    def _draw(self) -> None:
        page = (
            f"<pre>{html.escape(self._header)}</pre>{self._bar}<pre>{html.escape(self._said)}</pre>"
        )
        if self._replace is None:
            self._replace = self._show_page(page)
        else:
            self._replace(page)


def watch_for(progress: bool | None) -> PlainWatch | None:
    """Return what shows a search to whoever called it from Python.

    Args:
        progress: None for a watch in notebooks and on terminals alone; True for plain lines elsewhere too, on standard
            error; False for none.
    """
    if progress is False:
        return None
    if in_notebook():
        return NotebookWatch()
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if is_live(console):
        return LiveWatch(console)
    if not progress:
        return None
    console.width = NARROW
    return PlainWatch(console)


def is_live(console: Console) -> bool:
    """Return whether a moving display may be drawn: on a real terminal, outside CI."""
    is_dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return console.is_terminal and not is_dumb and not os.environ.get("CI")


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def shown_in_cell(page: str) -> Callable[[str], None]:
    """Show HTML in the cell of a notebook that runs, and return what replaces it."""
    from IPython.display import HTML, display

    handle = display(HTML(page), display_id=True)
    return lambda later: handle.update(HTML(later))
