"""Where results and reports are kept, unless said otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgebench.errors import InputError

DEFAULT_STORE = Path(".edgebench")
DEFAULT_REPORTS = Path("reports")


def open_store(store: str | Path) -> Any:
    """Open a store that exists.

    Raises:
        InputError: there is none in that folder.
    """
    from edgebench.store import SqliteStore

    if not (Path(store) / "edgebench.sqlite").is_file():
        raise InputError(
            f"{store} holds no runs",
            why="expected a store that a search wrote",
            remedy="name its folder with --store, or run `edgebench search` first",
        )
    return SqliteStore(Path(store))


def chosen_run(run_id: str | None, store: str | Path) -> str:
    """Return the id of a run that exists: the one named, or the newest.

    Raises:
        InputError: there is no such run, no run, or no store.
    """
    with open_store(store) as opened:
        return str(opened.newest() if run_id is None else opened.run(run_id).run_id)
