"""Fewer trials than a run has, for charts that would be too full or too large with all."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records import Trial
from edgebench.report.view import RunView


def thinned(view: RunView, trials: Sequence[Trial], most: int) -> list[Trial]:
    """Return all of the trials, or of more than ``most`` the winners and others evenly chosen, in their order."""
    if len(trials) <= most:
        return list(trials)
    winners = {trial.trial_id for trial in view.winners}
    others = [trial for trial in trials if trial.trial_id not in winners]
    places = max(0, most - (len(trials) - len(others)))
    kept = {others[number * len(others) // places].trial_id for number in range(places)}
    return [trial for trial in trials if trial.trial_id in winners | kept]
