"""edgebench init: a commented suite to begin with."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli.screen import out
from edgebench.errors import InputError


def init(
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="FOLDER",
            help="It holds a folder of images per class. Default: the digits that come along.",
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The suite. Default: NAME.yaml, of the folder."),
    ] = None,
) -> None:
    """Write a suite that fits a folder of images, with a comment on every key; nothing is overwritten."""
    from edgebench.suites import starter

    if folder is None:
        name, text = "my-digits", starter.digits_text()
    else:
        found = starter.look_into(os.path.normpath(folder))
        name, text = found.name, starter.suite_text(found)
    path = to or Path(f"{name}.yaml")
    _write_new(path, text)
    out().print(f"wrote   {path}", markup=False, soft_wrap=True)
    for verb in ("check", "search"):
        out().print(
            f"next    edgebench {verb} {shlex.quote(str(path))}", markup=False, soft_wrap=True
        )


def _write_new(path: Path, text: str) -> None:
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(
            f"{path} is not called a suite", why="suite files end in .yaml",
            remedy=f"--out {path}.yaml",
        )  # fmt: skip
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(
            f"{path} is there already",
            why="init overwrites nothing",
            remedy="choose another name with --out, or remove it",
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be written", why=str(error.strerror)) from None
