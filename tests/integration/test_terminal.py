"""A small search in a real terminal: its moving line, another width, and Ctrl-C once and twice."""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# The terminal's Ctrl-C goes to whoever it controls.
CONTROLLED = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "edgebench", *sys.argv[1:]])
"""
CTRL_C = b"\x03"
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SUITE = "training: {max_epochs: 3}\noracle: {name: random, max_trials: 40}\n"
SEARCH = ("search", "small.yaml", "--workers", "1")


class Terminal:
    """A command in a terminal of its own."""

    def __init__(
        self, folder: Path, *arguments: str, columns: int = 100, **environment: str
    ) -> None:
        self._reader, writer = os.openpty()
        self.resize(columns)
        known = {name: value for name, value in os.environ.items() if name not in ("CI", "COLUMNS")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLED, *arguments],
            cwd=folder, env=known | {"TERM": "xterm", "TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
            stdin=writer, stdout=writer, stderr=writer,
        )  # fmt: skip
        os.close(writer)
        self.raw = ""

    def resize(self, columns: int) -> None:
        size = struct.pack("HHHH", 40, columns, 0, 0)
        fcntl.ioctl(self._reader, termios.TIOCSWINSZ, size)

    def press(self, keys: bytes) -> None:
        os.write(self._reader, keys)

    @property
    def shown(self) -> str:
        return CODES.sub("", self.raw)

    def wait_for(self, pattern: str, *, since: int = 0, within_s: float = 240.0) -> None:
        """Read on until the pattern is shown in what came after ``since`` characters."""
        deadline_s = time.monotonic() + within_s
        while not re.search(pattern, self.shown[since:]):
            assert self._read(deadline_s), f"{pattern} is not shown:\n{self.shown[-2000:]}"

    def end(self, within_s: float = 240.0) -> int:
        """Read to the end, and return the exit code."""
        deadline_s = time.monotonic() + within_s
        while self._read(deadline_s):
            pass
        return self._process.wait(timeout=max(1.0, deadline_s - time.monotonic()))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._reader)

    def _read(self, deadline_s: float) -> bool:
        ready, _, _ = select.select([self._reader], [], [], max(0.0, deadline_s - time.monotonic()))
        try:
            came = os.read(self._reader, 65536) if ready else b""
        except OSError:  # the terminal's other side is closed
            came = b""
        self.raw += came.decode(errors="replace")
        return bool(came)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    terminals: list[Terminal] = []

    def open_one(*arguments: str, **how: object) -> Terminal:
        terminals.append(Terminal(tmp_path, *arguments, **how))
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def run_shown(tmp_path: Path, typed_in: Callable[..., Any]) -> Callable[[], dict[str, Any]]:
    """Return what is listed of the one run."""

    def shown() -> dict[str, Any]:
        (run,) = json.loads(typed_in(tmp_path, "runs", "list", "--json").stdout)["runs"]
        return run

    return shown


def test_the_line_follows_the_width_and_ctrl_c_finishes_what_runs(
    opened: Callable[..., Terminal],
    tmp_path: Path,
    small_suite: Callable[[str], None],
    run_shown: Callable[[], dict[str, Any]],
) -> None:
    small_suite(SUITE)
    terminal = opened(*SEARCH, columns=120)
    terminal.wait_for("trial 1/40")
    terminal.resize(60)
    terminal.wait_for("trial 2/40")
    since = len(terminal.shown)
    terminal.wait_for(r"trial 3/40[^\r\n]*", since=since)
    lines = re.split(r"[\r\n]+", terminal.shown[since:])
    assert max(map(len, lines[1:])) <= 60
    terminal.press(CTRL_C)
    terminal.wait_for("the running trials are finished first")
    assert terminal.end() == 130
    said = re.search(
        r"stopped at (\d+)/40, all \1 saved in run (\S+)\s+resume  (.+?)     (\d+) left",
        terminal.shown,
    )
    assert said, terminal.shown
    run = run_shown()
    assert (run["status"], run["run_id"]) == ("interrupted", said[2])
    assert sum(run["trials"].values()) == int(said[1]) == 40 - int(said[4])
    assert said[3] == f"edgebench search --resume {said[2]}"
    assert (tmp_path / "reports" / said[2] / "index.html").is_file()
    assert "Traceback" not in terminal.shown
    assert "failed" not in run["trials"]


def test_ctrl_c_twice_stops_now(
    opened: Callable[..., Terminal],
    small_suite: Callable[[str], None],
    run_shown: Callable[[], dict[str, Any]],
) -> None:
    small_suite(SUITE.replace("max_epochs: 3", "max_epochs: 2000, patience: 2000"))
    terminal = opened(*SEARCH, columns=80, NO_COLOR="1")
    terminal.wait_for("starting workers")
    time.sleep(5)
    terminal.press(CTRL_C)
    terminal.wait_for("the running trials are finished first")
    terminal.press(CTRL_C)
    terminal.wait_for("the running trials are given up", within_s=30.0)
    assert terminal.end(within_s=60.0) == 130
    assert "stopped at 0/40" in terminal.shown
    assert "Traceback" not in terminal.shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", terminal.raw), "NO_COLOR was set"
    assert run_shown()["status"] == "interrupted"


def test_where_nothing_can_move_a_trial_is_a_line(
    opened: Callable[..., Terminal], small_suite: Callable[[str], None]
) -> None:
    """On a dumb terminal; in CI it is the same question, which `edgebench.watching.is_live` answers."""
    small_suite(SUITE)
    terminal = opened(*SEARCH, "--max-trials", "1", TERM="dumb")
    assert terminal.end() == 0
    assert len(re.findall(r"^t001  completed", terminal.shown, re.MULTILINE)) == 1
    assert "\x1b[?25l" not in terminal.raw, "the cursor was hidden"
    assert "\x1b[2K" not in terminal.raw, "a line was drawn again"
    assert "* pick" in terminal.shown or "front" in terminal.shown
