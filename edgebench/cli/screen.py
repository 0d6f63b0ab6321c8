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
from edgebench.errors import EdgebenchError
from edgebench.watching import ACCENT

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
    for label, text in ((kind, error.message), ("why", error.why), ("try", error.remedy)):
        if text:
            err().print(labelled(label, text, accent=label == kind), soft_wrap=True)


class Told:
    """Shows what is being done: one line that changes on a terminal.

    Elsewhere a line for each sentence of a new kind, and for any where none was printed for a while; sentences that differ in
    their numbers alone are of a kind.
    """

    def __enter__(self) -> Self:
        from rich.status import Status

        self._line = Status("", console=err(), spinner_style=ACCENT) if is_live() else None
        self._kinds: set[str] = set()
        self._printed_s = 0.0
        if self._line is not None:
            self._line.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._line is not None:
            self._line.stop()

    def __call__(self, sentence: str) -> None:
        from rich.text import Text

        if self._line is not None:
            self._line.update(Text(sentence))
            return
        kind, now = re.sub(r"[0-9]+", "", sentence), time.monotonic()
        if kind not in self._kinds or now - self._printed_s > QUIET_S:
            err().print(sentence, markup=False, soft_wrap=True)
            self._printed_s = now
        self._kinds.add(kind)


def print_usage(error: Exception) -> bool:
    """Print a mistake in the command line itself; return False where ``error`` is something else."""
    message = getattr(error, "format_message", None)
    if message is None:
        return False
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "edgebench"
    text = message().rstrip(".")
    print_error(EdgebenchError(text, remedy=f"{path} --help"))
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
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal or console.width > MAX_WIDTH:
        console.width = MAX_WIDTH
    return console
