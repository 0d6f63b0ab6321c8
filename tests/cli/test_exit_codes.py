"""What a shell is told when a command ends otherwise than it was meant to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.cli import app
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run, example_trial


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with SqliteStore(tmp_path / "store") as opened:
        opened.save_run(example_run("run-1"))
        opened.record_trial("run-1", example_trial())
    return tmp_path / "store"


def test_a_folder_that_cannot_be_made_is_a_sentence(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    asked = ["report", "run-1", "--store", str(store), "--reports", str(tmp_path / "file")]
    assert app.run(asked) == 2
    said = capsys.readouterr().err
    assert f"error   {tmp_path}/file/run-1" in said
    assert "why     Not a directory" in said
    assert "Traceback" not in said


def test_an_error_of_its_own_is_no_regression(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(app, "app", fails)
    assert app.run(["runs", "list"]) == 5
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "why     ZeroDivisionError: by nothing" in said


def test_a_reader_that_went_away_is_neither_good_nor_a_regression(store: Path) -> None:
    command = [sys.executable, "-m", "edgebench", "runs", "list", "--json", "--store", str(store)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as listing:
        listing.stdout.close()
        assert listing.stderr.read() == ""
    assert listing.returncode == 141
