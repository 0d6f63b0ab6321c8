"""Parallel coordinates: each trial a line through its choices and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from edgebench.records import Trial, metric_kind
from edgebench.report.charts.drawing import ACCENT, INK, QUIET, Drawing, draw, lit
from edgebench.report.charts.thinning import thinned
from edgebench.report.figures import count
from edgebench.report.importance import Importance
from edgebench.report.view import RunView

MOST_CHOICES = 7
MOST_LINES = 150
MOST_STEPS = 8
INACTIVE = "not used"
# The page's script sets it to the trials that have the values which were clicked.
KEPT = "kept === null || indexof(kept, datum.trial_id) >= 0"


def parallel_chart(view: RunView, decided: Sequence[Importance]) -> Drawing | None:
    """Draw the choices that matter most beside the objectives; None where fewer than two trials have all objectives."""
    objectives = [objective.metric for objective in view.run.suite.objectives]
    told = [
        trial
        for trial in view.searched
        if all(view.value(trial, name) is not None for name in objectives)
    ]
    choices = _choices(told, decided)
    if len(told) < 2 or not choices:
        return None
    shown = thinned(view, told, MOST_LINES)
    front = {member.trial.trial_id for member in view.front}
    axes = [(name, _choice_places(name, shown)) for name in choices]
    axes += [(metric_kind(name).title, _metric_places(view, name, shown)) for name in objectives]
    rows = [
        {
            "trial_id": trial.trial_id,
            "axis": title,
            "at": places[trial.trial_id][0],
            "value": places[trial.trial_id][1],
            "role": "front" if trial.trial_id in front else "other",
        }
        for title, places in axes
        for trial in shown
    ]
    names = [title for title, _ in axes]
    labels = {
        (title, value): {"axis": title, "at": at, "value": value, "is_choice": rank < len(choices)}
        for rank, (title, places) in enumerate(axes)
        for at, value in _ends(places.values(), is_choice=rank < len(choices))
    }
    left_out = len(told) - len(shown)
    return draw(
        "parallel",
        _chart(rows, list(labels.values()), names),
        description=f"{len(shown)} trials by {', '.join(names)}.",
        note="Each line is a trial, those of the front in colour. Click values to keep only trials that have them."
        + (f" {left_out} trials off the front are not drawn." if left_out else ""),
    )


def _choices(told: Sequence[Trial], decided: Sequence[Importance]) -> list[str]:
    """Return the hyperparameters that were varied, those of most importance first."""
    names = dict.fromkeys(name for trial in told for name in trial.hyperparameters)
    varied = [name for name in names if len({str(t.hyperparameters.get(name)) for t in told}) > 1]
    weight: dict[str, float] = {}
    for each in decided:
        weight[each.choice] = max(each.share, weight.get(each.choice, 0.0))
    return sorted(varied, key=lambda name: -weight.get(name, 0.0))[:MOST_CHOICES]


def _choice_places(name: str, trials: Sequence[Trial]) -> dict[str, tuple[float, str]]:
    values = {t.trial_id: t.hyperparameters.get(name, INACTIVE) for t in trials}
    distinct = sorted(set(values.values()), key=_order)
    if len(distinct) > MOST_STEPS:
        numbers = [float(v) for v in distinct if _is_number(v)]
        return _scaled(
            {t: float(v) for t, v in values.items() if _is_number(v)}, min(numbers), max(numbers)
        ) | {t: (-0.08, INACTIVE) for t, v in values.items() if not _is_number(v)}
    last = max(1, len(distinct) - 1)
    return {t: (distinct.index(v) / last, _word(v)) for t, v in values.items()}


def _metric_places(
    view: RunView, name: str, trials: Sequence[Trial]
) -> dict[str, tuple[float, str]]:
    values = {trial.trial_id: float(view.value(trial, name) or 0.0) for trial in trials}
    return _scaled(values, min(values.values()), max(values.values()))


def _scaled(values: Mapping[str, float], low: float, high: float) -> dict[str, tuple[float, str]]:
    span = (high - low) or 1.0
    return {trial: ((value - low) / span, _figure(value)) for trial, value in values.items()}


def _figure(value: float) -> str:
    return count(value) if abs(value) >= 1000 else f"{value:.3g}"


def _ends(places: Any, *, is_choice: bool) -> list[tuple[float, str]]:
    """Return the values that an axis is labelled with: all of few, else the least and the largest."""
    distinct = sorted(set(places))
    return distinct if is_choice and len(distinct) <= MOST_STEPS else [distinct[0], distinct[-1]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order(value: Any) -> tuple[int, float, str]:
    if value == INACTIVE:
        return (0, 0.0, "")
    return (1, float(value), "") if _is_number(value) else (2, 0.0, str(value))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _figure(value) if isinstance(value, float) else str(value)


def _chart(rows: list[dict[str, Any]], labels: list[dict[str, Any]], names: list[str]) -> Any:
    x = alt.X("axis:N", title=None, sort=names, scale=alt.Scale(type="point", padding=0.35))
    x = x.axis(
        orient="top",
        labelExpr="split(datum.label, ' ')",
        labelAngle=0,
        labelLimit=110,
        domain=False,
        ticks=False,
        grid=True,
    )
    y = alt.Y("at:Q", axis=None).scale(domain=[-0.12, 1.08], nice=False)
    lines = (
        alt.Chart(alt.Data(values=rows))
        .transform_filter(KEPT)
        .mark_line(strokeWidth=1.4)
        .encode(
            x=x,
            y=y,
            detail="trial_id:N",
            color=alt.Color("role:N", legend=None).scale(
                domain=["front", "other"], range=[ACCENT, QUIET]
            ),
            opacity=alt.condition(
                "lit === '' ? datum.role === 'front' : datum.trial_id === lit",
                alt.value(0.95),
                alt.value(0.22),
            ),
            tooltip=[
                alt.Tooltip("trial_id:N", title="trial"),
                alt.Tooltip("axis:N", title="of"),
                alt.Tooltip("value:N", title="value"),
            ],
        )
    )
    marked = alt.Chart(alt.Data(values=labels)).encode(x=x, y=y)
    points = marked.mark_point(filled=True, size=70, color=INK, cursor="pointer").encode(
        opacity=alt.condition(
            "indexof(clicked, datum.axis + ': ' + datum.value) >= 0", alt.value(1), alt.value(0.35)
        )
    )
    words = marked.mark_text(align="left", dx=8, fontSize=11, color=INK, limit=90).encode(
        text="value:N"
    )
    params = [lit(), alt.param(name="kept", value=None), alt.param(name="clicked", value=[])]
    return alt.layer(lines, points, words).add_params(*params).properties(height=340)
