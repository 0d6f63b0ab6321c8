import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest

from edgebench.records import Constraint, Format, Precision, RunResult
from edgebench.report.charts import (
    draw_charts,
    hypervolume,
    hypervolume_chart,
    importance_chart,
    size_chart,
    tradeoff,
    tradeoff_chart,
)
from edgebench.report.charts.drawing import log_ticks
from edgebench.report.charts.thinning import thinned
from edgebench.report.importance import Importance
from edgebench.report.view import RunView


def rows_of(spec: dict, *columns: str) -> list[dict]:
    """Return the first data of the specification that has the columns."""
    layers = [layer["data"]["values"] for layer in spec["layer"] if "data" in layer]
    return next(
        rows
        for rows in [*layers, spec.get("data", {}).get("values", [])]
        if rows and set(columns) <= set(rows[0])
    )


def test_the_tradeoff_holds_every_measured_file(result: RunResult) -> None:
    drawing = tradeoff_chart(RunView.of(result))
    assert drawing is not None

    rows = rows_of(drawing.spec, "trial_id", "kib")

    assert len(rows) == 4 * 6
    assert {row["shape"] for row in rows} == {"tflite", "onnx", "baseline"}
    assert all(row["low"] <= row["p50"] <= row["high"] for row in rows)
    assert [row["file"] for row in rows if row["is_main"]] == ["tflite fp32"]
    assert [entry.label for entry in drawing.keys[0].entries] == ["fp32", "fp16", "dynamic", "int8"]
    assert "t008 tflite fp32: 0.972 at 1.64 ms [1.63, 1.66]" in drawing.description


def test_the_step_line_rises_and_leaves_out_the_baseline_and_the_invalid(
    result: RunResult, build: SimpleNamespace
) -> None:
    (file,) = [a for a in result.artifacts if a.file_name == "t002-int8.tflite"]
    spoilt = build.measurement(file.sha256, file.file_name, 0.01, invalid_reasons=("throttled",))
    changed = replace(result, measurements=result.measurements | {("t002", file.sha256): (spoilt,)})
    drawing = tradeoff_chart(RunView.of(changed))
    assert drawing is not None

    rows = rows_of(drawing.spec, "trial_id", "kib")
    path = [
        row
        for layer in drawing.spec["layer"]
        if "data" in layer
        for row in layer["data"]["values"]
        if set(row) == {"device", "p50", "accuracy"}
    ]

    assert min(row["p50"] for row in rows) < path[0]["p50"]
    assert [row["p50"] for row in path] == sorted(row["p50"] for row in path)
    assert [row["accuracy"] for row in path] == sorted(row["accuracy"] for row in path)


def test_every_kind_of_file_has_a_look() -> None:
    assert set(tradeoff.COLOURS) == {precision.value for precision in Precision}
    assert set(tradeoff.SHAPES) == {file.value for file in Format} | {tradeoff.BASELINE}


def test_a_limit_on_latency_is_shaded_where_it_is_in_sight(
    result: RunResult, build: SimpleNamespace
) -> None:
    def note(limit: str) -> str:
        suite = build.suite(constraints=(Constraint.parse(limit),))
        drawing = tradeoff_chart(RunView.of(replace(result, run=replace(result.run, suite=suite))))
        assert drawing is not None
        return drawing.note

    assert "Shaded" in note("latency_ms<=2.2")
    assert "Shaded" not in note("latency_ms<=200")


def test_several_devices_can_be_chosen_from(build: SimpleNamespace) -> None:
    drawing = tradeoff_chart(RunView.of(build.result(devices=("pi5", "local"))))
    assert drawing is not None

    assert drawing.devices == ("pi5", "local")
    assert {"name": "device", "value": "pi5"} in drawing.spec["params"]


def test_all_trials_are_drawn_or_counted_by_size(result: RunResult) -> None:
    drawing = size_chart(RunView.of(result))
    assert drawing is not None

    rows = [row for layer in drawing.spec["layer"] for row in layer["data"]["values"]]

    assert len(rows) == len(result.trials)
    assert drawing.note == "Ticks at the foot: 2 sized but not trained."
    assert [row["role"] for row in rows if row["trial_id"] == "base"] == ["baseline"]


def test_the_hypervolume_has_a_point_a_trial(result: RunResult) -> None:
    view = RunView.of(result)
    drawing = hypervolume_chart(view)
    assert drawing is not None

    rows = rows_of(drawing.spec, "hypervolume")

    assert [row["hypervolume"] for row in rows] == list(view.hypervolume)
    assert f"{view.hypervolume[-1]:.4f} after 8 trials" in drawing.description


def test_the_hypervolume_of_a_long_run_keeps_what_added_to_it_and_the_last(
    build: SimpleNamespace,
) -> None:
    rows = tuple(
        (f"t{n:03}", "completed", "fire2", 0.6 + 0.1 * (n >= 100), 9000, 0.5, 8, "")
        for n in range(hypervolume.MOST_MARKS + 50)
    )
    drawing = hypervolume_chart(RunView.of(build.result(rows)))
    assert drawing is not None

    assert [row["trial"] for row in rows_of(drawing.spec, "hypervolume")] == [1, 101, 200]
    assert drawing.note.endswith("Marked are the 3 trials that added to it, and the last.")


def test_of_very_many_trials_the_winners_and_others_evenly_chosen_are_drawn(
    build: SimpleNamespace,
) -> None:
    rows = tuple(
        (f"t{n:03}", "completed", "fire2", 0.6 + 0.1 * (n == 77), 9000 + n, 0.5 + n / 100, 8, "")
        for n in range(100)
    )
    view = RunView.of(build.result(rows))
    front = {member.trial.trial_id for member in view.front}

    kept = [trial.trial_id for trial in thinned(view, view.searched, 10)]

    assert {"t000", "t077"} <= front <= set(kept)
    assert (len(kept), kept) == (10, sorted(kept))
    assert max(later - earlier for earlier, later in pairwise(int(t[1:]) for t in kept)) < 20
    assert thinned(view, view.searched, 100) == list(view.searched)


@pytest.mark.parametrize("objectives", [("latency_ms",), ("val_accuracy", "latency_ms")])
def test_importance_of_one_objective_is_drawn_as_that_of_several(
    objectives: tuple[str, ...],
) -> None:
    drawing = importance_chart(
        [Importance(objective=name, choice="set1_pairs", share=1.0) for name in objectives]
    )
    assert drawing is not None
    assert "NaN" not in drawing.svg
    bars = re.findall(r'fill="var\(--accent, #0b66c3\)" opacity="([\d.]+)"', drawing.svg)
    assert bars == ["1", "0.5"][: len(objectives)]


def test_pictures_are_xml_in_the_colours_of_the_page(result: RunResult) -> None:
    for drawing in draw_charts(RunView.of(result), ()).values():
        root = ET.fromstring(drawing.svg)
        assert root.get("viewBox")
        assert root.get("width") is None
        colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawing.svg))
        assert all(c in {"none", "transparent"} or c.startswith("var(--") for c in colours), colours


def test_labels_keep_all_their_digits(result: RunResult) -> None:
    near = tuple(
        replace(a, accuracy=None if a.accuracy is None else 0.95 + a.accuracy / 100)
        for a in result.artifacts
    )
    drawing = tradeoff_chart(RunView.of(replace(result, artifacts=near)))
    assert drawing is not None

    labels = [element.text or "" for element in ET.fromstring(drawing.svg).iter() if element.text]

    assert [label for label in labels if re.fullmatch(r"0\.9\d{3}|0\.96\d", label)]


def test_names_are_text_in_the_picture(result: RunResult, build: SimpleNamespace) -> None:
    name = '</script><b>&"t'
    trials = tuple(replace(t, trial_id=name) if t.trial_id == "t008" else t for t in result.trials)
    artifacts = tuple(
        replace(a, trial_id=name) if a.trial_id == "t008" else a for a in result.artifacts
    )
    measurements = {
        (name if k[0] == "t008" else k[0], k[1]): v for k, v in result.measurements.items()
    }
    changed = replace(
        result, trials=trials, artifacts=artifacts, measurements=measurements, confirmed={}
    )
    drawing = tradeoff_chart(RunView.of(changed))
    assert drawing is not None

    texts = [element.text for element in ET.fromstring(drawing.svg).iter() if element.text]

    assert f"{name} pick" in texts


def test_equal_runs_are_drawn_equal(result: RunResult) -> None:
    view = RunView.of(result)

    assert draw_charts(view, ()) == draw_charts(view, ())


def test_ticks_of_a_log_axis_are_round_and_enough() -> None:
    assert log_ticks((0.3, 30)) == [0.5, 1, 2, 5, 10, 20]
    assert len(log_ticks((0.95, 1.35))) >= 4
    assert all(0.95 <= tick <= 1.35 for tick in log_ticks((0.95, 1.35)))


def test_what_has_no_place_on_a_log_axis_is_left_out(
    result: RunResult, build: SimpleNamespace
) -> None:
    (file,) = [a for a in result.artifacts if a.file_name == "t002-int8.tflite"]
    instant = build.measurement(file.sha256, file.file_name, 0.0)
    empty = build.trial(("t099", "completed", "none", 0.1, 0, 0.2, 1, ""))
    view = RunView.of(
        replace(
            result,
            trials=(*result.trials, empty),
            measurements=result.measurements | {("t002", file.sha256): (instant,)},
        )
    )

    tradeoff, size = tradeoff_chart(view), size_chart(view)

    assert tradeoff is not None
    assert size is not None
    assert len(rows_of(tradeoff.spec, "trial_id", "kib")) == 4 * 6 - 1
    assert "t099" not in str(size.spec)
