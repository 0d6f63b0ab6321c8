"""Who works for a search on this machine: found while at work, and never once dead."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys

import pytest

from edgebench.executors.presence import forget, pids_of, present

WORK = """
import sys, time
from edgebench.executors.presence import present
with present(sys.argv[1]):
    print("there", flush=True)
    time.sleep(60)
"""


@contextlib.contextmanager
def at_work(search):
    """Start a process that works for a search, and wait until it does."""
    command = [sys.executable, "-c", WORK, search]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout.readline() == "there\n"
        yield worker


@pytest.fixture
def search():
    name = secrets.token_hex(8)
    yield name
    forget(name)


def test_a_process_is_found_while_it_works(search):
    assert pids_of(search) == []
    with present(search):
        assert pids_of(search) == [os.getpid()]
    assert pids_of(search) == []


def test_it_has_a_folder_to_work_in_that_goes_with_it(search):
    with present(search) as folder:
        (folder / "file").write_text("x")
        assert [path.name for path in folder.iterdir()] == ["file"]
    assert not folder.exists()


def test_a_killed_one_is_not_found_and_leaves_nothing(search, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with at_work(search) as worker:
        assert pids_of(search) == [worker.pid]
        worker.kill()
    assert pids_of(search) == []
    assert len(list(tmp_path.rglob("*"))) == 3
    forget(search)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_of_this_user_alone(search, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with present(search):
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700


def test_what_killed_ones_left_goes_when_another_search_comes(search, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with at_work(search) as worker:
        with present(secrets.token_hex(8)):
            assert pids_of(search) == [worker.pid]
        worker.kill()
    with present(secrets.token_hex(8)) as folder:
        assert list(tmp_path.iterdir()) == [folder.parent]
