"""Files that a verb writes where it was told to."""

from __future__ import annotations

from pathlib import Path

from edgebench import scratch
from edgebench.errors import InputError


def make_room(path: Path) -> None:
    """Make the folder of a file that is to be written after long work.

    Raises:
        InputError: it could not be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
    except OSError as error:
        raise InputError(f"{path} cannot be written", why=str(error.strerror)) from None


def write_text(path: Path, text: str) -> None:
    """Write a file whole; a crash leaves a former one as it was.

    Raises:
        InputError: it cannot be written.
    """
    try:
        with scratch.replacing(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written", why=str(error.strerror)) from None
