"""Results of long benchmarks, kept run by run."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

MACHINE = f"{platform.machine()}, {os.cpu_count()} cores"


class Journal:
    """A JSON file of settings and ``runs``. Runs made with other settings are forgotten.

    Args:
        path: Of the file.
        settings: What all runs have in common.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._path = path
        self._document: dict[str, Any] = {**settings, "runs": []}
        if path.exists():
            found = json.loads(path.read_text())
            if {name: found.get(name) for name in settings} == settings:
                self._document = found

    @property
    def runs(self) -> list[dict[str, Any]]:
        return self._document["runs"]

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    def add(self, run: dict[str, Any]) -> None:
        """Keep a run that is done, at once."""
        self.runs.append(run)
        self._path.parent.mkdir(exist_ok=True)
        partial = self._path.with_suffix(".part")
        partial.write_text(json.dumps(self._document) + "\n")
        partial.replace(self._path)
