"""One optimisation step and one prediction, the two things a backend does for training."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgebench.datasets import Floats
from edgebench.errors import WorkError
from edgebench.training.inputs import Inputs, fed
from edgebench.training.losses import CrossEntropy, Loss


class Stepper(Protocol):
    """Made once a model; called by `fit` for every batch: one array an input, and the loss's targets.

    Batches of any size are accepted.
    """

    @property
    def variables(self) -> Sequence[Any]:
        """All that decides the next steps: the model's variables, seeds of random layers too, then the optimizer's."""
        ...

    def train(self, inputs: Inputs, targets: npt.NDArray[Any]) -> float:
        """Update the weights by one step; return the loss before it."""
        ...

    def predict(self, inputs: Inputs) -> Floats:
        """Return the outputs in inference mode, one row an example."""
        ...


class KerasStepper:
    """The step of ``keras.Model.train_on_batch``: any Keras backend, and any compiled model as it is compiled."""

    def __init__(self, model: Any, optimizer: Any, loss: Loss | None = None) -> None:
        if not is_compiled(model):
            model.compile(optimizer=optimizer, loss=_as_function(loss or CrossEntropy()))
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self._model = model

    @property
    def variables(self) -> Sequence[Any]:
        return [*self._model.variables, *self._model.optimizer.variables]

    def train(self, inputs: Inputs, targets: npt.NDArray[Any]) -> float:
        return float(self._model.train_on_batch(fed(inputs), targets, return_dict=True)["loss"])

    def predict(self, inputs: Inputs) -> Floats:
        return np.asarray(self._model.predict_on_batch(fed(inputs)), dtype=np.float32)


def _as_function(loss: Loss) -> Any:
    """Return what `compile` takes: it gives an object that can be called no name."""

    def function(targets: Any, outputs: Any) -> Any:
        return loss(targets, outputs)

    return function


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


def stepper_for(model: Any, optimizer: Any, loss: Loss | None = None) -> Stepper:
    """Return the fastest stepper that the active Keras backend has for the devices that the model was built for.

    A model that its template compiled, as keras-tuner's hypermodels do, keeps its own optimizer and loss.

    Raises:
        WorkError: several devices are to train such a model.
    """
    import keras

    loss = loss or CrossEntropy()
    if keras.backend.backend() != "tensorflow":
        return KerasStepper(model, optimizer, loss)
    if model.distribute_strategy.num_replicas_in_sync > 1:
        if is_compiled(model):
            raise WorkError(
                "a network that its template compiles cannot train on several GPUs",
                why="how its loss adds up over them is not known",
                remedy="leave --strategy out, or let the template compile nothing",
            )
        from edgebench.training.mirrored_step import MirroredStepper

        return MirroredStepper(model, optimizer, loss)
    if is_compiled(model):
        return KerasStepper(model, optimizer, loss)
    from edgebench.training.tensorflow_step import TensorflowStepper

    return TensorflowStepper(model, optimizer, loss)
