"""The networks of a report, drawn block by block."""

from __future__ import annotations

from dataclasses import dataclass

from edgebench.records import Trial
from edgebench.report.view import RunView
from edgebench.templates import draw_svg

MOST_MEMBERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One network: its trial, and its drawing as an SVG element in which all text is escaped."""

    trial: Trial
    svg: str


def draw_architectures(view: RunView) -> tuple[Architecture, ...]:
    """Return the pick, the other members of the front and the baseline, drawn.

    No more than 12 members are drawn, so that the page stays small, and none of a run that was recorded before
    drawings were.
    """
    front = sorted(view.front, key=lambda member: not view.is_pick(member.trial.trial_id))
    drawable = [member.trial for member in front if member.trial.blocks][:MOST_MEMBERS]
    if view.baseline and view.baseline.blocks:
        drawable.append(view.baseline)
    return tuple(
        Architecture(
            trial=trial, svg=draw_svg(trial.blocks, f"{trial.trial_id}: {trial.architecture}")
        )
        for trial in drawable
    )
