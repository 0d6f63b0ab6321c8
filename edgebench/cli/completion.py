"""What the shell offers for a name that is being typed.

A callback answers fast, imports little, and never raises: where nothing can be read, nothing is offered.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from edgebench import plugins
from edgebench.shipped import shipped_dir

DATABASE = "edgebench.sqlite"
DEFAULT_STORE = Path(".edgebench")
PATIENCE_S = 0.2
# Those of `edgebench.datasets.CATALOGUE`, whose import brings NumPy.
DATA = (
    "cifar10", "cwfid", "digits", "expressions", "mnist", "mnist-detection", "nb201", "tsinghua",
)  # fmt: skip


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the runs of the store, the newest first."""
    query = "SELECT run_id FROM runs ORDER BY started_utc DESC, rowid DESC"
    return _starting(incomplete, _rows(ctx, query))


def trials(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the trials of the run that was typed before."""
    run_id = ctx.params.get("run_id") or ctx.params.get("source") or ""
    query = "SELECT trial_id FROM trials WHERE run_id = ? ORDER BY position"
    return _starting(incomplete, _rows(ctx, query, str(run_id)))


def suites(incomplete: str) -> list[str]:
    """Offer the suites that go by a name, and suite files of the working folder."""
    folders = Path("suites"), shipped_dir("suites")
    names = {
        path.relative_to(folder).with_suffix("").as_posix()
        for folder in folders
        for path in _listed(folder, "**/*.yaml")
    }
    files = {path.as_posix() for path in _listed(Path(), "*.yaml")}
    return _starting(incomplete, [*sorted(names), *sorted(files)])


def devices(incomplete: str) -> list[str]:
    """Offer the devices that go by a name."""
    names = {"local"}
    with contextlib.suppress(Exception):
        from edgebench.devices import list_devices

        names = {entry.document.name for entry in list_devices()}
    return _starting(incomplete, sorted(names))


def templates(incomplete: str) -> list[str]:
    """Offer the templates that go by a name."""
    from edgebench.templates import TEMPLATES

    return _starting(incomplete, sorted({*TEMPLATES, *_plugged("templates")}))


def data(incomplete: str) -> list[str]:
    """Offer the data sets that go by a name."""
    return _starting(incomplete, sorted({*DATA, *_plugged("datasets")}))


def _plugged(kind: str) -> list[str]:
    with contextlib.suppress(Exception):
        return plugins.names(kind)
    return []


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _listed(folder: Path, pattern: str) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(folder.glob(pattern))
    return []


def _rows(ctx: typer.Context, query: str, *parameters: str) -> Iterator[str]:
    """Read a column of the store without making, waking or waiting for anything."""
    path = _store(ctx.params.get("store")) / DATABASE
    with contextlib.suppress(sqlite3.Error, OSError):
        address = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_S)) as store:
            yield from (str(row[0]) for row in store.execute(query, parameters).fetchall())


def _store(given: Any) -> Path:
    """Return the folder that --store named, once or several times, else the usual one."""
    first = given[0] if isinstance(given, list | tuple) and given else given
    return Path(first) if first else DEFAULT_STORE
