"""The page of a history: one HTML file that asks the network for nothing, a chart a benchmark and machine."""

from __future__ import annotations

from typing import Any

import altair as alt

from edgebench.gate.history import History, Result, Timeline
from edgebench.report import figures
from edgebench.report.charts.drawing import ACCENT, QUIET, Drawing, draw, lit
from edgebench.report.page import environment, pack

HEIGHT = 220


def render_history(history: History) -> str:
    """Return the page as HTML; all text of the files is escaped, and equal input gives an equal page."""
    drawings = {
        drawing.name: drawing
        for number, timeline in enumerate(history.timelines, 1)
        for drawing in [draw_timeline(timeline, f"series-{number}")]
    }
    return (
        environment()
        .get_template("history.html.j2")
        .render(
            history=history,
            drawings=drawings,
            named=list(zip(drawings, history.timelines, strict=True)),
            has_steps=any(timeline.steps for timeline in history.timelines),
            result_count=sum(len(timeline.results) for timeline in history.timelines),
            decimals=figures.decimals_for(
                result.median_ms for timeline in history.timelines for result in timeline.results
            ),
            pack=pack(drawings, with_tables=False),
            commit_of=commit_of,
        )
    )


def draw_timeline(timeline: Timeline, name: str) -> Drawing:
    """Draw each stored median in the order of the commits, and each level's own."""
    results, rows = timeline.results, _level_rows(timeline)
    points = [_point(number, result) for number, result in enumerate(results, 1)]
    x = (
        alt.X("number:Q", title="results, by the time of the commit")
        .scale(domain=[0.5, len(results) + 0.5], nice=False)
        .axis(tickMinStep=1, format="d")
    )
    y = alt.Y("ms:Q", title="latency p50 (ms)").scale(zero=False)
    base = alt.Chart(alt.Data(values=points)).encode(x=x, y=y)
    line = base.mark_line(color=QUIET, strokeWidth=1)
    marks = base.mark_point(filled=True, size=36, color=QUIET).encode(
        tooltip=[
            alt.Tooltip("commit:N", title="commit"),
            alt.Tooltip("committed:N", title="committed (UTC)"),
            alt.Tooltip("ms:Q", title="p50 (ms)", format=".4g"),
            alt.Tooltip("origin:N", title="file"),
        ]
    )
    levels = (
        alt.Chart(alt.Data(values=rows))
        .mark_rule(color=ACCENT, strokeWidth=2.5)
        .encode(x=alt.X("start:Q"), x2="end:Q", y=alt.Y("ms:Q"))
    )
    edges = (
        alt.Chart(alt.Data(values=rows[1:]))
        .mark_rule(color=ACCENT, strokeWidth=1.5, strokeDash=[4, 3])
        .encode(x=alt.X("start:Q"))
    )
    layers = [line, marks, levels, *([edges] if timeline.steps else [])]
    told = ", ".join(f"{step.ratio:.3f} times at {commit_of(step.at)}" for step in timeline.steps)
    return draw(
        name,
        alt.layer(*layers).add_params(lit()).properties(height=HEIGHT),
        description=f"{len(results)} results of {timeline.benchmark}; steps: {told or 'none'}.",
        note="",
    )


def commit_of(result: Result) -> str:
    """Return a commit in short, and whether there were changes besides."""
    return f"{result.commit[:10]}{' with changes' if result.dirty else ''}"


def _point(number: int, result: Result) -> dict[str, Any]:
    return {
        "number": number,
        "ms": result.median_ms,
        "commit": commit_of(result),
        "committed": f"{result.committed:%Y-%m-%d %H:%M}",
        "origin": result.origin,
    }


def _level_rows(timeline: Timeline) -> list[dict[str, float]]:
    """Return where each level begins and ends, half a result before its first and after its last, and its median."""
    rows, end = [], 0.5
    for level in timeline.levels:
        start, end = end, end + len(level.results)
        rows.append({"start": start, "end": end, "ms": level.median_ms})
    return rows
