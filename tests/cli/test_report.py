"""edgebench report: a run, or the published tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.cli.app import run
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "other"):
        with SqliteStore(tmp_path / name) as store:
            store.save_run(example_run("r"))
    return tmp_path


def test_the_published_tables_are_drawn_of_several_stores(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", "--paper", "--store", "one", "--store", "other"]) == 0
    assert capsys.readouterr().out.strip() == "reports/paper/index.html"
    assert (folder / "reports/paper/figure-18.svg").read_text().startswith("<svg")


def test_their_numbers_are_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--paper", "--store", "one", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    values = [f["value"] for case in document["cases"] for f in case["published"]]
    assert {0.592, 0.697, 0.0098, 0.977} <= set(values)
    assert not any(case["ours"] for case in document["cases"])


def test_a_run_is_drawn_without_a_framework() -> None:
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "edgebench",
        "report",
        "r",
        "--store",
        "one",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"tensorflow", "keras", "keras_tuner"}
    assert done.stdout.strip() == "reports/r/index.html"


def test_without_a_name_the_newest_run_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--store", "one"]) == 0
    assert capsys.readouterr().out.strip() == "reports/r/index.html"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["report"], ".edgebench holds no runs"),
        (["report", "r", "--paper"], "a run or --paper"),
        (["report", "r", "--store", "one", "--store", "other"], "a run is in one store"),
        (["report", "--paper", "--store", "none"], "none holds no runs"),
        (["report", "--paper", "--format", "csv"], "--paper is one page"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(argv) == 2
    assert said in capsys.readouterr().err
