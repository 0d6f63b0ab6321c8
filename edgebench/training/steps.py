"""One optimisation step and one prediction, the two things a backend does for training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from edgebench.datasets import Floats, Labels


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


def stepper_for(model: Any, optimizer: Any) -> Stepper:
    """Return the fastest stepper that the active Keras backend has.

    A model that its template compiled, as keras-tuner's hypermodels do, keeps its own optimizer and loss.
    """
    import keras

    if not is_compiled(model) and keras.backend.backend() == "tensorflow":
        from edgebench.training.tensorflow_step import TensorflowStepper

        return TensorflowStepper(model, optimizer)
    return KerasStepper(model, optimizer)
