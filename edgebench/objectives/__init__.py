"""Judging metrics: fronts, hypervolume, scores and constraints. Pure functions, no I/O."""

from edgebench.objectives.constraints import is_feasible, total_violation, violated, violation
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
    "best_known",
    "certain_members",
    "crowding_distance",
    "dominates",
    "front_hypervolume",
    "front_indices",
    "hypervolume",
    "hypervolume_by_trial",
    "infeasible_score",
    "is_feasible",
    "normalise",
    "oracle_score",
    "pick",
    "points",
    "scalar_score",
    "select_front",
    "sense",
    "total_violation",
    "violated",
    "violation",
]
