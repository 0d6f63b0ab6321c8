"""Which file a suite is."""

from __future__ import annotations

from pathlib import Path

from edgebench import shipped
from edgebench.datasets.plans import VARIABLE, data_folder
from edgebench.errors import InputError, UnknownNameError


def shipped_dir() -> Path:
    """Return the folder of the suites that come with edgebench."""
    return shipped.shipped_dir("suites")


def find(source: str) -> Path:
    """Return the file of a suite given by path or by name; raises `InputError` where there is none."""
    path = Path(source)
    if path.suffix in (".yaml", ".yml"):
        if not is_file(path):
            raise InputError(
                f"{source} does not exist", why="expected a suite file there", remedy=_names_hint()
            )
        return path
    for folder in (Path("suites"), shipped_dir()):
        if is_file(folder / f"{source}.yaml"):
            return folder / f"{source}.yaml"
    raise UnknownNameError("a suite", source, {*_names(Path("suites")), *_names(shipped_dir())})


def find_model(file: str, beside: Path) -> Path:
    """Return a suite's model file: beside the suite, in the working folder or in the folder of all data.

    Raises:
        InputError: it is in none of them.
    """
    folders = tuple(dict.fromkeys((beside, Path(), data_folder())))
    for folder in folders:
        if is_file(folder / file):
            return folder / file
    raise InputError(
        f"{file} does not exist",
        why=f"looked for in {', '.join(map(str, folders))}",
        remedy=f"set {VARIABLE} to the folder that {file} is in",
    )


def is_file(path: Path) -> bool:
    """Return whether a file is there; a name too long for one is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _names(folder: Path) -> list[str]:
    """Return what the suites in a folder are called, ``paper/mnist-ssd`` where they lie deeper."""
    files = sorted(folder.rglob("*.yaml"))
    return [file.relative_to(folder).with_suffix("").as_posix() for file in files]


def _names_hint() -> str:
    return f"suites that come with edgebench: {', '.join(_names(shipped_dir()))}"
