"""Shared by all tests: the framework is imported once, quietly, with its own deprecations apart from ours.

Drawn examples are the same in every run, and none is held to a time: the machine may be busy.
"""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from edgebench.devices import DeviceDocument

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

REPOSITORY = Path(__file__).resolve().parent.parent
LONG_ROOMS = ("integration", "report", "templates", "training", "tuning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the rooms of the longest files: begun last, one would keep one process busy while the others have nothing left."""

    def place(item: pytest.Item) -> int:
        room = item.path.parent.name
        return LONG_ROOMS.index(room) if room in LONG_ROOMS else len(LONG_ROOMS)

    items.sort(key=place)


@pytest.fixture(scope="session")
def keras():
    """The framework, imported with its own warnings silenced."""
    from edgebench.templates import import_keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_keras()
        import keras
        import keras_tuner  # noqa: F401
    return keras


@pytest.fixture(scope="session")
def typed_in(keras) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Type a command in a folder: ``typed_in(folder, *words, NAME=value)``, with variables of the environment.

    It runs in this process, which has the framework loaded, and so do the workers' processes, forked from one that is kept:
    a search of seconds takes no more. Where a command is killed or interrupted, give it a process of its own.
    """
    from edgebench.cli import app, screen

    def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        consoles = (screen.out, screen.err)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(folder)
            patch.setattr("sys.argv", ["edgebench", *words])
            patch.setattr("sys.path", list(sys.path))
            for name, value in variables.items():
                patch.setenv(name, value)
            for console in consoles:
                console.cache_clear()
            code = app.run(words)
        for console in consoles:
            console.cache_clear()
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; tests that need it skip where it is missing."""
    folder = Path(os.environ.get("EDGEBENCH_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}: set EDGEBENCH_DATA to the folder of data sets")
    return folder


@dataclass(frozen=True)
class Board:
    """An emulated ARM board behind a real sshd on this machine."""

    tool: Path
    root: Path

    def do(self, *words: str) -> str:
        """Run the board's own tool; raises where it fails."""
        command = [str(self.tool), words[0], "--root", str(self.root), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode == 77:
            pytest.skip(f"no ARM board can be emulated here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def port(self) -> int:
        state = self.do("status").split()
        return int(next(word for word in state if word.startswith("port=")).removeprefix("port="))

    def document(self, **changes: object) -> DeviceDocument:
        """Return what a device file of the board says; keys of its transport are changed by name too."""
        transport = {
            "kind": "ssh",
            "host": "127.0.0.1",
            "user": "pi",
            "port": self.port,
            "identity_file": str(self.root / "id_ed25519"),
            "known_hosts": str(self.root / "known_hosts"),
        }
        transport |= {name: changes.pop(name) for name in list(changes) if name in transport}
        fields = {"name": "board", "work_dir": "/home/pi/edgebench", **changes}
        return DeviceDocument.model_validate({"transport": transport, **fields})


@pytest.fixture(scope="session")
def board() -> Iterator[Board]:
    """The board that tests share; they leave it as it is."""
    yield from raised_board("arm64-device")


def raised_board(name: str) -> Iterator[Board]:
    """Give a board that is up; the last process of these tests to let go of it takes it down, if one of them brought it up."""
    beside = REPOSITORY.parent / "shared" / "tools" / "arm64-device"
    tool = Path(os.environ.get("EDGEBENCH_ARM64", beside))
    if not tool.is_file():
        pytest.skip(f"no emulated ARM board: {tool} is not there; set EDGEBENCH_ARM64 to its tool")
    root = Path("/var/tmp", name)
    root.mkdir(exist_ok=True)
    found, ours = Board(tool=tool, root=root), root / "raised-by-tests"
    with (root / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        asked = [str(tool), "status", "--root", str(root)]
        if subprocess.run(asked, capture_output=True, check=False).returncode == 3:
            ours.touch()
        found.do("up")
        yield found
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if ours.exists():
            found.do("down")
            ours.unlink()
