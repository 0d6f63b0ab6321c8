"""The hypervolume after each trial, by their number and by time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import altair as alt

from edgebench.report.charts.drawing import ACCENT, Drawing, draw, lit, unless_lit
from edgebench.report.view import RunView

MOST_MARKS = 150


def hypervolume_chart(view: RunView) -> Drawing | None:
    """Draw how the front grew trial by trial; None where no trial added to it."""
    if not any(view.hypervolume):
        return None
    rows = _rows(view)
    corner = ", ".join(f"{o.metric} {o.reference:g}" for o in view.run.suite.objectives)
    return draw(
        "hypervolume",
        _chart(rows, alt.X("trial:Q", title="trials ended").axis(tickMinStep=1, format="d")),
        description=f"The hypervolume reaches {view.hypervolume[-1]:.4f} after {len(view.searched)} trials.",
        note=f"The share of the box between the ideal and the reference ({corner}) that the front dominates."
        + (
            f" Marked are the {len(rows)} trials that added to it, and the last."
            if len(rows) < len(view.searched)
            else ""
        ),
    )


def hypervolume_by_time_chart(view: RunView) -> Drawing | None:
    """Draw how the front grew while time passed; None where trials tell no time, or none added to the front."""
    ends = {trial.trial_id: _time(trial.finished_utc) for trial in view.searched}
    starts = [start for trial in view.searched if (start := _time(trial.started_utc))]
    if not any(view.hypervolume) or not starts or None in ends.values():
        return None
    begin = min(starts)
    rows = [
        row | {"minutes": (end - begin).total_seconds() / 60.0}
        for row in _rows(view)
        if (end := ends[row["trial_id"]]) is not None
    ]
    last = max(row["minutes"] for row in rows)
    return draw(
        "hypervolume-time",
        _chart(rows, alt.X("minutes:Q", title="minutes since the first trial began")),
        description=f"The hypervolume reaches {view.hypervolume[-1]:.4f} after {last:.1f} minutes.",
        note="Time on the clock: what the search did beside its trials, and pauses before it was resumed, are part of it.",
    )


def _rows(view: RunView) -> list[dict[str, Any]]:
    """Return a row a trial; of very many those alone that added to the hypervolume, and the last."""
    ended = list(zip(view.searched, view.hypervolume, strict=True))
    rows = [
        {
            "trial": number,
            "trial_id": trial.trial_id,
            "status": trial.status.value,
            "hypervolume": volume,
        }
        for number, (trial, volume) in enumerate(ended, 1)
    ]
    if len(rows) <= MOST_MARKS:
        return rows
    before = (0.0, *view.hypervolume)
    return [
        row
        for row, volume, after in zip(rows, before, view.hypervolume, strict=False)
        if after > volume or row is rows[-1]
    ]


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


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
    return alt.layer(line, marks).add_params(lit()).properties(height=300)
