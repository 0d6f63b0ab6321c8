"""edgebench open: the page, drawn where it is missing, and why it is not opened."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from edgebench.cli.app import run
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run


@pytest.fixture(autouse=True)
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that the browser was asked for; there is a display, and two runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("CI", raising=False)
    with SqliteStore(tmp_path / ".edgebench") as store:
        for run_id in ("0101-ash", "0102-elm"):
            store.save_run(example_run(run_id))
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not asked.append(address))
    return asked


def test_the_newest_run_is_drawn_and_opened(
    opened: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["open"]) == 0
    page = tmp_path / "reports" / "0102-elm" / "index.html"
    assert page.is_file()
    assert opened == [page.as_uri()]
    assert capsys.readouterr().out == "reports/0102-elm/index.html\n"


def test_a_page_that_is_there_is_left_as_it_is_and_needs_no_store(
    opened: list[str], tmp_path: Path
) -> None:
    page = tmp_path / "reports" / "0103-oak" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("kept")
    assert run(["open", "0103-oak", "--store", "none"]) == 0
    assert opened == [page.as_uri()]
    assert page.read_text() == "kept"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CI": "true"}, "not opened: this is CI"),
        ({"DISPLAY": ""}, "not opened: there is no display"),
    ],
)
def test_without_a_screen_the_path_is_printed_and_why(
    environment: dict[str, str],
    said: str,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", "linux")
    assert run(["open", "0101-ash"]) == 0
    written = capsys.readouterr()
    assert written.out == "reports/0101-ash/index.html\n"
    assert said in written.err
    assert opened == []


def test_no_browser_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert run(["open"]) == 0
    assert "not opened: no browser was found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["open", "0101-ach"], "did you mean 0101-ash?"),
        (["open", "--store", "none"], "none holds no runs"),
        (["watch", "0101-ach"], "did you mean 0101-ash?"),
        (["watch", "--port", "0"], "Invalid value for '--port'"),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_store_without_runs_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SqliteStore(tmp_path / "empty").close()
    assert run(["watch", "--store", "empty"]) == 2
    assert "holds no runs" in capsys.readouterr().err
