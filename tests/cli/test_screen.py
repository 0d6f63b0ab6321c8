"""What the terminal shows, at several widths."""

from __future__ import annotations

import pytest

from edgebench.cli import app, options
from edgebench.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("30m", 1800.0), ("1.5h", 5400.0)]
)
def test_durations(text, seconds):
    assert options.parse_duration_s("--time-budget", text) == seconds


@pytest.mark.parametrize("text", ["soon", "-3m", "0", "m", ""])
def test_durations_that_are_none(text):
    with pytest.raises(InputError):
        options.parse_duration_s("--time-budget", text)


def test_shapes():
    assert options.parse_shape("32,32,3") == ((32, 32, 3),)
    assert options.parse_shape("32,32,3;16,16,1") == ((32, 32, 3), (16, 16, 1))
    for wrong in ("", "a,b", "0,1,2", "32x32"):
        with pytest.raises(InputError):
            options.parse_shape(wrong)


def test_pairs():
    assert options.parse_pairs("--set", ["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    assert options.parse_numbers("--weight", ["latency_ms=0.07"]) == {"latency_ms": 0.07}
    for wrong in ("a", "=1", "a="):
        with pytest.raises(InputError):
            options.parse_pairs("--set", [wrong])
    with pytest.raises(InputError):
        options.parse_numbers("--weight", ["latency_ms=much"])


@pytest.mark.parametrize(
    ("arguments", "what", "remedy"),
    [
        (["serch"], "No such command 'serch'", "did you mean search?"),
        (["runs", "shw"], "No such command 'shw'", "did you mean show?"),
        (
            ["search", "--max-trails", "3"],
            "--max-trails is not an option of edgebench search",
            "did you mean --max-trials?",
        ),
        (
            ["watch", "--prot", "3"],
            "--prot is not an option of edgebench watch",
            "did you mean --port?",
        ),
        (["runs", "show"], "Missing argument 'RUN'", "edgebench runs show --help"),
    ],
)
def test_a_mistyped_command_has_the_nearest_name(arguments, what, remedy, capsys):
    assert app.run(arguments) == 2
    assert capsys.readouterr().err == f"error   {what}\ntry     {remedy}\n"
