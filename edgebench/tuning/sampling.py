"""keras-tuner's hyperparameters as Optuna's distributions, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial


@dataclass(frozen=True, slots=True)
class Axis:
    """One hyperparameter as the sampler sees it.

    Ordered choices become their index, and numbers on a logarithmic scale their share of the range, so that
    neighbours stay neighbours.
    """

    hyperparameter: Any
    distribution: BaseDistribution

    @property
    def name(self) -> str:
        return str(self.hyperparameter.name)

    def suggest(self, trial: Trial, name: str) -> Any:
        """Draw a value of the hyperparameter from a running Optuna trial."""
        shape = self.distribution
        if isinstance(shape, CategoricalDistribution):
            return self.to_value(trial.suggest_categorical(name, shape.choices))
        if isinstance(shape, IntDistribution):
            return self.to_value(trial.suggest_int(name, shape.low, shape.high, step=shape.step))
        if isinstance(shape, FloatDistribution):
            return self.to_value(trial.suggest_float(name, shape.low, shape.high, step=shape.step))
        raise TypeError(f"{name} has a distribution of unknown kind")

    def to_value(self, sampled: Any) -> Any:
        kind = type(self.hyperparameter).__name__
        if kind == "Choice" and isinstance(self.distribution, IntDistribution):
            return self.hyperparameter.values[sampled]
        if isinstance(self.distribution, FloatDistribution) and self._is_share():
            return self.hyperparameter.prob_to_value(sampled)
        return sampled

    def to_sampled(self, value: Any) -> Any:
        kind = type(self.hyperparameter).__name__
        if kind == "Choice" and isinstance(self.distribution, IntDistribution):
            return list(self.hyperparameter.values).index(value)
        if isinstance(self.distribution, FloatDistribution) and self._is_share():
            return self.hyperparameter.value_to_prob(value)
        return value

    def _is_share(self) -> bool:
        return _has_scale(self.hyperparameter)


def axis_of(hyperparameter: Any) -> Axis | None:
    """Return the axis of a keras-tuner hyperparameter, or None for one that is fixed."""
    kind = type(hyperparameter).__name__
    distribution: BaseDistribution
    if kind == "Fixed":
        return None
    if kind == "Boolean":
        distribution = CategoricalDistribution([False, True])
    elif kind == "Choice":
        values = list(hyperparameter.values)
        distribution = (
            IntDistribution(0, len(values) - 1)
            if hyperparameter.ordered and len(values) > 2
            else CategoricalDistribution(values)
        )
    elif _has_scale(hyperparameter):
        distribution = FloatDistribution(0.0, 1.0)
    elif kind == "Int":
        low, high, step = hyperparameter.min_value, hyperparameter.max_value, hyperparameter.step
        distribution = IntDistribution(low, high - (high - low) % (step or 1), step=step or 1)
    elif kind == "Float":
        distribution = FloatDistribution(
            hyperparameter.min_value, hyperparameter.max_value, step=hyperparameter.step
        )
    else:
        raise TypeError(f"hyperparameter {hyperparameter.name} is of unknown kind {kind}")
    return Axis(hyperparameter, distribution)


def _has_scale(hyperparameter: Any) -> bool:
    return getattr(hyperparameter, "sampling", None) in ("log", "reverse_log")


class AxisNames:
    """Gives each axis a name that always has one distribution, which Optuna requires.

    A hyperparameter may stand in several conditional scopes under one name; if its range differs there, each
    range gets a name of its own.
    """

    def __init__(self) -> None:
        self._known: dict[str, BaseDistribution] = {}

    def name(self, axis: Axis) -> str:
        name, copies = axis.name, 1
        while self._known.setdefault(name, axis.distribution) != axis.distribution:
            copies += 1
            name = f"{axis.name}#{copies}"
        return name
