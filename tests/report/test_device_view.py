"""The device view: each file on each device, drawn and in a table, with nothing asked of the network."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from edgebench.profiling import Profiled
from edgebench.records import DeviceInfo, Score
from edgebench.report.device_view import model_rows, render_device_view

FLOAT, INT8 = "a" * 64, "b" * 64


def info(name: str, model: str | None = None) -> DeviceInfo:
    return DeviceInfo(
        name=name, transport="ssh", machine="aarch64", system="Linux 6.1", model=model
    )


@pytest.fixture
def rows(build: SimpleNamespace) -> list[Profiled]:
    """Two files on two boards, the second twice as slow; one file is scored, and not measured well there."""
    found = []
    for device, factor in (("pi5", 1.0), ("pi4", 2.0)):
        for sha256, name, median_ms in ((FLOAT, "float.tflite", 2.0), (INT8, "int8.tflite", 1.0)):
            measured = build.measurement(sha256, name, factor * median_ms, device)
            found.append(Profiled(size_bytes=2048, measurement=measured))
    score = Score(
        model_name="int8.tflite", device="pi4", data="digits", examples=10, metric="accuracy", value=0.9
    )  # fmt: skip
    throttled = replace(found[3].measurement, invalid_reasons=("throttled",))
    return [*found[:3], replace(found[3], score=score, measurement=throttled)]


DEVICES = {"pi5": info("pi5", "Raspberry Pi 5"), "pi4": info("pi4")}


def test_each_file_has_a_row_and_each_device_a_column(rows: list[Profiled]) -> None:
    first, second = model_rows(rows, list(DEVICES))
    assert [first.label, second.label] == ["float.tflite", "int8.tflite"]
    assert [cell.measurement.device for cell in first.cells] == ["pi5", "pi4"]
    on_first, on_second = first.cells
    assert first.times_as_long(on_first) is None
    assert first.times_as_long(on_second) == pytest.approx(2.0, rel=0.02)


def test_files_of_one_name_stay_apart(build: SimpleNamespace) -> None:
    twice = [
        Profiled(size_bytes=1, measurement=build.measurement(sha256, "m.tflite", 1.0, "pi5"))
        for sha256 in (FLOAT, INT8)
    ]
    assert [row.label for row in model_rows(twice, ["pi5"])] == ["m.tflite", "m.tflite (2)"]


def test_a_device_that_was_not_reached_leaves_a_gap(rows: list[Profiled]) -> None:
    first, second = model_rows(rows[:3], list(DEVICES))
    assert first.cells[1] is not None
    assert second.cells[1] is None
    assert "not measured" in render_device_view("boards", rows[:3], DEVICES)


def test_the_page_says_what_was_measured_where(rows: list[Profiled]) -> None:
    page = render_device_view("boards", rows, DEVICES)
    assert "<h1>2 models on 2 devices</h1>" in page
    assert re.search(r"2\.0\dx", page)
    assert "accuracy 0.9000" in page
    assert "invalid: throttled" in page
    assert page.count("litert 2.3.0 XNNPACK") >= 4
    assert (
        "<li>pi5: Raspberry Pi 5, Linux 6.1, 1 thread, pinned to core 2, governor performance"
        in page
    )
    assert page.count('role="img"') == 1
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_nothing_measured_draws_nothing() -> None:
    page = render_device_view("boards", [], DEVICES)
    assert "<h1>0 models on 2 devices</h1>" in page
    assert "Nothing was measured." in page


def test_names_show_as_text(build: SimpleNamespace) -> None:
    odd = "<script>alert(1)</script>.tflite"
    rows = [Profiled(size_bytes=1, measurement=build.measurement(FLOAT, odd, 1.0, "pi5"))]
    page = render_device_view("a<b>'\"", rows, {"pi5": info("pi5", "<img src=x>")})
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.tflite" in page
