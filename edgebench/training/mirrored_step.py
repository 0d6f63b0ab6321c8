"""A training step on several devices of one machine: each takes a part of the batch, together they make one update."""

from __future__ import annotations

import functools
from typing import Any

import keras
import tensorflow as tf

from edgebench.training.inputs import fed
from edgebench.training.losses import Loss
from edgebench.training.tensorflow_step import TracedStepper


def visible_gpus(job: None = None) -> tuple[str, ...]:
    """Return the names of the GPUs that TensorFlow sees. A job: the process that asks keeps a hold on them."""
    del job
    return tuple(f"GPU:{index}" for index, _ in enumerate(tf.config.list_physical_devices("GPU")))


@functools.cache
def strategy_over(devices: tuple[str, ...]) -> Any:
    """Return the strategy of these devices; one a process, for each holds channels between them."""
    return tf.distribute.MirroredStrategy(list(devices))


class MirroredStepper(TracedStepper):
    """Trains a model and an optimizer that were made in the scope of a strategy.

    The update is that of the whole batch on one device: every example weighs the same, though some devices may get one
    more than others, and batch norm takes the moments of the whole batch. A batch with fewer examples than there are
    devices is computed by each of them, for no operation need bear an empty part. Random layers draw the same numbers on
    each device.
    """

    def __init__(self, model: Any, optimizer: Any, loss: Loss) -> None:
        strategy = model.distribute_strategy
        count = strategy.num_replicas_in_sync
        optimizer.build(model.trainable_variables)
        _synchronize(model)

        def train_part(inputs: Any, targets: Any) -> Any:
            targets, share = _part(targets, count)
            with tf.GradientTape() as tape:
                outputs = model(fed([_part(x, count)[0] for x in inputs]), training=True)
                mean = share * tf.reduce_mean(loss(targets, outputs))
                total = tf.add_n([mean, *(share * extra for extra in model.losses)])
            gradients = tape.gradient(
                total, model.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            optimizer.apply(gradients, model.trainable_variables)
            return mean

        @tf.function(autograph=False)
        def train(inputs: Any, targets: Any) -> Any:
            losses = strategy.run(train_part, args=(inputs, targets))
            return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

        @tf.function(autograph=False)
        def predict(inputs: Any) -> Any:
            parts = strategy.run(
                lambda: model(fed([_part(x, count)[0] for x in inputs]), training=False)
            )
            outputs = tf.concat(strategy.experimental_local_results(parts), axis=0)
            return outputs[: tf.shape(inputs[0])[0]]

        super().__init__(model, optimizer, train, predict)


def _part(rows: Any, count: int) -> tuple[Any, Any]:
    """Return the rows of this device, one of ``count``, and their share of all that are computed."""
    number = tf.distribute.get_replica_context().replica_id_in_sync_group
    size = tf.shape(rows)[0]
    is_small = size < count
    first = tf.where(is_small, 0, size * number // count)
    last = tf.where(is_small, size, size * (number + 1) // count)
    share = (last - first) / tf.where(is_small, size * count, size)
    return rows[first:last], tf.cast(share, tf.float32)


def _synchronize(model: Any) -> None:
    """Let batch norm take its moments over all devices."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
        elif hasattr(layer, "layers"):
            _synchronize(layer)
