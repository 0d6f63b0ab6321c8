"""What a search does next."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from edgebench.datasets import DatasetSpec
from edgebench.evaluators import Candidate, Slice
from edgebench.records import Suite, Trial
from edgebench.tuning.blueprints import baseline_of, blueprint_of
from edgebench.tuning.names import BASELINE_ID, next_trial_id, trial_number
from edgebench.tuning.oracles import Asked, Judge
from edgebench.tuning.rungs import Rungs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A candidate to evaluate. ``paused`` is the trial as it was put aside, where it goes on."""

    candidate: Candidate
    asked: Asked | None = None
    paused: Trial | None = None
    is_baseline: bool = False


class Agenda:
    """Hands out work: the baseline, then the best paused trial that may go on, else a candidate that the oracle asks for.

    Args:
        suite: Says how many candidates, and at which epochs they pause.
        spec: Of the data.
        judge: Is told of the trials given here, then of those that `tell` is given.
        ended: The trials that earlier processes ended.
        paused: Those that they left paused.
    """

    def __init__(
        self,
        suite: Suite,
        spec: DatasetSpec,
        judge: Judge,
        ended: Sequence[Trial],
        paused: Sequence[Trial],
    ) -> None:
        self._suite = suite
        self._spec = spec
        self._judge = judge
        self._histories = {trial.trial_id: len(trial.history) for trial in ended}
        self._taken = {trial.trial_id for trial in (*ended, *paused)}
        self._running: set[str] = set()
        self._is_idle = False
        self._rungs = Rungs(suite, ended, paused)
        searched = [trial for trial in (*ended, *paused) if not trial.is_baseline]
        for trial in sorted(searched, key=lambda trial: trial_number(trial.trial_id)):
            judge.replay(trial)

    @property
    def paused(self) -> tuple[Trial, ...]:
        return self._rungs.paused

    def next(self, *, may_ask: bool) -> Work | None:
        """Return what to do now, or None: nothing before running work is taken back, or at all where none is running.

        Args:
            may_ask: Whether a new candidate may be begun; those that were begun go on all the same.
        """
        work = self._next(may_ask=may_ask)
        if work is not None:
            self._taken.add(work.candidate.trial_id)
            self._running.add(work.candidate.trial_id)
        return work

    def take(self, work: Work, trial: Trial) -> Trial:
        """Take what became of work: a trial that ended, or one that paused. Return it as it is to be recorded."""
        if work.asked is not None:
            trial = dataclasses.replace(trial, oracle_state=work.asked.state)
        self._running.discard(trial.trial_id)
        self._is_idle = False
        self._histories[trial.trial_id] = len(trial.history)
        self._rungs.put(trial)
        return trial

    def tell(self, trial: Trial) -> None:
        """Let the oracle know of a trial, once it is recorded."""
        if not trial.is_baseline:
            self._judge.tell(trial)

    def going_on(self) -> set[str]:
        """Return the trials whose checkpoint is or may yet be of use."""
        paused = {trial.trial_id for trial in self._rungs.paused}
        return self._judge.continuable() | self._running | paused

    def give_up(self) -> Iterator[Trial]:
        """Yield the trials that are still paused, as pruned."""
        for trial in tuple(self._rungs.give_up()):
            self._rungs.put(trial)
            yield trial

    def _next(self, *, may_ask: bool) -> Work | None:
        if self._suite.baseline and BASELINE_ID not in self._taken:
            blueprint = baseline_of(self._suite, self._spec)
            candidate = Candidate(trial_id=BASELINE_ID, blueprint=blueprint)
            return Work(candidate=candidate, is_baseline=True)
        promoted = self._rungs.promote()
        if promoted is not None:
            return self._continued(promoted)
        if may_ask and not self._is_idle and self._begun() < self._suite.oracle.max_trials:
            trial_id = next_trial_id(self._taken)
            asked = self._judge.ask(trial_id)
            if asked is not None:
                return self._begun_by(trial_id, asked)
            self._is_idle = True
        if self._running:
            return None
        promoted = self._rungs.promote_last()
        return None if promoted is None else self._continued(promoted)

    def _begun(self) -> int:
        return len(self._taken - {BASELINE_ID})

    def _begun_by(self, trial_id: str, asked: Asked) -> Work:
        blueprint = blueprint_of(self._suite, self._spec, asked.values, is_baseline=False)
        part = self._rungs.part_after(0)
        if asked.until_epoch is not None:
            trained = self._histories.get(asked.source, 0)
            part = Slice(
                until_epoch=asked.until_epoch,
                from_epoch=trained,
                source=asked.source if trained else "",
            )
        candidate = Candidate(trial_id=trial_id, blueprint=blueprint, part=part)
        return Work(candidate=candidate, asked=asked)

    def _continued(self, trial: Trial) -> Work:
        blueprint = blueprint_of(self._suite, self._spec, trial.hyperparameters, is_baseline=False)
        part = self._rungs.part_after(len(trial.history))
        if part is not None:
            part = dataclasses.replace(part, source=trial.trial_id)
        candidate = Candidate(trial_id=trial.trial_id, blueprint=blueprint, part=part)
        return Work(candidate=candidate, paused=trial)
