"""Training one network: epochs, early stopping, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.datasets import Floats, Part
from edgebench.errors import WorkError
from edgebench.records import TrainingPlan
from edgebench.training.augment import augmented
from edgebench.training.checkpoint import CheckpointError, TrainingState, assign, snapshot
from edgebench.training.exam import Exam
from edgebench.training.inputs import Inputs
from edgebench.training.steps import Stepper, stepper_for

PREDICT_BATCH = 256
PREDICT_PIXELS = PREDICT_BATCH * 64 * 64
AUGMENTING = 1
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """Where training stands; the model is left with the weights of ``best_epoch``.

    ``steps_s`` is the time that this call spent inside train steps and validation, of ``total_s``; the first step, which
    the framework prepares for, is not in it. ``is_over`` says whether the plan leaves nothing to train. ``marks`` are all
    metrics of those weights, by name.
    """

    state: TrainingState
    best_epoch: int
    marks: Mapping[str, float]
    is_over: bool
    steps_s: float
    total_s: float

    @property
    def history(self) -> tuple[float, ...]:
        """The metric that is watched after each epoch, those of earlier calls included."""
        return self.state.history

    @property
    def best(self) -> float:
        """The metric that is watched, after the best epoch."""
        return self.history[self.best_epoch - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """A network and its optimizer, made ready once and trained in as many parts as it takes: see `prepare`."""

    model: Any
    rule: Any
    stepper: Stepper
    learning_rate: float
    seed: int
    exam: Exam


def prepare(
    model: Any, *, optimizer: str, learning_rate: float, seed: int, exam: Exam | None = None
) -> Trainee:
    """Make a network ready to be trained; its outputs suit the loss, or it is compiled with its own.

    Args:
        model: A built Keras model.
        optimizer: A Keras optimizer name, ``adam`` or ``rmsprop`` for example; a compiled model keeps its own.
        learning_rate: Above 0; really used, and lowered as the plan's schedule says; a compiled model keeps its own.
        seed: With the number of the epoch it draws the order of examples, and how they are changed.
        exam: What it learns; a classifier's by default.
    """
    import keras

    exam = exam or Exam()
    rule = keras.optimizers.get(
        {"class_name": optimizer, "config": {"learning_rate": learning_rate}}
    )
    return Trainee(
        model=model,
        rule=rule,
        stepper=stepper_for(model, rule, exam.loss),
        learning_rate=learning_rate,
        seed=seed,
        exam=exam,
    )


def fit(
    trainee: Trainee,
    train: Part,
    validation: Part,
    plan: TrainingPlan,
    *,
    state: TrainingState | None = None,
    until_epoch: int | None = None,
) -> FitResult:
    """Train on one part, and judge each epoch on another.

    Stops early after ``plan.patience`` epochs without a better one. Trained in parts, each from the
    state that the one before returned, it ends as it does in one go; where one thread computes, to the bit.

    Args:
        trainee: From `prepare`; one that was trained already needs a state.
        state: Where to go on; without it training starts at the first epoch.
        until_epoch: The last epoch of this call, from 1; ``plan.max_epochs`` by default.

    Raises:
        WorkError: the loss, or what the network answers, stopped being a number.
        CheckpointError: the state is not of this model and optimizer.

    Source: the cosine schedule is Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
    """
    import keras

    started = time.perf_counter()
    model, stepper, seed, exam = trainee.model, trainee.stepper, trainee.seed, trainee.exam
    keras.utils.set_random_seed(seed)
    history: list[float] = []
    best = snapshot(model.weights)
    if state is not None:
        assign(stepper.variables, state.variables)
        if [array.shape for array in best] != [array.shape for array in state.best]:
            raise CheckpointError("the checkpoint is of another network")
        history, best = list(state.history), state.best
    targets, best_outputs = exam.loss.targets(train.y), None
    steps_s, has_stepped = 0.0, False
    steps = math.ceil(len(train) / plan.batch_size)
    last_epoch = min(until_epoch or plan.max_epochs, plan.max_epochs)
    while len(history) < last_epoch and not _is_over(history, plan, exam):
        epoch = len(history) + 1
        steps_started = time.perf_counter()
        rates = scheduled_rates(plan, trainee.learning_rate, steps, epoch)
        draw = np.random.default_rng((seed, epoch, AUGMENTING))
        for rows, rate in zip(
            _batches(len(train), plan.batch_size, seed, epoch), rates, strict=True
        ):
            trainee.rule.learning_rate = rate
            batch = tuple(array[rows] for array in train.inputs)
            asked = targets[rows]
            if plan.augment:
                batch, asked = augmented(batch, asked, plan.augment, draw)
            _require_number("the loss", stepper.train(batch, asked), epoch)
            if not has_stepped:
                has_stepped, steps_started = True, time.perf_counter()
        outputs = predict(stepper, validation.inputs)
        _require_number("an output", outputs, epoch)
        history.append(exam.mark(outputs, validation))
        steps_s += time.perf_counter() - steps_started
        if exam.best_epoch(history) == epoch:
            best, best_outputs = snapshot(model.weights), outputs
    reached = TrainingState(
        variables=snapshot(stepper.variables), best=best, history=tuple(history)
    )
    assign(model.weights, best)
    if best_outputs is None:
        best_outputs = predict(stepper, validation.inputs)
    return FitResult(
        state=reached,
        best_epoch=exam.best_epoch(history),
        marks=exam.marks(best_outputs, validation),
        is_over=_is_over(history, plan, exam),
        steps_s=steps_s,
        total_s=time.perf_counter() - started,
    )


def _require_number(what: str, value: float | Floats, epoch: int) -> None:
    if not np.isfinite(value).all():
        raise WorkError(
            f"{what} is not a number in epoch {epoch}",
            why="the learning rate is too high for this network, or the data holds NaN",
        )


def predict(stepper: Stepper, inputs: Inputs) -> Floats:
    """Return outputs for all examples, computed in batches, of fewer examples where these are large."""
    pixels = math.prod(inputs[0].shape[1:3]) if inputs[0].ndim > 3 else 1
    size = max(1, min(PREDICT_BATCH, PREDICT_PIXELS // pixels))
    batches = [
        stepper.predict(tuple(array[first : first + size] for array in inputs))
        for first in range(0, len(inputs[0]), size)
    ]
    return np.concatenate(batches)


def scheduled_rates(plan: TrainingPlan, highest: float, steps: int, epoch: int) -> Iterator[float]:
    """Yield the learning rate of every step of one epoch.

    Args:
        plan: Gives the schedule, over ``max_epochs`` whether or not training stops early.
        highest: The rate of the very first step.
        steps: In one epoch.
        epoch: From 1.
    """
    total = plan.max_epochs * steps
    for step in range((epoch - 1) * steps, epoch * steps):
        is_cosine = plan.schedule == "cosine"
        share = 0.5 * (1.0 + math.cos(math.pi * step / total)) if is_cosine else 1.0
        yield highest * share


def _batches(count: int, batch_size: int, seed: int, epoch: int) -> Iterator[Rows]:
    """Yield the rows of each batch; the order needs nothing but the seed and the epoch."""
    order = np.random.default_rng((seed, epoch)).permutation(count)
    for start in range(0, count, batch_size):
        yield order[start : start + batch_size]


def _is_over(history: Sequence[float], plan: TrainingPlan, exam: Exam) -> bool:
    epochs = len(history)
    if epochs == 0:
        return False
    return epochs >= plan.max_epochs or epochs - exam.best_epoch(history) >= plan.patience
