"""Devices behind a real adb: this machine, or an emulated ARM board, each served by a small ADB daemon."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parent))

from adb_daemon import AdbDaemon

from edgebench.devices import AdbDevice, DeviceDocument, Transport

# What a device needs, all of it in Android's toybox, besides a shell; the last two are for the daemon and for pinning.
TOOLS = (
    "chmod date df find mkdir mv nproc rm rmdir setsid sh stat touch uname wc cat taskset".split()
)


@pytest.fixture(scope="session")
def adb_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An adb server of these tests' own, with keys of its own; the user's is left alone."""
    if shutil.which("adb") is None:
        pytest.skip("the program adb is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    environment = {
        **os.environ,
        "ANDROID_ADB_SERVER_PORT": port,
        **dict.fromkeys(["ADB_USB", "ADB_EMU", "ADB_MDNS"], "0"),
        "HOME": str(tmp_path_factory.mktemp("home")),
    }
    subprocess.run(["adb", "start-server"], env=environment, capture_output=True, check=True)
    yield port
    subprocess.run(["adb", "kill-server"], env=environment, capture_output=True, check=False)


@pytest.fixture
def attach(
    adb_port: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[AdbDaemon], AdbDaemon]]:
    """Start daemons and connect the adb server to them, until the end of the test."""
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", adb_port)
    with contextlib.ExitStack() as daemons:

        def attach(daemon: AdbDaemon) -> AdbDaemon:
            daemons.enter_context(daemon)
            daemons.callback(adb, "disconnect", daemon.serial)
            adb("connect", daemon.serial)
            return daemon

        yield attach


def adb(*arguments: str) -> None:
    subprocess.run(["adb", *arguments], capture_output=True, check=False, timeout=30)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The folder of all programs that the phone has: Android's own where they are installed here, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which("mksh" if name == "sh" else "toybox") or shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def bare_phone(attach: Callable[[AdbDaemon], AdbDaemon], tools: Path) -> AdbDaemon:
    """This machine as a phone without Python."""
    return attach(AdbDaemon(lambda line: ["env", "-i", f"PATH={tools}", "sh", "-c", line]))


@pytest.fixture
def phone(bare_phone: AdbDaemon, tools: Path) -> AdbDaemon:
    """This machine as a phone with Python."""
    python = tools / "python3"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    return bare_phone


@pytest.fixture
def open_phone(tmp_path: Path) -> Callable[..., AdbDevice]:
    """Make a device of a daemon, with its working folder in this test's."""

    def open_phone(daemon: AdbDaemon, **document: object) -> AdbDevice:
        return AdbDevice(
            DeviceDocument(
                name="phone",
                transport=Transport(kind="adb", serial=daemon.serial),
                **{"work_dir": str(tmp_path / "work"), **document},
            )
        )

    return open_phone


@pytest.fixture
def android_board(
    attach: Callable[[AdbDaemon], AdbDaemon], board: Any
) -> Iterator[tuple[AdbDaemon, str]]:
    """The emulated ARM board behind a daemon, and a working folder there."""
    inside = [str(board.tool), "exec", "--root", str(board.root)]
    folder = f"/tmp/edgebench-{uuid.uuid4().hex}"
    yield attach(AdbDaemon(lambda line: [*inside, "sh", "-c", line])), folder
    subprocess.run([*inside, "rm", "-rf", folder], check=False)
