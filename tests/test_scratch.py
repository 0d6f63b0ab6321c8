"""What killed processes leave is removed, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edgebench import scratch
from edgebench.scratch import cache_dir

WORK = """
import sys, tempfile, time
from edgebench import scratch
with scratch.temporary_files_in(scratch.own_folder()):
    print(tempfile.mkdtemp(), flush=True)
    time.sleep(float(sys.argv[1]))
"""
DEAD = 2**22 + 1


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def started(seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(seconds)], stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_a_folder_goes_with_its_process(temporary: Path) -> None:
    with started(0.0) as process:
        assert said(process).parent.parent == temporary
    assert process.returncode == 0
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_has_is_not(
    temporary: Path,
) -> None:
    with started(60.0) as first, started(60.0) as second:
        left, kept = said(first), said(second)
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert left.exists()
        scratch.sweep()
        assert not left.parent.exists()
        assert kept.exists()
        second.kill()


def test_only_folders_of_ours_are_swept(temporary: Path) -> None:
    others = ["edgebench-main", "edgebench-tmp", "edgebench-tmp-results1", "edgebench-12ab34cd"]
    for name in others:
        (temporary / name).mkdir()
    (temporary / "elsewhere").mkdir()
    (temporary / "edgebench-tmp-0123abcd").symlink_to(temporary / "elsewhere")
    scratch.sweep()
    assert {path.name for path in temporary.iterdir()} == {
        *others, "elsewhere", "edgebench-tmp-0123abcd",
    }  # fmt: skip


def test_a_folder_that_several_hold_stays_until_all_let_go() -> None:
    folder = scratch.shared_folder("0123456789abcdef")
    with scratch.held(folder):
        with scratch.held(folder):
            pass
        scratch.sweep()
        assert folder.stat().st_mode & 0o777 == 0o700
    scratch.sweep()
    assert not folder.exists()


def test_the_environment_is_as_before(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = temporary / "inside"
    folder.mkdir()
    for variable in (str(temporary), None):
        if variable is None:
            monkeypatch.delenv("TMPDIR")
        with scratch.temporary_files_in(folder):
            assert (tempfile.gettempdir(), os.environ["TMPDIR"]) == (str(folder), str(folder))
        assert os.environ.get("TMPDIR") == variable
        assert tempfile.tempdir is None


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with scratch.replacing(path) as partial:
        partial.write_text("first")
    with pytest.raises(RuntimeError), scratch.replacing(path) as partial:  # noqa: PT012
        partial.write_text("second")
        raise RuntimeError
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_parts_of_dead_processes_are_removed_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    names = [f".a.{DEAD}.part", f".b.{os.getppid()}.part", ".b.part", f"c.{DEAD}.part"]
    for name in names:
        (tmp_path / name).touch()
    with scratch.replacing(tmp_path / "file") as partial:
        partial.touch()
    assert {path.name for path in tmp_path.iterdir()} == {"file", *names[1:]}


def test_cache_folder_follows_the_user_s_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache_dir() == Path("/elsewhere/edgebench")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir().is_relative_to(Path.home())
