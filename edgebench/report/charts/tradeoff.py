"""The score of each exported file against its latency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from edgebench.objectives import front_indices, points
from edgebench.records import Constraint, Format, Goal, Measurement, Objective, Precision
from edgebench.report import figures, wording
from edgebench.report.charts.drawing import (
    ACCENT,
    BAND,
    QUIET,
    Drawing,
    Key,
    KeyEntry,
    draw,
    lit,
    log_axis,
    log_domain,
    ordered,
    share_axis,
    unless_lit,
)
from edgebench.report.view import RunView, ScoredFile

BASELINE = "baseline"
COLOURS = {
    Precision.FP32.value: "var(--fp32, #0b66c3)",
    Precision.FP16.value: "var(--fp16, #0f7f6e)",
    Precision.DYNAMIC.value: "var(--dynamic, #a8560a)",
    Precision.INT8.value: "var(--int8, #a3308f)",
    Precision.INT8_IO.value: "var(--int8-io, #6a4bc4)",
    Precision.INT16X8.value: "var(--int16x8, #5f6b00)",
}
SHAPES = {
    Format.TFLITE.value: "circle",
    Format.ONNX.value: "square",
    Format.KERAS.value: "triangle-up",
    BASELINE: "cross",
}
PLANE = (
    Objective(metric="latency_ms", goal=Goal.MIN, reference=1.0),
    Objective(metric="test_accuracy", goal=Goal.MAX, reference=0.0),
)
X_TITLE = "latency p50 (ms, log)"
HERE = "datum.device === device"
NOTE = (
    "Each mark is an exported file, its area the file's size; whiskers span the block medians. The dashed line is the "
    "front of these files. "
)


def tradeoff_chart(view: RunView) -> Drawing | None:
    """Draw the files of the front and of the baseline; None without a file that has both numbers."""
    rows = [row for file in view.all_files() for row in _rows(view, file)]
    if not rows:
        return None
    devices = ordered((row["device"] for row in rows), view.run.device_names)
    precisions = ordered((row["precision"] for row in rows), list(COLOURS))
    shapes = ordered((row["shape"] for row in rows), list(SHAPES))
    x_domain = log_domain([row[end] for row in rows for end in ("low", "high")])
    x = log_axis("p50", X_TITLE, x_domain)
    y = share_axis("accuracy", f"{view.file_title} of the file", [row["accuracy"] for row in rows])
    colour = alt.Color("precision:N", legend=None).scale(
        domain=precisions, range=[COLOURS[name] for name in precisions]
    )
    shape = alt.Shape("shape:N", legend=None).scale(
        domain=shapes, range=[SHAPES[name] for name in shapes]
    )
    size = alt.Size("kib:Q", legend=None).scale(type="sqrt", zero=True, range=[0, 420])
    on_device = alt.Chart(alt.Data(values=rows)).transform_filter(HERE).encode(x=x, y=y)
    shown = on_device.transform_filter("indexof(off, datum.precision) < 0")
    whiskers = shown.mark_rule(strokeWidth=1.5).encode(
        x=log_axis("low", X_TITLE, x_domain), x2="high:Q", color=colour, opacity=unless_lit(0.6)
    )
    marks = shown.mark_point(filled=True).encode(
        color=colour,
        shape=shape,
        size=size,
        opacity=unless_lit(0.85),
        tooltip=_tooltip(view.file_title),
    )
    label = on_device.transform_filter("datum.is_main").mark_text(
        align="center", dy=-18, fontWeight=600, fontSize=13, color=ACCENT
    )
    step = (
        alt.Chart(alt.Data(values=_front_path(rows, devices, x_domain[1])))
        .transform_filter(HERE)
        .mark_line(interpolate="step-after", strokeWidth=1.5, strokeDash=[5, 3], color=QUIET)
        .encode(x=x, y=y)
    )
    bands = _bands(view.run.suite.constraints, x_domain)
    chart = alt.layer(*bands, step, whiskers, marks, label.encode(text="label:N"))
    params = [lit(), alt.param(name="device", value=devices[0]), alt.param(name="off", value=[])]
    return draw(
        "tradeoff",
        chart.add_params(*params).properties(height=420),
        description=_description(rows, devices[0], view.file_title),
        note=NOTE + ("Shaded: beyond the limit on latency." if bands else ""),
        keys=_keys(precisions, shapes),
        devices=tuple(devices),
    )


def _rows(view: RunView, file: ScoredFile) -> list[dict[str, Any]]:
    artifact = file.artifact
    if not figures.is_number(artifact.accuracy):
        return []
    is_baseline = view.baseline is not None and artifact.trial_id == view.baseline.trial_id
    is_main = view.is_pick(artifact.trial_id) and view.main_file(artifact.trial_id) == file
    about = {
        "trial_id": artifact.trial_id,
        "label": f"{artifact.trial_id} pick",
        "file": wording.what_the_file_is(file),
        "precision": artifact.precision.value,
        "shape": BASELINE if is_baseline else artifact.format.value,
        "accuracy": artifact.accuracy,
        "kib": artifact.size_bytes / 1024,
        "size": figures.kibibytes(artifact.size_bytes),
    }
    main = view.main_measurement(file)
    return [
        about
        | _measured(measurement)
        | {
            "is_main": is_main and measurement == main,
            "counts": measurement.valid and not is_baseline,
        }
        for measurement in file.measurements
        if measurement.p50_low_ms > 0
    ]


def _measured(measurement: Measurement) -> dict[str, Any]:
    how = f"{measurement.environment.runtime}, {len(measurement.blocks)} blocks"
    return {
        "device": measurement.device,
        "p50": measurement.p50_ms,
        "low": measurement.p50_low_ms,
        "high": measurement.p50_high_ms,
        "latency": wording.latency(measurement),
        "measured": how if measurement.valid else f"{how}, invalid",
    }


def _tooltip(title: str) -> list[Any]:
    return [
        alt.Tooltip("trial_id:N", title="trial"),
        alt.Tooltip("file:N", title="file"),
        alt.Tooltip("accuracy:Q", title=title, format=".3f"),
        alt.Tooltip("latency:N", title="latency"),
        alt.Tooltip("size:N", title="size (KiB)"),
        alt.Tooltip("measured:N", title="measured"),
    ]


def _keys(precisions: Sequence[str], shapes: Sequence[str]) -> tuple[Key, ...]:
    by_colour = tuple(KeyEntry(label=name, colour=COLOURS[name]) for name in precisions)
    by_shape = tuple(KeyEntry(label=name, shape=SHAPES[name]) for name in shapes)
    return (
        Key(title="precision", entries=by_colour, is_switch=True),
        Key(title="file", entries=by_shape),
    )


def _front_path(
    rows: Sequence[dict[str, Any]], devices: Sequence[str], right_end: float
) -> list[dict[str, Any]]:
    """Return for each device the corners of the files that no other is both as fast and as accurate as."""
    path = []
    for device in devices:
        here = [row for row in rows if row["device"] == device and row["counts"]]
        plane = [{"latency_ms": row["p50"], "test_accuracy": row["accuracy"]} for row in here]
        corners = sorted(
            (here[i]["p50"], here[i]["accuracy"]) for i in front_indices(points(PLANE, plane))
        )
        if corners:
            corners.append((right_end, corners[-1][1]))
        path += [{"device": device, "p50": p50, "accuracy": share} for p50, share in corners]
    return path


def _bands(constraints: Iterable[Constraint], x_domain: tuple[float, float]) -> list[Any]:
    """Return a shade over the latencies that a limit forbids, where any are in sight."""
    bounds = [c.bound for c in constraints if c.metric == "latency_ms" and c.relation == "<="]
    if not bounds or min(bounds) >= x_domain[1]:
        return []
    row = {"from": max(min(bounds), x_domain[0]), "to": x_domain[1]}
    shade = alt.Chart(alt.Data(values=[row])).mark_rect(color=BAND)
    return [shade.encode(x=log_axis("from", X_TITLE, x_domain), x2="to:Q")]


def _description(rows: Sequence[dict[str, Any]], device: str, title: str) -> str:
    here = [row for row in rows if row["device"] == device]
    best = max(here, key=lambda row: row["accuracy"])
    return (
        f"{figures.capitalised(title)} against latency of {len(here)} measured files on {device}. "
        f"The best is {best['trial_id']} {best['file']}: {best['accuracy']:.3f} at {best['latency']}."
    )
