"""What the terminal shows of errors, tables and documents. No box drawing; one accent colour."""

from __future__ import annotations

import functools
import json
import os
import re
import sys
import textwrap
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from edgebench import watching
from edgebench.errors import EdgebenchError, did_you_mean
from edgebench.watching import ACCENT, REFRESH_HZ, Pace, folded, in_words

if TYPE_CHECKING:
    from rich.console import Console

LABEL_WIDTH = 8
MAX_WIDTH = 100
QUIET_S = 30.0


@functools.cache
def out() -> Console:
    """Return the console of results."""
    return _console(stderr=False)


@functools.cache
def err() -> Console:
    """Return the console of everything that is not a result."""
    return _console(stderr=True)


def is_live() -> bool:
    """Return whether a moving display may be drawn: a real terminal, outside CI."""
    return watching.is_live(err())


def labelled(label: str, text: str, *, accent: bool = False) -> str:
    """Return a line with its label in the left column, as rich markup."""
    from rich.markup import escape

    shown = f"{label:<{LABEL_WIDTH}}"
    return f"[{ACCENT}]{shown}[/]{escape(text)}" if accent else f"{escape(shown)}{escape(text)}"


def print_labelled(
    label: str,
    text: str,
    *,
    accent: bool = False,
    whole: bool = False,
    console: Console | None = None,
) -> None:
    """Print a line with its label in the left column, folded between words where a person reads it.

    Args:
        label: At most seven letters.
        text: One sentence.
        accent: Colour the label.
        whole: Do not fold: the text is a command or a path, to be copied.
        console: Where; by default that of results.
    """
    console = console or out()
    begun = f"{label:<{LABEL_WIDTH}}{text}"
    first, *others = [begun] if whole else folded(begun, console, indent=LABEL_WIDTH)
    console.print(labelled(label, first[LABEL_WIDTH:], accent=accent), soft_wrap=True)
    for line in others:
        console.print(line, markup=False, soft_wrap=True)


def print_error(error: EdgebenchError) -> None:
    """Print an error as three lines: what, why, what to try."""
    if os.environ.get("EDGEBENCH_DEBUG"):
        trace = "".join(traceback.format_exception(error))
        err().print(trace, markup=False, highlight=False)
    _print_told("error", error)


def print_warning(error: EdgebenchError) -> None:
    """Print what will be an error later, in the same three lines."""
    _print_told("warning", error)


def _print_told(kind: str, error: EdgebenchError) -> None:
    for label, text in ((kind, error.message), ("why", error.why)):
        if text:
            print_labelled(label, text, accent=label == kind, console=err())
    if error.remedy:
        print_labelled("try", error.remedy, whole=True, console=err())


class Told:
    """Shows what is being done, and about how long it will take where a sentence counts: ``file 2 of 5``.

    On a terminal one line that changes. Elsewhere a line for each sentence of a new kind, and for any where none was
    printed for a while; sentences that differ in their numbers alone are of a kind.
    """

    def __init__(self) -> None:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.table import Column

        sentence = TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        )
        self._line = Progress(
            SpinnerColumn(style=ACCENT),
            sentence,
            TimeElapsedColumn(),
            console=err(),
            transient=True,
            expand=True,
            disable=not is_live(),
            refresh_per_second=REFRESH_HZ,
        )
        self._task = self._line.add_task("", total=None)
        self._pace = Pace()
        self._kind, self._kinds = "", set[str]()
        self._printed_s = 0.0

    def __enter__(self) -> Self:
        self._line.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._line.stop()

    def __call__(self, sentence: str) -> None:
        shown = sentence
        if counted := re.search(r"(\w+) (\d+) of (\d+)", sentence):
            done, total = int(counted[2]) - 1, int(counted[3])
            left = in_words(self._pace.left_s(counted[1], done, total))
            shown = ", ".join(filter(None, (sentence, left)))
        kind, now_s = re.sub(r"[0-9]+", "", sentence), time.monotonic()
        if not self._line.disable:
            if kind != self._kind:
                self._line.reset(self._task)
            self._line.update(self._task, description=shown)
            self._kind = kind
            return
        if kind not in self._kinds or now_s - self._printed_s > QUIET_S:
            err().print(shown, markup=False, soft_wrap=True)
            self._printed_s = now_s
        self._kinds.add(kind)


def print_usage(error: Exception) -> bool:
    """Print a mistake in the command line itself; return False where ``error`` is something else."""
    message = getattr(error, "format_message", None)
    if message is None:
        return False
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "edgebench"
    text, _, suggestion = message().rstrip(".").partition(". Did you mean ")
    nearest = suggestion.strip("'?")
    if option := getattr(error, "option_name", ""):
        text = f"{option} is not an option of {path}"
        nearest = did_you_mean(option, error.possibilities or ())  # type: ignore[attr-defined]
    elif nearest:
        nearest = f"did you mean {nearest}?"
    print_error(EdgebenchError(text, remedy=nearest or f"{path} --help"))
    return True


def print_json(document: Any) -> None:
    """Print one JSON document, alone, on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, default=str, allow_nan=False) + "\n")
    sys.stdout.flush()


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, text: int = 1) -> None:
    """Print a plain table; the first ``text`` columns are left-aligned, the rest right-aligned."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for index, header in enumerate(headers):
        table.add_column(header, justify="left" if index < text else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out().print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print one line a fact, folded between words; what is not known is a dash."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        shown = "-" if value is None else str(value)
        line = textwrap.fill(
            f"{name:<{width}}  {shown}",
            out().width,
            subsequent_indent=" " * (width + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        out().print(line, markup=False, soft_wrap=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console, ConsoleDimensions

    class Column(Console):
        """As wide as the terminal is now, up to `MAX_WIDTH`."""

        @property  # type: ignore[misc]
        def size(self) -> ConsoleDimensions:
            found = super().size
            width = min(found.width, MAX_WIDTH) if self.is_terminal else MAX_WIDTH
            return ConsoleDimensions(width, found.height)

    return Column(stderr=stderr, highlight=False)
