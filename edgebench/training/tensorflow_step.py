"""A training step traced once for all batch sizes: the same update as Keras `fit`, a fraction of its tracing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edgebench.datasets import Floats, Labels


class TensorflowStepper:
    """Implements `Stepper` with two traced functions whose batch dimension is free."""

    def __init__(self, model: Any, optimizer: Any) -> None:
        optimizer.build(model.trainable_variables)
        inputs = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
        labels = tf.TensorSpec([None], tf.int64)

        @tf.function(input_signature=[inputs, labels], autograph=False)
        def train(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                outputs = model(x, training=True)
                loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, outputs))
                total = tf.add_n([loss, *model.losses]) if model.losses else loss
            gradients = tape.gradient(total, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
            return loss

        @tf.function(input_signature=[inputs], autograph=False)
        def predict(x: Any) -> Any:
            return model(x, training=False)

        self._train = train
        self._predict = predict
        self._model = model
        self._optimizer = optimizer

    @property
    def variables(self) -> Sequence[Any]:
        return [*self._model.variables, *self._optimizer.variables]

    def train(self, x: Floats, y: Labels) -> float:
        return float(self._train(x, y))

    def predict(self, x: Floats) -> Floats:
        return np.asarray(self._predict(x), dtype=np.float32)
