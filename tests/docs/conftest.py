"""One project that the pages' steps are done in, each page in a copy of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from project import prepare, run_of

ADB_PORT = "ANDROID_ADB_SERVER_PORT"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with models, pictures, suites and a run; its run's id is in the file RUN."""
    folder = tmp_path_factory.mktemp("project")
    prepare(folder)
    (folder / "RUN").write_text(run_of(folder))
    return folder


@pytest.fixture(scope="session")
def adb_port() -> Iterator[str]:
    """Where an adb server that a page's command starts will listen; it ends with the tests, and the user's is left alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    yield port
    if shutil.which("adb"):
        settings = {**os.environ, ADB_PORT: port}
        subprocess.run(["adb", "kill-server"], env=settings, capture_output=True, check=False)


@pytest.fixture
def project(prepared: Path, adb_port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's own copy of it, and the folder that this process is in."""
    folder = tmp_path / "project"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv(ADB_PORT, adb_port)
    return folder
