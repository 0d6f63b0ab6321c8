"""The paused trials of a search: which goes on next, how far, and which are given up at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from edgebench.evaluators import Slice
from edgebench.objectives import Standing, better_count, hopeful, next_promoted, ranked, standing_at
from edgebench.records import Status, Suite, Trial
from edgebench.tuning.pipeline import now_utc


class Rungs:
    """Asynchronous successive halving, of the promotion type, over the rungs of a suite.

    Args:
        suite: Its ``fidelity`` gives the rungs; without one no trial pauses.
        ended: The trials that earlier processes ended.
        paused: The trials that they left paused.
    """

    def __init__(self, suite: Suite, ended: Iterable[Trial], paused: Iterable[Trial]) -> None:
        self._suite = suite
        self._rungs = suite.fidelity.rungs if suite.fidelity else ()
        self._paused = {trial.trial_id: trial for trial in paused}
        self._others = {trial.trial_id: trial for trial in ended}

    @property
    def paused(self) -> tuple[Trial, ...]:
        return tuple(self._paused.values())

    def part_after(self, epochs: int) -> Slice | None:
        """Return how far training goes that has come so far, or None where it goes to its end in one go."""
        if not self._rungs:
            return None
        for rung in self._rungs:
            if rung > epochs:
                return Slice(until_epoch=rung, from_epoch=epochs, pauses=True)
        return Slice(until_epoch=self._suite.training.max_epochs, from_epoch=epochs)

    def put(self, trial: Trial) -> None:
        """Take a trial that paused or ended."""
        is_paused = trial.status is Status.RUNNING
        (self._paused if is_paused else self._others)[trial.trial_id] = trial
        (self._others if is_paused else self._paused).pop(trial.trial_id, None)

    def promote(self) -> Trial | None:
        """Return the paused trial to go on with, of the highest rung that has one; it is then no longer paused."""
        factor = self._suite.fidelity.factor if self._suite.fidelity else 2
        for rung in reversed(self._rungs):
            if not self._paused_at(rung):
                continue
            standings = self._standings(rung)
            waiting = self._hopeful(rung, standings)
            chosen = next_promoted(standings, waiting, factor) if waiting else None
            if chosen is not None:
                return self._leave(chosen)
        return None

    def promote_last(self) -> Trial | None:
        """Return the best trial of the highest rung, where otherwise none would ever be trained to the end."""
        is_done = any(trial.status is Status.COMPLETED for trial in self._others.values())
        if is_done or not self._paused:
            return None
        top = max(self._rung_of(trial) for trial in self._paused.values())
        order = ranked(self._standings(top))
        return self._leave(next(s.trial_id for s in order if s.trial_id in self._paused))

    def give_up(self) -> Iterator[Trial]:
        """Yield every paused trial as pruned, with the reason."""
        last = self._suite.training.max_epochs
        for rung in self._rungs:
            standings = self._standings(rung)
            may_go_on = self._hopeful(rung, standings)
            for trial in self._paused_at(rung):
                better = better_count(trial.trial_id, standings)
                why = f"{better} of {len(standings)} there were better"
                if trial.trial_id not in may_go_on:
                    why = "even at its end another would be as good in everything"
                yield dataclasses.replace(
                    trial,
                    status=Status.PRUNED,
                    reason=f"stopped at {len(trial.history)} of {last} epochs: {why}",
                    finished_utc=now_utc(),
                )

    def _leave(self, trial_id: str) -> Trial:
        trial = self._others[trial_id] = self._paused.pop(trial_id)
        return trial

    def _paused_at(self, rung: int) -> list[Trial]:
        return [trial for trial in self._paused.values() if self._rung_of(trial) == rung]

    def _hopeful(self, rung: int, standings: Sequence[Standing]) -> set[str]:
        """Return the trials paused at a rung that may yet be on the front; of one score, all."""
        paused = {trial.trial_id for trial in self._paused_at(rung)}
        if self._suite.objective != "pareto":
            return paused
        there = {standing.trial_id: standing for standing in standings}
        ended = self._standings(self._suite.training.max_epochs)
        pairs = [
            (there[end.trial_id], end)
            for end in ended
            if end.violation == 0.0 and end.trial_id in there
        ]
        waiting = [standing for standing in standings if standing.trial_id in paused]
        return {standing.trial_id for standing in hopeful(waiting, pairs)}

    def _rung_of(self, trial: Trial) -> int:
        """Return the highest rung that a paused trial has reached."""
        return max((rung for rung in self._rungs if rung <= len(trial.history)), default=0)

    def _standings(self, rung: int) -> Sequence[Standing]:
        suite = self._suite
        trials = (*self._others.values(), *self._paused.values())
        found = (
            standing_at(
                rung,
                trial,
                suite.objective,
                suite.objectives,
                suite.constraints,
                suite.training.watch,
            )
            for trial in trials
            if not trial.is_baseline
        )
        return [standing for standing in found if standing is not None]
