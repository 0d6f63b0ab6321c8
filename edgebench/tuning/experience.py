"""What a search knows: its trials as arrays, and what those that were cut short would have come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgebench.objectives import along_line
from edgebench.objectives.pareto import Losses
from edgebench.tuning.features import Vectors
from edgebench.tuning.surrogate import Numbers, Scale

UNPAIRED_VARIANCE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was known of trials after smaller shares of their training, a row each.

    Args:
        rows: Which trial, as a row of `Known`.
        losses: Shape (rows, objectives), as those of `Known`.
        fidelity: The share of the full training.
    """

    rows: npt.NDArray[np.intp]
    losses: Losses
    fidelity: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Trials as arrays, a row each.

    Args:
        vectors: Their features.
        losses: Shape (trials, objectives), normalised: 1 at the reference. NaN where nothing was measured.
        fidelity: The share of the full training behind each.
        is_dead: Those that failed, or broke a limit.
        earlier: What was known of them before.
    """

    vectors: Vectors
    losses: Losses
    fidelity: Numbers
    is_dead: npt.NDArray[np.bool_]
    earlier: Earlier

    @property
    def is_full(self) -> npt.NDArray[np.bool_]:
        """Which were trained to the end."""
        return self.fidelity >= 1.0

    @property
    def is_live(self) -> npt.NDArray[np.bool_]:
        """Which are worth having: they beat the reference in every objective."""
        return np.asarray(~self.is_dead & (self.losses < 1.0).all(axis=1))

    def foretold(self) -> Foretold:
        """Return what each trial came to, or would have come to at the end of a full training.

        Of a trial that was cut short that is a line's through what others had come to by then and what they came to in
        the end, objective by objective. Where there is no other, it is what it had come to.
        """
        losses, variance = self.losses.copy(), np.zeros(self.losses.shape)
        is_short = ~self.is_full & ~self.is_dead
        for column in range(losses.shape[1]):
            is_seen = ~self.is_dead & np.isfinite(losses[:, column])
            if not (is_seen & is_short).any():
                continue
            scale = Scale.of(losses[is_seen, column])
            for share in np.unique(self.fidelity[is_short]):
                asked = is_short & (self.fidelity == share)
                targets, about = self._at_the_end(column, scale, share, losses[asked, column])
                losses[asked, column], variance[asked, column] = scale.to_losses(targets), about
        is_live = ~self.is_dead & (losses < 1.0).all(axis=1)
        return Foretold(losses=losses, variance=variance, is_live=is_live)

    def _at_the_end(
        self, column: int, scale: Scale, share: float, losses: Numbers
    ) -> tuple[Numbers, float]:
        """Return the targets that losses after a share of the training foretell, and their variance."""
        asked = scale.to_targets(losses)
        rows = self.earlier.rows
        pairs = (self.earlier.fidelity == share) & (self.is_full & ~self.is_dead)[rows]
        if not pairs.any():
            return asked, UNPAIRED_VARIANCE
        before = scale.to_targets(self.earlier.losses[pairs][:, column])
        after = scale.to_targets(self.losses[rows[pairs], column])
        targets, variance = along_line(before, after, asked)
        return targets, variance if len(before) > 1 else UNPAIRED_VARIANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What trials came to, or would have.

    Args:
        losses: Shape (trials, objectives).
        variance: Same shape: of their targets (`Scale`), 0 where the training was whole.
        is_live: Which are worth having, then.
    """

    losses: Losses
    variance: Numbers
    is_live: npt.NDArray[np.bool_]
