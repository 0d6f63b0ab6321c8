"""How much each choice of a network decides where it ends, for each objective.

Source: Watanabe, Bansal and Hutter 2023, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
Subspaces", as Optuna computes it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgebench.records import Goal, Objective, Trial
from edgebench.report.view import RunView

LEAST_TRIALS = 10
MOST_TRIALS = 1000
TOP_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Of one choice for one objective: its share of what all choices decide, in [0, 1]."""

    objective: str
    choice: str
    share: float


def importances(view: RunView) -> tuple[Importance, ...]:
    """Return what decides whether a trial is among the best quarter, objective by objective.

    Of more than 1000 trials that many count, evenly chosen: their shares differ little from those of all.
    An objective that fewer than 10 searched trials have is left out; so is one that no choice decides. Choices that were never
    varied do not count.
    """
    return tuple(found for objective in view.run.suite.objectives for found in _of(objective, view))


def _of(objective: Objective, view: RunView) -> list[Importance]:
    told = [
        (trial, value)
        for trial in view.searched
        if (value := view.value(trial, objective.metric)) is not None
    ]
    told = told[:: -(-len(told) // MOST_TRIALS) or 1]
    if len(told) < LEAST_TRIALS or len({value for _, value in told}) < 2:
        return []
    shares = _shares(objective, told)
    total = sum(shares.values())
    if not total > 0.0:
        return []
    return [
        Importance(objective=objective.metric, choice=choice, share=share / total)
        for choice, share in shares.items()
    ]


def _shares(objective: Objective, told: Sequence[tuple[Trial, float]]) -> dict[str, float]:
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator

    domains = _domains([trial.hyperparameters for trial, _ in told])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            study = optuna.create_study(
                direction="maximize" if objective.goal is Goal.MAX else "minimize"
            )
            for trial, value in told:
                active = {n: v for n, v in trial.hyperparameters.items() if n in domains}
                study.add_trial(
                    optuna.trial.create_trial(
                        params={n: _plain(v, domains[n]) for n, v in active.items()},
                        distributions={n: domains[n] for n in active},
                        value=value,
                    )
                )
            evaluator = PedAnovaImportanceEvaluator(target_quantile=TOP_SHARE)
            return dict(evaluator.evaluate(study))
        finally:
            optuna.logging.set_verbosity(verbosity)


def _domains(seen: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what each choice was drawn from, as far as the trials tell; those with one value are left out."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    domains: dict[str, Any] = {}
    for name in dict.fromkeys(name for values in seen for name in values):
        values = [each[name] for each in seen if name in each]
        is_partial = len(values) < len(seen)
        distinct = set(map(str, values))
        if len(distinct) < 2 and not is_partial:
            continue
        numbers = [
            float(v)
            for v in values
            if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
        ]
        if len(numbers) == len(values) and len(distinct) > 2:
            low, high = min(numbers), max(numbers)
            domains[name] = FloatDistribution(low, high, log=low > 0 and high / low > 30)
        else:
            domains[name] = CategoricalDistribution(sorted(distinct))
    return domains


def _plain(value: Any, domain: Any) -> Any:
    from optuna.distributions import CategoricalDistribution

    return str(value) if isinstance(domain, CategoricalDistribution) else float(value)
