"""The errors a user can meet. Each says what happened, why, and what to try.

::

    EdgebenchError              exit 5   the work itself failed
    ├── InputError              exit 2   usage, suite, file or name
    │   ├── UnknownNameError             a name that is not known, with the nearest that is
    │   └── DocumentError                a place in a YAML file: path:line:column
    ├── UnavailableError        exit 3   a device, runtime or package is not there
    │   └── DeviceError                  a device did not do what it was asked
    ├── IncomparableError       exit 4   two results that must not be compared
    ├── WorkError               exit 5   every trial, a conversion, an artifact check
    └── StoppedError            exit 130 stopped by the user; finished work is kept
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EdgebenchError(Exception):
    """Base of all errors shown to users.

    Args:
        message: One sentence: what happened and where.
        why: One sentence with the cause, or empty.
        remedy: What to do next (printed after ``try``), or empty.
    """

    exit_code = 5

    def __init__(self, message: str, *, why: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.why = why
        self.remedy = remedy


class InputError(EdgebenchError):
    """The command, a suite, a file or a name is wrong."""

    exit_code = 2


class UnknownNameError(InputError):
    """A name that nothing is known by.

    Args:
        kind: What the name should be, with its article: ``"a template"``.
        name: The name as given.
        known: All names that would have been accepted.
        where: A place to put before the sentence, such as ``suite.yaml:3:1``.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        names = sorted(known)
        noun = kind.split(" ", 1)[-1]
        message = f"{name} is not {kind}"
        super().__init__(
            f"{where}  {message}" if where else message,
            why=f"known: {', '.join(names)}" if names else f"no {noun} is known here",
            remedy=did_you_mean(name, names),
        )


class DocumentError(InputError):
    """Something at one place of a YAML document is wrong.

    Args:
        path: The file.
        line: Line number, from 1.
        column: Column number, from 1.
        message: What is wrong there.
        why: What was expected.
        remedy: What to do.
    """

    def __init__(
        self, path: str, line: int, column: int, message: str, *, why: str = "", remedy: str = ""
    ) -> None:
        super().__init__(f"{path}:{line}:{column}  {message}", why=why, remedy=remedy)
        self.path = path
        self.line = line
        self.column = column


class UnavailableError(EdgebenchError):
    """A device, runtime or optional package that the work needs is not there."""

    exit_code = 3


class DeviceError(UnavailableError):
    """A device could not be reached, or did not do what it was asked."""


class IncomparableError(EdgebenchError):
    """Two results were taken under conditions that differ."""

    exit_code = 4


class WorkError(EdgebenchError):
    """The work itself failed: every trial, a conversion, the check of a file."""

    exit_code = 5


class StoppedError(EdgebenchError):
    """The user stopped the work; everything finished is kept."""

    exit_code = 130
    run_id = ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean X?`` for the nearest known name, or an empty string."""
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {nearest[0]}?" if nearest else ""


def first_line(error: BaseException) -> str:
    """Return the first line of what any error says, or its name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
