"""One optimisation step and one prediction, the two things a backend does for training."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from edgebench.datasets import Floats, Labels
from edgebench.errors import WorkError


class Stepper(Protocol):
    """Made once a model; called by `fit` for every batch. Batches of any size are accepted."""

    @property
    def variables(self) -> Sequence[Any]:
        """All that decides the next steps: the model's variables, seeds of random layers too, then the optimizer's."""
        ...

    def train(self, x: Floats, y: Labels) -> float:
        """Update the weights by one step; return the loss before it."""
        ...

    def predict(self, x: Floats) -> Floats:
        """Return the outputs in inference mode, one row an example."""
        ...


class KerasStepper:
    """The step of ``keras.Model.train_on_batch``: any Keras backend, and any compiled model as it is compiled."""

    def __init__(self, model: Any, optimizer: Any) -> None:
        if not is_compiled(model):
            model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self._model = model

    @property
    def variables(self) -> Sequence[Any]:
        return [*self._model.variables, *self._model.optimizer.variables]

    def train(self, x: Floats, y: Labels) -> float:
        return float(self._model.train_on_batch(x, y, return_dict=True)["loss"])

    def predict(self, x: Floats) -> Floats:
        return np.asarray(self._model.predict_on_batch(x), dtype=np.float32)


def is_compiled(model: Any) -> bool:
    """Return whether the model brings its own optimizer and loss."""
    return bool(getattr(model, "compiled", False))


def training_scope(devices: Sequence[str]) -> contextlib.AbstractContextManager[Any]:
    """Return the block in which a model is built, and then trained, by several devices that split each batch.

    Args:
        devices: TensorFlow's names, such as ``GPU:0``; without any the block changes nothing.
    """
    if not devices:
        return contextlib.nullcontext()
    from edgebench.training.mirrored_step import strategy_over

    scope: contextlib.AbstractContextManager[Any] = strategy_over(tuple(devices)).scope()
    return scope


def stepper_for(model: Any, optimizer: Any) -> Stepper:
    """Return the fastest stepper that the active Keras backend has for the devices that the model was built for.

    A model that its template compiled, as keras-tuner's hypermodels do, keeps its own optimizer and loss.

    Raises:
        WorkError: several devices are to train such a model.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return KerasStepper(model, optimizer)
    if model.distribute_strategy.num_replicas_in_sync > 1:
        if is_compiled(model):
            raise WorkError(
                "a network that its template compiles cannot train on several GPUs",
                why="how its loss adds up over them is not known",
                remedy="leave --strategy out, or let the template compile nothing",
            )
        from edgebench.training.mirrored_step import MirroredStepper

        return MirroredStepper(model, optimizer)
    if is_compiled(model):
        return KerasStepper(model, optimizer)
    from edgebench.training.tensorflow_step import TensorflowStepper

    return TensorflowStepper(model, optimizer)
