"""Judging metrics: fronts, hypervolume, scores and constraints. Pure functions, no I/O."""

from edgebench.objectives.constraints import is_feasible, total_violation, violated, violation
from edgebench.objectives.fidelity import (
    Standing,
    better_count,
    next_promoted,
    ranked,
    standing_at,
)
from edgebench.objectives.pareto import (
    certain_members,
    crowding_distance,
    dominates,
    front_indices,
    hypervolume,
    normalise,
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
    select_front,
)

__all__ = [
    "OBJECTIVE_KINDS",
    "Member",
    "Standing",
    "best_known",
    "better_count",
    "certain_members",
    "crowding_distance",
    "dominates",
    "front_hypervolume",
    "front_indices",
    "hypervolume",
    "hypervolume_by_trial",
    "infeasible_score",
    "is_feasible",
    "next_promoted",
    "normalise",
    "oracle_score",
    "pick",
    "points",
    "ranked",
    "scalar_score",
    "select_front",
    "sense",
    "standing_at",
    "total_violation",
    "violated",
    "violation",
]
