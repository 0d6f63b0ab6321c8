"""The score of all trials against their parameter bytes."""

from __future__ import annotations

from typing import Any

import altair as alt

from edgebench.records import Status, Trial
from edgebench.report import figures
from edgebench.report.charts.drawing import (
    ACCENT,
    INK,
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
from edgebench.report.charts.thinning import thinned
from edgebench.report.view import RunView

HEIGHT = 300
MOST_MARKS = 1000
SHAPES = {
    Status.COMPLETED.value: "circle",
    Status.PRUNED.value: "triangle-down",
    Status.INFEASIBLE.value: "square",
    Status.FAILED.value: "cross",
}
COLOURS = {"front": ACCENT, "other": QUIET, "baseline": INK}


def size_chart(view: RunView) -> Drawing | None:
    """Draw every trial that was sized; None where none has both a size and a score."""
    sized = [trial for trial in view.ended if trial.values().get("param_bytes", 0) > 0]
    shown = thinned(view, sized, MOST_MARKS)
    rows = [_row(view, trial) for trial in shown]
    scored = [row for row in rows if row["accuracy"] is not None]
    unscored = [row for row in rows if row["accuracy"] is None]
    if not scored:
        return None
    x = log_axis("kib", "parameters (KiB, log)", log_domain([row["kib"] for row in rows]))
    y = share_axis("accuracy", view.score_title, [row["accuracy"] for row in scored])
    statuses = ordered((row["status"] for row in scored), list(SHAPES))
    roles = ordered((row["role"] for row in scored), list(COLOURS))
    tooltip = [
        alt.Tooltip("trial_id:N", title="trial"),
        alt.Tooltip("architecture:N", title="architecture"),
        alt.Tooltip("status:N", title="status"),
        alt.Tooltip("accuracy:Q", title=view.score_title, format=".3f"),
        alt.Tooltip("kib:Q", title="parameters (KiB)", format=",.1f"),
    ]
    colour = alt.Color("role:N", legend=None).scale(
        domain=roles, range=[COLOURS[role] for role in roles]
    )
    shape = alt.Shape("status:N", legend=None).scale(
        domain=statuses, range=[SHAPES[status] for status in statuses]
    )
    marks = (
        alt.Chart(alt.Data(values=scored))
        .mark_point(filled=True, size=90)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip, opacity=unless_lit(0.85))
    )
    foot = (
        alt.Chart(alt.Data(values=unscored))
        .mark_tick(thickness=2, size=12, color=QUIET)
        .encode(x=x, y=alt.value(HEIGHT - 6), tooltip=tooltip, opacity=unless_lit(0.85))
    )
    chart = alt.layer(foot, marks) if unscored else alt.layer(marks)
    notes = [
        f"Ticks at the foot: {len(unscored)} sized but not trained." if unscored else "",
        f"{len(shown)} of {len(sized)} trials are drawn, all winners among them."
        if len(shown) < len(sized)
        else "",
    ]
    return draw(
        "size",
        chart.add_params(lit()).properties(height=HEIGHT),
        description=f"{figures.capitalised(view.score_title)} against the size of the parameters of {len(scored)} trials.",
        note=" ".join(filter(None, notes)),
        keys=(
            Key(title="model", entries=tuple(KeyEntry(label=r, colour=COLOURS[r]) for r in roles)),
            Key(title="status", entries=tuple(KeyEntry(label=s, shape=SHAPES[s]) for s in statuses)),
        ),
    )  # fmt: skip


def _row(view: RunView, trial: Trial) -> dict[str, Any]:
    values = trial.values()
    on_front = any(member.trial.trial_id == trial.trial_id for member in view.front)
    return {
        "trial_id": trial.trial_id,
        "status": trial.status.value,
        "role": "baseline" if trial.is_baseline else "front" if on_front else "other",
        "kib": values["param_bytes"] / 1024,
        "accuracy": values.get(view.score),
        "architecture": trial.architecture,
    }
