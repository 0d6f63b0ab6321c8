"""A training step traced once for all batch sizes: the same update as Keras `fit`, a fraction of its tracing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from edgebench.datasets import Floats
from edgebench.training.inputs import Inputs, fed
from edgebench.training.losses import Loss

ELEMENTWISE = (
    keras.optimizers.Adadelta,
    keras.optimizers.Adagrad,
    keras.optimizers.Adam,
    keras.optimizers.Adamax,
    keras.optimizers.Nadam,
    keras.optimizers.RMSprop,
    keras.optimizers.SGD,
)


class TracedStepper:
    """Implements `Stepper` with two functions, of inputs and targets and of inputs.

    ``predict`` is traced here; ``train`` when the first targets show what they are.
    """

    def __init__(self, model: Any, optimizer: Any, train: Any, predict: Any) -> None:
        self._model = model
        self._optimizer = optimizer
        self._train = train
        self._step: Any = None
        self._predict = predict.get_concrete_function(specs_of(model))

    @property
    def variables(self) -> Sequence[Any]:
        return [*self._model.variables, *self._optimizer.variables]

    def train(self, inputs: Inputs, targets: npt.NDArray[Any]) -> float:
        if self._step is None:
            asked = tf.TensorSpec([None, *targets.shape[1:]], targets.dtype)
            self._step = self._train.get_concrete_function(specs_of(self._model), asked)
        return float(self._step(_constants(inputs), tf.constant(targets)))

    def predict(self, inputs: Inputs) -> Floats:
        return np.asarray(self._predict(_constants(inputs)), dtype=np.float32)


def _constants(inputs: Inputs) -> tuple[Any, ...]:
    return tuple(map(tf.constant, inputs))


def specs_of(model: Any) -> tuple[Any, ...]:
    """Return what the inputs of a model are, for batches of any size."""
    return tuple(tf.TensorSpec([None, *tensor.shape[1:]], tf.float32) for tensor in model.inputs)


class TensorflowStepper(TracedStepper):
    """Trains on one device; the batch dimension of what is traced is free.

    An optimizer that treats every number alike sees all weights as one long vector: a few operations in place of a dozen
    a weight, which halves the tracing and shortens the step, to the same numbers.
    """

    def __init__(self, model: Any, optimizer: Any, loss: Loss) -> None:
        _leave_graphs_as_traced()
        update = _Joint if _is_elementwise(optimizer, model.trainable_variables) else _Single
        weights = update(model.trainable_variables, optimizer)

        @tf.function(autograph=False)
        def train(inputs: Any, targets: Any) -> Any:
            with tf.GradientTape() as tape:
                outputs = model(fed(inputs), training=True)
                mean = tf.reduce_mean(loss(targets, outputs))
                total = tf.add_n([mean, *model.losses]) if model.losses else mean
            gradients = tape.gradient(
                total, model.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            weights.step(gradients)
            return mean

        @tf.function(autograph=False)
        def predict(inputs: Any) -> Any:
            return model(fed(inputs), training=False)

        super().__init__(model, optimizer, train, predict)


def _leave_graphs_as_traced() -> None:
    """Do without TensorFlow's rewriting of graphs, on a processor: it takes longer than it saves; GPUs need its layouts."""
    if not tf.config.list_physical_devices("GPU"):
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


class _Single:
    """Lets the optimizer change each variable by itself."""

    def __init__(self, variables: Sequence[Any], optimizer: Any) -> None:
        optimizer.build(variables)
        self._variables = variables
        self._optimizer = optimizer

    def step(self, gradients: Sequence[Any]) -> None:
        self._optimizer.apply(gradients, self._variables)


class _Joint:
    """Lets the optimizer change all variables at once, as one vector that is theirs for the length of a step."""

    def __init__(self, variables: Sequence[Any], optimizer: Any) -> None:
        self._variables = variables
        self._sizes = [int(np.prod(variable.shape)) for variable in variables]
        self._vector = keras.Variable(np.zeros(sum(self._sizes), np.float32), name="weights")
        self._optimizer = optimizer
        optimizer.build([self._vector])

    def step(self, gradients: Sequence[Any]) -> None:
        self._vector.assign(_joined(self._variables))
        self._optimizer.apply([_joined(gradients)], [self._vector])
        parts = tf.split(self._vector.value, self._sizes)
        for variable, part in zip(self._variables, parts, strict=True):
            variable.assign(tf.reshape(part, variable.shape))


def _joined(tensors: Sequence[Any]) -> Any:
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)


def _is_elementwise(optimizer: Any, variables: Sequence[Any]) -> bool:
    """Return whether an update of each number depends on nothing but its own gradients and the settings."""
    return (
        type(optimizer) in ELEMENTWISE
        and optimizer.clipnorm is None
        and optimizer.global_clipnorm is None
        and optimizer.weight_decay is None
        and not optimizer.use_ema
        and optimizer.loss_scale_factor is None
        and optimizer.gradient_accumulation_steps is None
        and len(variables) > 0
        and all(v.dtype == "float32" and v.constraint is None for v in variables)
    )
