"""The hypervolume after each trial, by their number and by time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import altair as alt

from edgebench.report.charts.drawing import ACCENT, Drawing, draw, lit, unless_lit
from edgebench.report.view import RunView

MOST_MARKS = 1000


def hypervolume_chart(view: RunView) -> Drawing | None:
    """Draw how the front grew trial by trial; None where no trial added to it."""
    rows = _rows(view)
    if not any(view.hypervolume):
        return None
    corner = ", ".join(f"{o.metric} {o.reference:g}" for o in view.run.suite.objectives)
    return draw(
        "hypervolume",
        _chart(rows, alt.X("trial:Q", title="trials ended").axis(tickMinStep=1, format="d")),
        description=f"The hypervolume reaches {view.hypervolume[-1]:.4f} after {len(rows)} trials.",
        note=f"The share of the box between the ideal and the reference ({corner}) that the front dominates.",
    )


def hypervolume_by_time_chart(view: RunView) -> Drawing | None:
    """Draw how the front grew while time passed; None where trials tell no time, or none added to the front."""
    ends = [_time(trial.finished_utc) for trial in view.searched]
    starts = [start for trial in view.searched if (start := _time(trial.started_utc))]
    if not any(view.hypervolume) or not starts or None in ends:
        return None
    begin = min(starts)
    rows = [
        row | {"minutes": (end - begin).total_seconds() / 60.0}
        for row, end in zip(_rows(view), ends, strict=True)
        if end is not None
    ]
    last = max(row["minutes"] for row in rows)
    return draw(
        "hypervolume-time",
        _chart(rows, alt.X("minutes:Q", title="minutes since the first trial began")),
        description=f"The hypervolume reaches {view.hypervolume[-1]:.4f} after {last:.1f} minutes.",
        note="Time on the clock: what the search did beside its trials, and pauses before it was resumed, are part of it.",
    )


def _rows(view: RunView) -> list[dict[str, Any]]:
    ended = zip(view.searched, view.hypervolume, strict=True)
    return [
        {
            "trial": number,
            "trial_id": trial.trial_id,
            "status": trial.status.value,
            "hypervolume": volume,
        }
        for number, (trial, volume) in enumerate(ended, 1)
    ]


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _chart(rows: list[dict[str, Any]], x: Any) -> Any:
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=x,
        y=alt.Y("hypervolume:Q", title="hypervolume (share of the box)").scale(zero=True),
        tooltip=[
            alt.Tooltip("trial_id:N", title="trial"),
            alt.Tooltip("status:N", title="status"),
            alt.Tooltip("hypervolume:Q", title="hypervolume", format=".4f"),
        ],
    )
    line = base.mark_line(interpolate="step-after", color=ACCENT, strokeWidth=2)
    marks = base.mark_point(filled=True, size=36, color=ACCENT).encode(opacity=unless_lit(1.0))
    layers = [line, marks] if len(rows) <= MOST_MARKS else [line]
    return alt.layer(*layers).add_params(lit()).properties(height=300)
