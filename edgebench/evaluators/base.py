"""What is asked of a candidate, cheapest question first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from edgebench.records import Cost, DataPlan, Metric, TrainingPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """All that a worker needs to build one network, in any process.

    ``values`` are the active hyperparameters; ``seed`` draws the initial weights.
    """

    template: str
    options: Mapping[str, Any] = field(default_factory=dict)
    input_shapes: tuple[tuple[int, ...], ...]
    classes: int
    values: Mapping[str, Any]
    seed: int = 0

    def template_object(self) -> Any:
        from edgebench.templates import load_template

        return load_template(
            self.template,
            input_shapes=self.input_shapes,
            classes=self.classes,
            options=self.options,
        )

    def build(self, devices: Sequence[str] = ()) -> Any:
        """Return the untrained Keras model; the same blueprint gives the same weights.

        Args:
            devices: On which it will be trained, as `TrainingJob` says.
        """
        import keras

        from edgebench.training import training_scope

        keras.backend.clear_session()
        keras.utils.set_random_seed(self.seed)
        with training_scope(devices):
            return self.template_object().assemble(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """How a candidate is trained, on what, and where its best weights go.

    Training goes up to ``until_epoch`` of the plan, or to its end. ``read_from`` is the checkpoint to go on from, after
    ``from_epoch`` epochs; ``write_to`` where to leave one. Weights are left unless the training ``pauses`` before it is
    over. Each batch is split over ``devices``; without them Keras chooses the one to train on.
    """

    blueprint: Blueprint
    data: DataPlan
    plan: TrainingPlan
    weights_path: str
    from_epoch: int = 0
    until_epoch: int | None = None
    pauses: bool = False
    read_from: str | None = None
    write_to: str | None = None
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a training that leaves a checkpoint.

    It goes on after ``from_epoch`` epochs from the checkpoint of trial ``source``, or starts anew where that is empty.
    ``pauses`` says that the candidate is then put aside, unless its training is over.
    """

    until_epoch: int
    from_epoch: int = 0
    source: str = ""
    pauses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A blueprint in a search. ``known`` holds what earlier evaluators found beside metrics; without ``part`` it is
    trained in one go."""

    trial_id: str
    blueprint: Blueprint
    known: Mapping[str, Any] = field(default_factory=dict)
    part: Slice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one evaluator found: metrics, and facts by name for the trial and for later evaluators."""

    metrics: tuple[Metric, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


class Evaluator(Protocol):
    """Called by the search for each candidate, in ascending cost; a limit that is broken ends the candidate.

    Safe to call from several threads at once. Raises `EdgebenchError` where a number could not be had.
    """

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics it finds."""
        ...

    @property
    def cost(self) -> Cost: ...

    def evaluate(self, candidate: Candidate) -> Findings: ...


class FixedEvaluator:
    """Answers every candidate alike: for tests of the search."""

    def __init__(self, cost: Cost, findings: Findings) -> None:
        self.cost = cost
        self.findings = findings
        self.asked: list[str] = []

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(metric.name for metric in self.findings.metrics)

    def evaluate(self, candidate: Candidate) -> Findings:
        self.asked.append(candidate.trial_id)
        return self.findings
