"""What the documentation tells a reader to do, as steps: each command line and each block, and where it is run.

A step is run by ``make test``, or by ``make slow`` where it takes long or reads data that does not come along. A comment before a
block says otherwise; its quoted words choose lines of the block:

    <!-- run in make slow "edgebench doctor" -->
    <!-- run in tests/serving/test_live.py -->
    <!-- not run "docker": needs Docker -->
    <!-- file: small.yaml -->                       the block is a file, there before the page's first step

In a block with ``$`` lines the others are what is printed, as is a block of ``text`` after a command: numbers may differ, and
``...`` stands for anything.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

REPOSITORY = Path(__file__).resolve().parents[2]
TEST, SLOW = "make test", "make slow"
DRAWING = "a drawing of folders"
DATA_DIRS = {"cifar10": "cifar-10-batches-bin", "mlperf-tiny": "mlperf_tiny"}
SLOW_COMMANDS = (
    "edgebench search",
    "edgebench compare",
    "edgebench device check",
    "edgebench doctor",
    "KERAS_BACKEND=",
)
SLOW_CALLS = ("edgebench.search(", "edgebench.compare(", "api.profile_suite(")
ELSEWHERE = {
    "edgebench watch": "tests/serving/test_live.py",
    "make test": ".github/workflows/ci.yml",
    "make docs": ".github/workflows/ci.yml",
    "make gate": ".github/workflows/ci.yml",
    "make search": ".github/workflows/slow.yml",
    "make slow": ".github/workflows/slow.yml",
}
DIRECTIVE = re.compile(r"\{[\w-]+\}")
NOTE = re.compile(
    r"<!-- (?P<kind>file|not run|run in)(?: (?P<place>[\w./-]+(?: \w+)?))?"
    r'(?: "(?P<words>[^"]+)")?(?:: (?P<why>.+))? -->'
)


@dataclass(frozen=True)
class Note:
    """A comment before a block: what it says, of which lines, and for a step that is not run, why."""

    kind: str
    what: str
    words: str


@dataclass(frozen=True)
class Step:
    """A command line, or a block of another language, and the lines that a page shows as its output."""

    page: str
    line: int
    language: str
    text: str
    notes: tuple[Note, ...] = ()
    output: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text.splitlines()[0] if self.text else ''}"

    @property
    def is_command(self) -> bool:
        return self.language == "sh"

    @cached_property
    def words(self) -> list[str]:
        """The words of a command line; a shell's comment is none."""
        return shlex.split(self.text, comments=True)

    def note(self, kind: str) -> str:
        """Return what the page says of this step by notes of a kind, or an empty string."""
        said = [n for n in self.notes if n.kind == kind and self.text.startswith(n.words)]
        return said[0].what if said else ""

    @property
    def why_not(self) -> str:
        """Why it is not run, or an empty string."""
        return DRAWING if self.language == DRAWING else self.note("not run")

    @property
    def where(self) -> str:
        """`TEST`, `SLOW`, the file in which it is run, or an empty string where it is not run."""
        if self.why_not:
            return ""
        return self.note("run in") or self._usual_place()

    def _usual_place(self) -> str:
        if not self.is_command:
            return SLOW if any(call in self.text for call in SLOW_CALLS) else TEST
        for command, file in ELSEWHERE.items():
            if self.text.startswith(command):
                return file
        is_slow = self.text.startswith(SLOW_COMMANDS) or self.data_dirs
        return SLOW if is_slow else TEST

    @property
    def data_dirs(self) -> list[str]:
        """The folders of real data that a command or a program reads."""
        if self.language not in ("sh", "python"):
            return []
        return [folder for name, folder in DATA_DIRS.items() if name in self.text]


def pages() -> list[Path]:
    """Return every page that is written by hand, as paths of the repository."""
    tops = ["README.md", "CONTRIBUTING.md", "reports/README.md", "tests/benchmarks/README.md"]
    made = REPOSITORY / "docs" / "reference" / "commands.md"
    found = (p for p in sorted((REPOSITORY / "docs").rglob("*.md")) if p != made)
    return [*map(Path, tops), *(path.relative_to(REPOSITORY) for path in found)]


def steps_of(text: str, page: str) -> list[Step]:
    """Return the steps of a page, in order; raises ValueError for a comment that says nothing known."""
    steps: list[Step] = []
    notes: list[Note] = []
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "html_block":
            notes += _notes(token, page)
        elif token.info.strip() == "text" and steps and steps[-1].is_command and not notes:
            shown = (*steps[-1].output, *token.content.splitlines())
            steps[-1] = replace(steps[-1], output=shown)
        elif token.type in ("fence", "code_block"):
            steps += _steps(token, page, tuple(notes))
            notes = []
        elif notes:
            raise ValueError(
                f"{page}:{(token.map or [0])[0]}: no block follows the note {notes[-1]}"
            )
    return steps


def commands_within(text: str) -> list[str]:
    """Return the commands of edgebench, and of scripts, that stand within a page's sentences."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    spans = [child for token in tokens for child in token.children or ()]
    found = [span.content for span in spans if span.type == "code_inline"]
    return [text for text in found if re.match(r"edgebench [a-z-]|python \S+\.py", text)]


def _notes(token: Token, page: str) -> list[Note]:
    notes = []
    for number, line in enumerate(token.content.splitlines(), start=token.map[0] + 1):
        if not line.startswith("<!--"):
            continue
        match = NOTE.fullmatch(line)
        said = match and match["place" if match["kind"] == "run in" else "why"]
        if not said:
            raise ValueError(f"{page}:{number}: {line} is no note of tests/docs/pages.py")
        notes.append(Note(match["kind"], said, match["words"] or ""))
    return notes


def _steps(token: Token, page: str, notes: tuple[Note, ...]) -> list[Step]:
    language = (token.info.split() or ["sh"])[0]
    if DIRECTIVE.match(language):  # of Sphinx: run where the site is built
        return []
    if not token.info and re.match(r"[\w.]+/", token.content):
        language = DRAWING
    first = token.map[0] + (2 if token.type == "fence" else 1)
    if language not in ("sh", "console"):
        return [Step(page, first, language, token.content, notes)]
    return _command_lines(token.content, page, first, notes)


def _command_lines(text: str, page: str, first: int, notes: tuple[Note, ...]) -> list[Step]:
    """Return a step a command; where lines begin with ``$``, the others are what they print."""
    lines = re.sub(r"\\\n", lambda _: "\\\0", text).splitlines()
    prompted = any(line.startswith("$ ") for line in lines)
    steps: list[Step] = []
    number = first
    for line in lines:
        command = line.replace("\\\0", " ").removeprefix("$ ")
        if not prompted or line.startswith("$ "):
            if command.strip():
                steps.append(Step(page, number, "sh", command, notes))
        elif steps:
            last = steps.pop()
            steps.append(Step(page, last.line, "sh", last.text, notes, (*last.output, line)))
        number += 1 + line.count("\0")
    return steps
