"""Training one network: epochs, early stopping, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.datasets import Floats, Part
from edgebench.errors import WorkError
from edgebench.records import TrainingPlan
from edgebench.training.steps import Stepper, stepper_for

PREDICT_BATCH = 256
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """``history`` is the validation accuracy after each epoch; ``step_s`` the time inside train steps and
    validation, of ``total_s``. The model is left with the weights of ``best_epoch`` (from 1)."""

    history: tuple[float, ...]
    best_epoch: int
    step_s: float
    total_s: float

    @property
    def best_accuracy(self) -> float:
        return self.history[self.best_epoch - 1]


def fit(
    model: Any,
    train: Part,
    validation: Part,
    plan: TrainingPlan,
    *,
    optimizer: str,
    learning_rate: float,
    seed: int,
    on_epoch: Callable[[int, float], None] = lambda epoch, accuracy: None,
) -> FitResult:
    """Train a classifier on labels that are class numbers; it ends in a softmax, or is compiled with its own loss.

    Stops early after ``plan.patience`` epochs without a better validation accuracy.

    Args:
        model: A built Keras model with one input.
        optimizer: A Keras optimizer name, ``adam`` or ``rmsprop`` for example; a compiled model keeps its own.
        learning_rate: Above 0; really used, and lowered as ``plan.schedule`` says; a compiled model keeps its own.
        seed: Seeds the order of examples and dropout.
        on_epoch: Called with the epoch (from 1) and its validation accuracy.

    Raises:
        WorkError: the loss stopped being a number.

    Source: the cosine schedule is Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
    """
    import keras

    started = time.perf_counter()
    keras.utils.set_random_seed(seed)
    rule = keras.optimizers.get(
        {"class_name": optimizer, "config": {"learning_rate": learning_rate}}
    )
    stepper = stepper_for(model, rule)
    order = np.random.default_rng(seed)
    history: list[float] = []
    best_weights = model.get_weights()
    step_s = 0.0
    steps = math.ceil(len(train) / plan.batch_size)
    rates = scheduled_rates(plan, learning_rate, steps)
    for epoch in range(1, plan.max_epochs + 1):
        step_started = time.perf_counter()
        for rows in _batches(order.permutation(len(train)), plan.batch_size):
            rule.learning_rate = next(rates)
            if not math.isfinite(stepper.train(train.x[rows], train.y[rows])):
                raise WorkError(
                    f"the loss is not a number in epoch {epoch}",
                    why="the learning rate is too high for this network, or the data holds NaN",
                )
        history.append(accuracy_of(predict(stepper, validation.x), validation))
        step_s += time.perf_counter() - step_started
        on_epoch(epoch, history[-1])
        best_epoch = 1 + int(np.argmax(history))
        if best_epoch == epoch:
            best_weights = model.get_weights()
        if epoch - best_epoch >= plan.patience:
            break
    model.set_weights(best_weights)
    return FitResult(
        history=tuple(history),
        best_epoch=best_epoch,
        step_s=step_s,
        total_s=time.perf_counter() - started,
    )


def predict(stepper: Stepper, x: Floats) -> Floats:
    """Return outputs for all examples, computed in batches."""
    batches = [stepper.predict(x[i : i + PREDICT_BATCH]) for i in range(0, len(x), PREDICT_BATCH)]
    return np.concatenate(batches)


def accuracy_of(outputs: Floats, part: Part) -> float:
    """Return the share of examples whose largest output is the label's."""
    return float((outputs.argmax(axis=-1) == part.y).mean())


def scheduled_rates(plan: TrainingPlan, highest: float, steps: int) -> Iterator[float]:
    """Yield the learning rate of every step.

    Args:
        plan: Gives the schedule, over ``max_epochs`` whether or not training stops early.
        highest: The rate of the first step.
        steps: In one epoch.
    """
    total = plan.max_epochs * steps
    for step in range(total):
        is_cosine = plan.schedule == "cosine"
        share = 0.5 * (1.0 + math.cos(math.pi * step / total)) if is_cosine else 1.0
        yield highest * share


def _batches(order: Rows, batch_size: int) -> Iterator[Rows]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
