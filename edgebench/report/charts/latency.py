"""The raw samples behind the latencies: how they lie, and how they followed each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt

from edgebench import stats
from edgebench.records import Measurement
from edgebench.report import figures, wording
from edgebench.report.charts.drawing import (
    ACCENT,
    INK,
    QUIET,
    Drawing,
    draw,
    lit,
    log_axis,
    log_domain,
    unless_lit,
)
from edgebench.report.view import RunView

MOST_SAMPLES = 600
MOST_FILES = 10


def samples_chart(view: RunView) -> Drawing | None:
    """Draw raw samples and block medians of the files that stand for the front and the baseline; None without any."""
    found = list(_measured(view))[:MOST_FILES]
    if not found:
        return None
    each = max(20, MOST_SAMPLES // len(found))
    rows: list[dict[str, Any]] = [
        {"file": name, "trial_id": trial_id, "ms": ns / 1e6}
        for trial_id, name, measurement in found
        for ns in _thinned(measurement.pooled_ns(), each)
        if ns > 0
    ]
    medians: list[dict[str, Any]] = [
        {"file": name, "trial_id": trial_id, "ms": stats.median(block.samples_ns) / 1e6}
        for trial_id, name, measurement in found
        for block in measurement.blocks
    ]
    names = [name for _, name, _ in found]
    domain = log_domain([row["ms"] for row in (*rows, *medians)])
    x = log_axis("ms", f"one invoke on {view.main_device} (ms, log)", domain)
    y = alt.Y("file:N", title=None, sort=names).axis(labelLimit=190)
    ticks = (
        alt.Chart(alt.Data(values=rows))
        .mark_tick(thickness=1, size=16, color=QUIET)
        .encode(x=x, y=y, opacity=unless_lit(0.28))
    )
    dots = (
        alt.Chart(alt.Data(values=medians))
        .mark_point(filled=True, size=55, color=ACCENT)
        .encode(
            x=x,
            y=y,
            opacity=unless_lit(0.95),
            tooltip=[
                alt.Tooltip("trial_id:N", title="trial"),
                alt.Tooltip("file:N", title="file"),
                alt.Tooltip("ms:Q", title="median of a block (ms)", format=".4g"),
            ],
        )
    )
    total = sum(len(measurement.pooled_ns()) for _, _, measurement in found)
    thin = (
        f" {len(rows):,} of {total:,} samples are drawn, evenly chosen."
        if len(rows) < total
        else ""
    )
    return draw(
        "samples",
        alt.layer(ticks, dots).add_params(lit()).properties(height=max(90, 34 * len(names))),
        description=f"Raw latency samples of {len(names)} files on {view.main_device}.",
        note=f"Ticks: raw samples. Dots: the median of each block, a fresh process.{thin}",
    )


def series_chart(view: RunView) -> Drawing | None:
    """Draw the samples of the pick's file in the order they were taken, block after block; None without any."""
    found = next(_measured(view), None)
    if found is None:
        return None
    _trial_id, name, measurement = found
    each = max(20, MOST_SAMPLES // len(measurement.blocks))
    rows: list[dict[str, Any]] = []
    begin = 0
    for number, block in enumerate(measurement.blocks, 1):
        count = len(block.samples_ns)
        rows += [
            {
                "sample": begin + at,
                "ms": block.samples_ns[at] / 1e6,
                "block": number,
                "parity": number % 2,
            }
            for at in range(0, count, max(1, count // each))
        ]
        begin += count
    low, high = min(row["ms"] for row in rows), max(row["ms"] for row in rows)
    y = alt.Y("ms:Q", title="one invoke (ms)").scale(domain=[low, high], nice=True, zero=False)
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=7, opacity=0.55)
        .encode(
            x=alt.X("sample:Q", title="sample, block after block").axis(format="~s"),
            y=y,
            color=alt.Color("parity:N", legend=None).scale(domain=[0, 1], range=[ACCENT, QUIET]),
            tooltip=[
                alt.Tooltip("block:Q", title="block"),
                alt.Tooltip("ms:Q", title="ms", format=".4g"),
            ],
        )
    )
    middle = (
        alt.Chart(alt.Data(values=[{"ms": measurement.p50_ms}]))
        .mark_rule(color=INK, strokeWidth=1)
        .encode(y=y)
    )
    degrees = measurement.environment.temperature_c
    warmth = (
        ""
        if not figures.is_number(degrees)
        else f" It was {degrees:.0f} degrees C when the first began."
    )
    return draw(
        "series",
        alt.layer(points, middle).properties(height=240),
        description=f"The samples of {name} over time: {wording.latency(measurement)}.",
        note=f"{name} on {measurement.device}; blocks in alternating colours, the line is p50.{warmth}",
    )


def sustained_chart(view: RunView) -> Drawing | None:
    """Draw runs without a pause, where any file was run so."""
    rows = [
        {
            "file": name,
            "trial_id": trial_id,
            "s": window.at_s,
            "ms": window.median_ns / 1e6,
            "degrees": window.temperature_c,
        }
        for trial_id, name, measurement in _measured(view)
        for window in measurement.sustained
    ]
    if not rows:
        return None
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("s:Q", title="seconds without a pause"),
            y=alt.Y("ms:Q", title="median of a window (ms)").scale(zero=False),
            color=alt.Color("file:N", title=None),
            opacity=unless_lit(0.9),
            tooltip=[
                alt.Tooltip("file:N", title="file"),
                alt.Tooltip("ms:Q", title="ms", format=".4g"),
                alt.Tooltip("degrees:Q", title="degrees C"),
            ],
        )
    )
    return draw(
        "sustained",
        chart.add_params(lit()).properties(height=260),
        description="How latency changes while a model runs without a pause.",
        note="The ranking of the first minute need not be that of the thirtieth.",
    )


def _measured(view: RunView) -> Iterator[tuple[str, str, Measurement]]:
    """Yield trial, name and measurement on the main device of each winner's file, the pick's first."""
    ids = [trial.trial_id for trial in view.winners]
    for trial_id in sorted(ids, key=lambda each: not view.is_pick(each)):
        file = view.main_file(trial_id)
        measurement = view.main_measurement(file) if file else None
        if file and measurement:
            yield trial_id, f"{trial_id} {wording.what_the_file_is(file)}", measurement


def _thinned(samples: Sequence[float], most: int) -> list[float]:
    """Return at most so many, evenly chosen by size, the least and the largest among them."""
    if len(samples) <= most:
        return list(samples)
    ranked = sorted(samples)
    return [ranked[round(i * (len(ranked) - 1) / (most - 1))] for i in range(most)]
