"""Judging metrics: fronts, hypervolume, scores and constraints. Pure functions, no I/O."""

from edgebench.objectives.constraints import is_feasible, total_violation, violated, violation
from edgebench.objectives.fidelity import (
    Standing,
    along_line,
    better_count,
    hopeful,
    next_promoted,
    ranked,
    standing_at,
)
from edgebench.objectives.free_volume import FreeVolume, by_volume
from edgebench.objectives.pareto import (
    certain_members,
    crowding_distance,
    dominates,
    front_indices,
    hypervolume,
    normalise,
    reaching_members,
)
from edgebench.objectives.repeats import (
    CONFIDENCE,
    Spread,
    confirmed_metrics,
    mean_accuracy,
    pooled_spread,
    spread_of,
)
from edgebench.objectives.score import (
    OBJECTIVE_KINDS,
    infeasible_score,
    oracle_score,
    points,
    scalar_score,
    sense,
)
from edgebench.objectives.selection import (
    Member,
    best_known,
    front_hypervolume,
    hypervolume_by_trial,
    pick,
    select_contenders,
    select_front,
)

__all__ = [
    "CONFIDENCE",
    "OBJECTIVE_KINDS",
    "FreeVolume",
    "Member",
    "Spread",
    "Standing",
    "along_line",
    "best_known",
    "better_count",
    "by_volume",
    "certain_members",
    "confirmed_metrics",
    "crowding_distance",
    "dominates",
    "front_hypervolume",
    "front_indices",
    "hopeful",
    "hypervolume",
    "hypervolume_by_trial",
    "infeasible_score",
    "is_feasible",
    "mean_accuracy",
    "next_promoted",
    "normalise",
    "oracle_score",
    "pick",
    "points",
    "pooled_spread",
    "ranked",
    "reaching_members",
    "scalar_score",
    "select_contenders",
    "select_front",
    "sense",
    "spread_of",
    "standing_at",
    "total_violation",
    "violated",
    "violation",
]
