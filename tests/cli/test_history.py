"""edgebench history: the steps on the terminal, as JSON, and the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgebench.cli.app import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of ten results, the last five slower by half."""
    monkeypatch.chdir(tmp_path)
    stored = tmp_path / "stored"
    stored.mkdir()
    for number in range(10):
        document = {
            "machine_info": {"machine": "aarch64"},
            "commit_info": {"id": f"{number:040x}", "time": f"2026-01-{number + 1:02}T00:00:00Z"},
            "benchmarks": [
                {
                    "name": "net",
                    "fullname": "net",
                    "stats": {"median": 0.003 if number >= 5 else 0.002},
                }
            ],
            "datetime": "2026-02-01T00:00:00Z",
        }
        (stored / f"{number}.json").write_text(json.dumps(document))
    return stored


def test_steps_are_printed_and_the_page_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", "stored"]) == 0
    header, row, page = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["benchmark", "machine", "commit"]
    assert row.split() == ["net", "aarch64", "0000000000", "2026-01-06", "2.00", "3.00", "1.500"]
    assert page == "history.html"
    assert (tmp_path / page).read_text().startswith("<!doctype html>")


def test_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "else.json").write_text("[]")
    assert run(["history", "stored", "--json", "--out", "pages.html"]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["page"] == "pages.html"
    assert [step["ratio"] for step in document["series"][0]["steps"]] == [pytest.approx(1.5)]
    assert "skipped  stored/else.json is no pytest-benchmark JSON" in printed.err
    assert (tmp_path / "pages.html").is_file()


def test_no_step(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    for number in range(5, 10):
        (folder / f"{number}.json").unlink()
    assert run(["history", "stored"]) == 0
    assert "no step in 1 series" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["none"], "none is not a folder"),
        (["stored", "--out", "no/such/folder.html"], "cannot be written"),
    ],
)
def test_a_mistake_is_one_sentence(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", *argv]) == 2
    assert said in capsys.readouterr().err
