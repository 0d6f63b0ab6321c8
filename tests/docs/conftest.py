"""One project that the pages' steps are done in, each page in a copy of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from project import prepare, run_of


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with models, pictures, suites and a run; its run's id is in the file RUN."""
    folder = tmp_path_factory.mktemp("project")
    prepare(folder)
    (folder / "RUN").write_text(run_of(folder))
    return folder


@pytest.fixture
def project(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's own copy of it, and the folder that this process is in."""
    folder = tmp_path / "project"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    return folder
