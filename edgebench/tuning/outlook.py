"""What is believed of the losses of candidates that were not tried, from the trials that were."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from edgebench.objectives.pareto import Losses
from edgebench.tuning.experience import Foretold, Known
from edgebench.tuning.features import Vectors
from edgebench.tuning.surrogate import (
    LEAST_LOSS,
    Belief,
    Numbers,
    Scale,
    Surrogate,
    chance_to_live,
    forest_belief,
)

QUANTILES = norm.ppf((np.arange(8) + 0.5) / 8)
SHUFFLES = ((0, 1, 2, 3, 4, 5, 6, 7), (3, 6, 0, 5, 2, 7, 1, 4), (5, 2, 7, 0, 6, 1, 4, 3))
"""One order of the quantiles an objective, so that beliefs are not taken to rise and fall together."""

MOST_TOLD = 400


class Outlook:
    """Models of each objective, learnt from what is known.

    Args:
        known: The trials.
        foretold: What they came to, or would have; at least three are live.
        is_cheap: Which objectives are told before training.
        told: Vectors and losses of candidates that cheap metrics are known of, NaN in the other columns.
        seed: Of the forests.
    """

    def __init__(
        self,
        known: Known,
        foretold: Foretold,
        is_cheap: npt.NDArray[np.bool_],
        told: tuple[Vectors, Losses],
        seed: int,
    ) -> None:
        self._known = known
        self._is_cheap = is_cheap
        self._told = told[0][-MOST_TOLD:], told[1][-MOST_TOLD:]
        self._seed = seed
        self._scales: dict[int, Scale] = {}
        self._models: dict[int, Surrogate] = {}
        self._is_live = live = foretold.is_live
        for column in np.flatnonzero(~is_cheap):
            losses = foretold.losses[live, column]
            scale = self._scales[column] = Scale.of(losses)
            variance = foretold.variance[live, column]
            self._models[column] = Surrogate(seed).fit(
                known.vectors[live], scale.to_targets(losses), variance
            )

    def losses(self, vectors: Vectors, exact: Losses) -> npt.NDArray[np.float64]:
        """Return losses at every quantile of what is believed, shape (rows, quantiles, objectives).

        Args:
            vectors: One row a candidate.
            exact: Shape (rows, objectives); NaN where a loss is not known.
        """
        objectives = exact.shape[1]
        points = np.repeat(exact[:, None, :], len(QUANTILES), axis=1)
        for column in range(objectives):
            unknown = np.isnan(exact[:, column])
            if unknown.any():
                order = SHUFFLES[column % len(SHUFFLES)]
                belief, scale = self._believe(column, vectors[unknown])
                points[unknown, :, column] = scale.to_losses(
                    belief.quantiles(QUANTILES[list(order)])
                )
        return points

    def chance(self, vectors: Vectors, exact: Losses) -> Numbers:
        """Return the chance of each candidate to be worth having."""
        known = self._known
        told = np.nan_to_num(known.losses[:, self._is_cheap], nan=1.0)
        cheap = np.log(np.maximum(told, LEAST_LOSS))
        asked_cheap = np.log(np.maximum(exact[:, self._is_cheap], LEAST_LOSS))
        views = [
            (np.hstack([known.vectors, cheap]), np.hstack([vectors, asked_cheap])),
        ]
        if self._is_cheap.any():
            views.append((cheap, asked_cheap))
        return chance_to_live(views, self._is_live, self._seed)

    def _believe(self, column: int, vectors: Vectors) -> tuple[Belief, Scale]:
        if column in self._models:
            return self._models[column].believe(vectors), self._scales[column]
        told_vectors, told_losses = self._told
        scale = Scale.of(told_losses[:, column])
        targets = scale.to_targets(told_losses[:, column])
        return forest_belief(told_vectors, targets, vectors, self._seed), scale
