"""How long counted work takes, and what is said of long steps where nothing can move."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgebench.cli import screen
from edgebench.cli.screen import Told
from edgebench.watching import Pace, in_words


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_the_rest_takes_as_long_as_what_was_seen() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.left_s("file", 2, 10) is None
    clock.now_s += 30
    assert pace.left_s("file", 5, 10) == 50.0
    clock.now_s += 30
    assert pace.left_s("file", 5, 10) == 100.0
    assert pace.left_s("pair", 0, 4) is None


def test_a_lower_count_begins_anew() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.left_s("file", 0, 3)
    clock.now_s += 90
    assert pace.left_s("file", 3, 3) == 0.0
    assert pace.left_s("file", 0, 3) is None
    clock.now_s += 4
    assert pace.left_s("file", 1, 3) == 8.0


@pytest.mark.parametrize(
    ("left_s", "words"),
    [(None, ""), (0.0, ""), (40.4, "about 40 s left"), (1020.0, "about 17 min left")],
)
def test_a_time_is_said_roughly(left_s: float | None, words: str) -> None:
    assert in_words(left_s) == words


@pytest.fixture
def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], list[str]]:
    monkeypatch.setenv("CI", "true")
    screen.err.cache_clear()

    def read() -> list[str]:
        return capsys.readouterr().err.splitlines()

    return read


def test_off_a_terminal_each_kind_of_sentence_is_a_line(printed: Callable[[], list[str]]) -> None:
    with Told() as told:
        for number in (1, 2, 3):
            told(f"measuring, file {number} of 3")
        told("comparing")
    assert printed() == ["measuring, file 1 of 3", "comparing"]


def test_after_a_while_of_silence_it_is_said_again_and_what_is_left(
    printed: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "QUIET_S", -1.0)
    with Told() as told:
        told("measuring, file 1 of 3")
        told("measuring, file 2 of 3")
    first, second = printed()
    assert first == "measuring, file 1 of 3"
    assert second.startswith("measuring, file 2 of 3")
