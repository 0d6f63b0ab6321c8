"""What a search knows: its trials as arrays, and what those that were cut short would have come to."""

from __future__ import annotations

from dataclasses import dataclass, field

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


def _none_earlier() -> Earlier:
    return Earlier(rows=np.empty(0, dtype=np.intp), losses=np.empty((0, 0)), fidelity=np.empty(0))


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
    earlier: Earlier = field(default_factory=_none_earlier)

    @property
    def is_full(self) -> npt.NDArray[np.bool_]:
        """Which were trained to the end."""
        return self.fidelity >= 1.0

    @property
    def is_live(self) -> npt.NDArray[np.bool_]:
        """Which are worth having: they beat the reference in every objective."""
        return np.asarray(~self.is_dead & (self.losses < 1.0).all(axis=1))

    def foretold(self, column: int, scale: Scale) -> tuple[Numbers, Numbers]:
        """Return each trial's target of an objective at the end of a full training, and its variance.

        Of a trial that was cut short it is a line's through what others had come to by then and what they came to in the
        end. Where there is no other, it is what it had come to.

        Args:
            column: Of the objective.
            scale: Makes targets of losses.
        """
        targets = scale.to_targets(self.losses[:, column])
        variance = np.zeros(len(targets))
        is_short = ~self.is_full & ~self.is_dead
        for share in np.unique(self.fidelity[is_short]):
            short = is_short & (self.fidelity == share)
            pairs = (self.earlier.fidelity == share) & self.is_full[self.earlier.rows]
            pairs &= ~self.is_dead[self.earlier.rows]
            before = scale.to_targets(self.earlier.losses[pairs][:, column])
            after = targets[self.earlier.rows[pairs]]
            variance[short] = UNPAIRED_VARIANCE
            if len(before):
                targets[short], about = along_line(before, after, targets[short])
                variance[short] = about if len(before) > 1 else UNPAIRED_VARIANCE
        return targets, variance
