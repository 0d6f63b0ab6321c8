"""Figure 18 of the paper, size against accuracy of all cases, with ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt

from edgebench.report.charts.drawing import (
    ACCENT,
    QUIET,
    Drawing,
    Key,
    KeyEntry,
    draw,
    log_axis,
    log_domain,
    share_axis,
)
from edgebench.report.paper.ours import outcomes_of
from edgebench.report.paper.published import FURTHER, GROUPS
from edgebench.report.view import RunView

HEIGHT = 380
SHAPES = {"cifar10": "circle", "tsinghua": "square", "cwfid": "triangle-up"}
COLOURS = {"published": QUIET, "ours": ACCENT}


def size_against_accuracy(views: Sequence[RunView]) -> Drawing:
    """Draw every published figure whose size is known, and the best trial of each of our runs."""
    rows = [*_published(), *_ours(views)]
    x = log_axis(
        "params", "trainable parameters (log)", log_domain([row["params"] for row in rows]), "~s"
    )
    y = share_axis("accuracy", "accuracy (of pixels for CWFID)", [row["accuracy"] for row in rows])
    groups = {group.data: group.title for group in GROUPS if group.data in SHAPES}
    colour = alt.Color("whose:N", legend=None).scale(
        domain=list(COLOURS), range=list(COLOURS.values())
    )
    shape = alt.Shape("data:N", legend=None).scale(domain=list(SHAPES), range=list(SHAPES.values()))
    tooltip = [
        alt.Tooltip("label:N", title="network"),
        alt.Tooltip("params:Q", title="trainable parameters", format=",d"),
        alt.Tooltip("accuracy:Q", title="accuracy", format=".3f"),
    ]
    marks = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=90, opacity=0.85)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    )
    return draw(
        "figure-18",
        alt.layer(marks).properties(height=HEIGHT),
        description=f"Accuracy against size of {len(rows)} networks, published ones and ours.",
        note="Best validation accuracy of one training. Published networks whose size is not told are left out.",
        keys=(
            Key(title="whose", entries=tuple(KeyEntry(label=w, colour=c) for w, c in COLOURS.items())),
            Key(title="data", entries=tuple(KeyEntry(label=groups[d], shape=s) for d, s in SHAPES.items())),
        ),
    )  # fmt: skip


def _published() -> Iterator[dict[str, Any]]:
    for group in GROUPS:
        for case in group.cases:
            for figure in (*case.figures, *FURTHER.get(case.suite, ())):
                if figure.params and group.data in SHAPES:
                    label = f"{case.title}, {figure.search}".rstrip(", ")
                    yield _row("published", group.data, label, figure.params, figure.value)


def _ours(views: Sequence[RunView]) -> Iterator[dict[str, Any]]:
    for group in GROUPS:
        for case in group.cases:
            for outcome in outcomes_of(case, views):
                if group.data in SHAPES:
                    label = f"{case.title}, run {outcome.run_id} {outcome.trial_id}"
                    yield _row("ours", group.data, label, outcome.params, outcome.best)


def _row(whose: str, data: str, label: str, params: int, accuracy: float) -> dict[str, Any]:
    return {
        "whose": whose,
        "data": data,
        "label": label,
        "params": params,
        "accuracy": accuracy,
    }
