"""What is said of a long reading, and when."""

from __future__ import annotations

import sys

import pytest

from edgebench.datasets import progress


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", -1.0)


def test_what_is_short_is_done_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.told(iter("abc"), 3, "reading")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("impatient")
def test_what_is_long_is_told_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.told(range(200), 200, "reading")) == list(range(200))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["reading 1/200", *(f"reading {n}/200" for n in range(20, 201, 20))]


@pytest.mark.usefixtures("impatient")
def test_a_terminal_gets_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(progress.told(range(5), 5, "reading")) == list(range(5))
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading" in err
    assert "reading 1/5" not in err
