"""Margins of options and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.errors import InputError
from edgebench.gate import read_margin, read_margins

DEFAULTS = {
    "latency": 0.05, "file_bytes": 0.0, "param_bytes": 0.0, "macs": 0.0, "arena_bytes": 0.0,
    "ops": 0.0, "accuracy": 0.0,
}  # fmt: skip


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "margins.yaml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "share"),
    [("5%", 0.05), ("0.05", 0.05), (" 7.5 % ", 0.075), ("0", 0.0), ("0%", 0.0), ("1000%", 10.0)],
)
def test_an_option_is_a_share_or_percent(text: str, share: float) -> None:
    assert read_margin("--margin", text) == share


@pytest.mark.parametrize(
    "text", ["", "five", "-1%", "-0.1", "11", "nan", "inf", "5%%", "%", "1e3%"]
)
def test_an_option_that_is_no_margin(text: str) -> None:
    with pytest.raises(InputError, match=f"--margin {text} is not a margin"):
        read_margin("--margin", text)


def test_without_a_file_latency_may_grow_and_nothing_else() -> None:
    assert read_margins(None).of("any") == DEFAULTS
    assert read_margins(None, 0.2).of("any") == {**DEFAULTS, "latency": 0.2}
    assert read_margins(None, 0.0).of("any")["latency"] == 0.0


def test_own_goes_before_option_before_default(written) -> None:
    path = written(
        "default: {latency: 20%, file_bytes: 0.1, ops: exact}\n"
        "benchmarks:\n"
        "  a.tflite: {latency: 8%, ops: ignore}\n"
        "  b.tflite: {file_bytes: ignore, macs: 3 %}\n"
    )
    plain = read_margins(path)
    assert plain.of("a.tflite") == {
        "latency": 0.08, "file_bytes": 0.1, "param_bytes": 0.0, "macs": 0.0, "arena_bytes": 0.0,
        "accuracy": 0.0,
    }  # fmt: skip
    assert plain.of("b.tflite") == {
        "latency": 0.20, "param_bytes": 0.0, "macs": 0.03, "arena_bytes": 0.0, "ops": 0.0,
        "accuracy": 0.0,
    }  # fmt: skip
    assert plain.of("c.tflite") == {**DEFAULTS, "latency": 0.2, "file_bytes": 0.1}
    given = read_margins(path, 0.5)
    assert [given.of(name)["latency"] for name in ("a.tflite", "b.tflite", "c.tflite")] == [
        0.08, 0.5, 0.5,
    ]  # fmt: skip


def test_own_brings_back_what_the_default_ignores(written) -> None:
    path = written("default: {ops: ignore, accuracy: ignore}\nbenchmarks: {a: {ops: exact}}\n")
    assert "ops" in read_margins(path).of("a")
    assert "accuracy" not in read_margins(path).of("a")
    assert "ops" not in read_margins(path).of("b")


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("default: {latency: fast}\n", ":1:20", "latency"),
        ("default: {latency: -5%}\n", ":1:20", "latency"),
        ("default: {latency: -0.1}\n", ":1:20", "latency"),
        ("default: {latency: .nan}\n", ":1:20", "latency"),
        ("default: {latency: 1001%}\n", ":1:20", "latency"),
        ("default:\n  ops: 5%\n", ":2:8", "ops"),
        ("default:\n  speed: 5%\n", ":2:3", "speed is not a key of default"),
        ("benchmarks:\n  a: {latency: }\n  b: [1]\n", ":3:6", "b should be a mapping"),
        ("defaults: {}\n", ":1:1", "did you mean default?"),
        ("benchmarks: {a: {}, a: {}}\n", ":1:21", "a stands here twice"),
        ("- 5%\n", ":1:1", "expected a mapping"),
    ],
)
def test_a_mistake_is_told_with_line_and_column(written, text: str, place: str, said: str) -> None:
    path = written(text)
    with pytest.raises(InputError) as caught:
        read_margins(path)
    error = caught.value
    assert error.message.startswith(f"{path}{place}  ")
    assert said in f"{error.message} {error.why} {error.remedy}"
    assert "\n" not in error.message + error.why


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_margins("none.yaml")


def test_an_entry_that_gates_nothing_is_told(written) -> None:
    path = written("benchmarks:\n  kws.tflite: {latency: 8%}\n  kw.tflite: {latency: 8%}\n")
    margins = read_margins(path)
    margins.require_known({"kws.tflite": 1, "kw.tflite": 2})
    with pytest.raises(InputError) as caught:
        margins.require_known({"kws.tflite": 1})
    assert caught.value.message == f"{path}:3:3  kw.tflite is not a benchmark of this gate"
    assert caught.value.remedy == "did you mean kws.tflite?"
    read_margins(None).require_known({})
