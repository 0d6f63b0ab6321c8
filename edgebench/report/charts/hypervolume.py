"""The hypervolume after each trial."""

from __future__ import annotations

import altair as alt

from edgebench.report.charts.drawing import ACCENT, Drawing, draw, lit, unless_lit
from edgebench.report.view import RunView


def hypervolume_chart(view: RunView) -> Drawing | None:
    """Draw how the front grew; None where no trial added to it."""
    if not any(view.hypervolume):
        return None
    ended = zip(view.searched, view.hypervolume, strict=True)
    rows = [
        {
            "trial": number,
            "trial_id": trial.trial_id,
            "status": trial.status.value,
            "hypervolume": volume,
        }
        for number, (trial, volume) in enumerate(ended, 1)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("trial:Q", title="trials ended").axis(tickMinStep=1, format="d"),
        y=alt.Y("hypervolume:Q", title="hypervolume (share of the box)").scale(zero=True),
        tooltip=[
            alt.Tooltip("trial_id:N", title="trial"),
            alt.Tooltip("status:N", title="status"),
            alt.Tooltip("hypervolume:Q", title="hypervolume", format=".4f"),
        ],
    )
    line = base.mark_line(interpolate="step-after", color=ACCENT, strokeWidth=2)
    marks = base.mark_point(filled=True, size=36, color=ACCENT).encode(opacity=unless_lit(1.0))
    corner = ", ".join(f"{o.metric} {o.reference:g}" for o in view.run.suite.objectives)
    return draw(
        "hypervolume",
        alt.layer(line, marks).add_params(lit()).properties(height=300),
        description=f"The hypervolume reaches {view.hypervolume[-1]:.4f} after {len(rows)} trials.",
        note=f"The share of the box between the ideal and the reference ({corner}) that the front dominates.",
    )
