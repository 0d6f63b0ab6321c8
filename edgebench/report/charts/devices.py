"""The latency of each file on each device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from edgebench.records import Measurement
from edgebench.report import figures, wording
from edgebench.report.charts.drawing import (
    Drawing,
    Key,
    KeyEntry,
    draw,
    lit,
    log_axis,
    log_domain,
)
from edgebench.report.charts.tradeoff import COLOURS as PAINTS
from edgebench.report.charts.tradeoff import X_TITLE

COLOURS = [PAINTS[name] for name in ("fp32", "int8", "fp16", "dynamic", "int8-io", "int16x8")]
SHAPES = ("circle", "square", "triangle-up", "triangle-down", "cross")
HEIGHT_PER_MODEL = 34


def devices_chart(found: Mapping[str, Sequence[Measurement]]) -> Drawing | None:
    """Draw a line a model and a mark a device, with its interval; None where nothing was measured.

    Args:
        found: By the model's label, in the order of the lines: what was measured of it, on whichever device.
    """
    rows = [
        _row(label, measurement)
        for label, cells in found.items()
        for measurement in cells
        if figures.is_number(measurement.p50_ms)
    ]
    if not rows:
        return None
    devices = list(dict.fromkeys(row["device"] for row in rows))
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(devices))]
    shapes = [SHAPES[number % len(SHAPES)] for number in range(len(devices))]
    domain = log_domain([row[end] for row in rows for end in ("low", "high")])
    y = alt.Y("model:N", title=None, sort=list(found)).axis(labelLimit=260, grid=True)
    colour = alt.Color("device:N", legend=None).scale(domain=devices, range=colours)
    base = alt.Chart(alt.Data(values=rows)).encode(y=y, color=colour)
    whiskers = base.mark_rule(strokeWidth=1.5, opacity=0.6).encode(
        x=log_axis("low", X_TITLE, domain), x2="high:Q"
    )
    marks = base.mark_point(filled=True, size=80, opacity=0.9).encode(
        x=log_axis("p50", X_TITLE, domain),
        shape=alt.Shape("device:N", legend=None).scale(domain=devices, range=shapes),
        tooltip=[
            alt.Tooltip("model:N", title="model"),
            alt.Tooltip("device:N", title="device"),
            alt.Tooltip("p50:Q", title="p50 (ms)", format=".4g"),
            alt.Tooltip("interval:N", title="interval (ms)"),
            alt.Tooltip("runtime:N", title="runtime"),
        ],
    )
    fastest = min(rows, key=lambda row: float(row["p50"]))
    entries = tuple(
        KeyEntry(label=device, shape=shape, colour=paint)
        for device, shape, paint in zip(devices, shapes, colours, strict=True)
    )
    return draw(
        "devices",
        alt.layer(whiskers, marks)
        .add_params(lit())
        .properties(height=max(120, HEIGHT_PER_MODEL * len(found))),
        description=(
            f"{len(found)} models on {len(devices)} devices; least: {fastest['model']} on {fastest['device']}, "
            f"{fastest['p50']:.4g} ms."
        ),
        note="Each mark is a file on a device; whiskers span the block medians.",
        keys=(Key(title="devices", entries=entries),),
    )


def _row(label: str, measurement: Measurement) -> dict[str, Any]:
    low, high = measurement.p50_low_ms, measurement.p50_high_ms
    return {
        "model": label,
        "device": measurement.device,
        "p50": measurement.p50_ms,
        "low": low,
        "high": high,
        "interval": figures.interval(low, high, figures.decimals_for([low])),
        "runtime": wording.ran_by(measurement),
    }
