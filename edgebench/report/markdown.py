"""What Markdown is made of: tables, lists and commands in which all text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edgebench.report.view import RunView


def titled(header: Sequence[str], view: RunView) -> list[str]:
    """Return a header with the score of this run's task in the place of accuracy."""
    return [view.file_title if title == "accuracy" else title for title in header]


def bullets(sentences: Iterable[str]) -> str:
    """Return a list, one sentence a line; an empty string without any."""
    return "\n".join(f"- {text(sentence)}" for sentence in sentences)


def fenced(command: str) -> str:
    """Return a command to copy, on one line."""
    return f"```sh\n{' '.join(command.split())}\n```"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """Return a table whose first ``left`` columns hold words and the others numbers; an empty string without rows."""
    body = [f"| {' | '.join(map(text, row))} |" for row in rows]
    if not body:
        return ""
    rule = ["---"] * left + ["---:"] * (len(header) - left)
    return "\n".join([f"| {' | '.join(map(text, header))} |", f"| {' | '.join(rule)} |", *body])


def text(words: str) -> str:
    """Escape what Markdown or HTML would read as markup; line breaks become spaces."""
    return re.sub(r"([\\`*_\[\]<>|#&~$])", r"\\\1", " ".join(words.split()))
