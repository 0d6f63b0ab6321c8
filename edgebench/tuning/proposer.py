"""Which candidate to try next, for several objectives of which some are known before training."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgebench.objectives import FreeVolume, front_indices, normalise
from edgebench.objectives.pareto import Losses
from edgebench.records import Goal
from edgebench.tuning.experience import Earlier, Known
from edgebench.tuning.features import Features, Vectors
from edgebench.tuning.outlook import Outlook
from edgebench.tuning.walk import Values, Walk, key_of

Cheap = Callable[[dict[str, Any]], Mapping[str, float]]
RANDOM_COUNT = 600
EDIT_COUNT = 600
LEAST_LIVE = 3
MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is known of one trial.

    Args:
        values: Its active hyperparameters.
        metrics: What was measured of the objectives.
        is_dead: Whether it failed, or broke a limit.
        fidelity: The share of the full training that its metrics come from, above 0.
        earlier: What was measured after smaller shares of its training, by share.
    """

    values: Mapping[str, Any]
    metrics: Mapping[str, float]
    is_dead: bool = False
    fidelity: float = 1.0
    earlier: Mapping[float, Mapping[str, float]] = field(default_factory=dict)


class Proposer:
    """Proposes the candidate with the largest expected gain of hypervolume.

    Many candidates are drawn, at random and by editing members of the front. Their cheap metrics are computed; what
    training alone tells is believed (`Outlook`). The gain (`FreeVolume`) is averaged over the quantiles of what is
    believed, and counts by the chance that the candidate is worth having at all. What runs already counts as if it were
    on the front at its believed losses, so that a batch does not crowd in one place.

    Args:
        space: keras-tuner's hyperparameters.
        goals: The objectives.
        cheap: ``f(values) -> metrics`` of some objectives, exact, the same ones at each call. Its newest answers are kept.
        cheap_calls: The most candidates that it is asked for in one proposal: those with the largest gain by what is
            believed of their cheap metrics.
        seed: Two proposers with one seed and one history propose the same.

    Sources: Emmerich et al. 2006, expected hypervolume improvement; White et al. 2021, "BANANAS", for edits of the
    best. What else was tried, and lost, stands in tests/benchmarks/README.md.
    """

    def __init__(
        self,
        space: Any,
        goals: Mapping[str, Goal],
        *,
        cheap: Cheap | None = None,
        cheap_calls: int = 64,
        seed: int = 0,
    ) -> None:
        self._goals = dict(goals)
        self._walk = Walk(space)
        self._features = Features(space)
        self._cheap = cheap
        self._cheap_calls = cheap_calls
        self._seed = seed
        self._told: dict[Any, tuple[Vectors, Mapping[str, float]]] = {}

    def propose(
        self,
        observations: Sequence[Observation],
        running: Sequence[Mapping[str, Any]],
        references: Mapping[str, float],
        taken: Collection[Any],
    ) -> Values | None:
        """Return the values of the next candidate, or None where no untried one was found.

        Args:
            observations: Of all ended trials.
            running: Values of the trials that run.
            references: The worst value worth having of each objective.
            taken: `key_of` every candidate that may not be proposed.
        """
        number = len(observations) + len(running)
        rng = random.Random(f"{self._seed}/{number}")  # noqa: S311
        known = self._known(observations, references)
        live = np.flatnonzero(known.is_live & known.is_full)
        front = live[front_indices(known.losses[live])]
        pool = self._pool([observations[i].values for i in front], taken, rng)
        foretold = known.foretold()
        if not pool or foretold.is_live.sum() < LEAST_LIVE:
            return pool[0] if pool else None
        exact = self._exact(pool[:1], references)
        outlook = Outlook(
            known,
            foretold,
            ~np.isnan(exact[0]),
            self._told_losses(references),
            1000 * self._seed + number,
        )
        members = known.losses[front]
        if running:
            expected = outlook.losses(
                self._features.vectors(running), self._exact(running, references)
            )
            members = np.vstack([members, expected.mean(axis=1)])
        lowest = known.losses[live].min(axis=0, initial=0.0)
        volume = FreeVolume(members, lowest)
        vectors = self._features.vectors(pool)
        rows = np.arange(len(pool))
        if self._cheap and len(pool) > self._cheap_calls:
            unknown = np.full((len(pool), len(self._goals)), np.nan)
            first = volume.gain(outlook.losses(vectors, unknown)).mean(axis=1)
            rows = np.argsort(-first, kind="stable")[: self._cheap_calls]
        exact = self._exact([pool[i] for i in rows], references)
        gain = volume.gain(outlook.losses(vectors[rows], exact)).mean(axis=1)
        return pool[int(rows[np.argmax(gain * outlook.chance(vectors[rows], exact))])]

    def known_before(self, values: Mapping[str, Any]) -> Mapping[str, float]:
        """Return the objectives that ``cheap`` tells of a candidate; none without it."""
        if self._cheap is None:
            return {}
        key = key_of(values)
        if key not in self._told:
            told = self._cheap(dict(values))
            vector = self._features.vectors([values])[0]
            self._told[key] = vector, {n: told[n] for n in self._goals if n in told}
            if len(self._told) > MOST_REMEMBERED:
                del self._told[next(iter(self._told))]
        return self._told[key][1]

    def _pool(
        self, parents: Sequence[Mapping[str, Any]], taken: Collection[Any], rng: random.Random
    ) -> list[Values]:
        """Return untried candidates, each once: random ones, and neighbours of the parents."""
        drawn = [self._walk.sample(rng) for _ in range(RANDOM_COUNT)]
        if parents:
            drawn += [self._walk.edit(rng.choice(parents), rng) for _ in range(EDIT_COUNT)]
        pool = {key_of(values): values for values in drawn}
        return [values for key, values in pool.items() if key not in taken]

    def _known(self, observations: Sequence[Observation], references: Mapping[str, float]) -> Known:
        earlier = [(row, f, m) for row, o in enumerate(observations) for f, m in o.earlier.items()]
        return Known(
            vectors=self._features.vectors([o.values for o in observations]),
            losses=self._losses([o.metrics for o in observations], references),
            fidelity=np.array([o.fidelity for o in observations], dtype=np.float64),
            is_dead=np.array([o.is_dead for o in observations], dtype=np.bool_),
            earlier=Earlier(
                rows=np.array([row for row, _, _ in earlier], dtype=np.intp),
                losses=self._losses([metrics for _, _, metrics in earlier], references),
                fidelity=np.array([share for _, share, _ in earlier], dtype=np.float64),
            ),
        )

    def _losses(
        self, metrics: Sequence[Mapping[str, float]], references: Mapping[str, float]
    ) -> Losses:
        """Return normalised losses, NaN where a metric is not known."""
        goals = list(self._goals.values())
        signs = np.array([-1.0 if goal is Goal.MAX else 1.0 for goal in goals])
        table = [[each.get(name, np.nan) for name in self._goals] for each in metrics]
        losses = np.asarray(table, dtype=np.float64).reshape(len(metrics), len(goals)) * signs
        return normalise(losses, goals, [references[name] for name in self._goals])

    def _exact(
        self, candidates: Sequence[Mapping[str, Any]], references: Mapping[str, float]
    ) -> Losses:
        """Return the losses that cheap metrics tell of candidates, NaN in the other columns."""
        return self._losses([self.known_before(values) for values in candidates], references)

    def _told_losses(self, references: Mapping[str, float]) -> tuple[Vectors, Losses]:
        vectors = [vector for vector, _ in self._told.values()]
        losses = self._losses([metrics for _, metrics in self._told.values()], references)
        return np.asarray(vectors).reshape(len(vectors), len(self._features)), losses
