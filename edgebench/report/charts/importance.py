"""Which choices decide an objective, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from edgebench.records import metric_kind
from edgebench.report.charts.drawing import ACCENT, Drawing, draw
from edgebench.report.importance import LEAST_TRIALS, TOP_SHARE, Importance

MOST_CHOICES = 10


def importance_chart(found: Sequence[Importance]) -> Drawing | None:
    """Draw the importance of each choice for each objective, side by side; None where none is known."""
    if not found:
        return None
    highest: dict[str, float] = {}
    for each in found:
        highest[each.choice] = max(each.share, highest.get(each.choice, 0.0))
    shown = sorted(highest, key=lambda choice: -highest[choice])[:MOST_CHOICES]
    rows: list[dict[str, Any]] = [
        {"objective": metric_kind(each.objective).title, "choice": each.choice, "share": each.share}
        for each in found
        if each.choice in shown
    ]
    objectives = list(dict.fromkeys(row["objective"] for row in rows))
    left_out = len(highest) - len(shown)
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=ACCENT, height=10)
        .encode(
            x=alt.X("share:Q", title="share of the importance").axis(format=".0%", tickCount=4),
            y=alt.Y("choice:N", title=None, sort=shown),
            yOffset=alt.YOffset("objective:N", sort=objectives),
            opacity=_opacity(objectives),
            tooltip=[
                alt.Tooltip("choice:N", title="choice"),
                alt.Tooltip("objective:N", title="objective"),
                alt.Tooltip("share:Q", title="share", format=".1%"),
            ],
        )
    )
    first = max((r for r in rows if r["objective"] == objectives[0]), key=lambda r: r["share"])
    return draw(
        "importance",
        chart.properties(height=max(120, 14 * len(shown) * len(objectives))),
        description=f"What decides {objectives[0]} most is {first['choice']}: {first['share']:.0%}.",
        note=(
            f"PED-ANOVA of what sets the best {TOP_SHARE:.0%} apart; "
            f"it takes {LEAST_TRIALS} trials, and says little with so few."
            + (f" {left_out} choices of less importance are not drawn." if left_out else "")
        ),
    )


def _opacity(objectives: Sequence[str]) -> Any:
    """Return a paler bar for each objective after the first; a scale of a single one would give no number."""
    if len(objectives) < 2:
        return alt.value(1.0)
    paler = [0.5**rank for rank in range(len(objectives))]
    legend = alt.Legend(orient="top", title=None, symbolType="square", symbolFillColor=ACCENT)
    return alt.Opacity("objective:O", legend=legend).scale(domain=list(objectives), range=paler)
