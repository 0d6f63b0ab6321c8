"""A Keras model as a TensorFlow function of one example: what both converters start from."""

from __future__ import annotations

from typing import Any


def input_signature(model: Any) -> list[Any]:
    """Return the static batch-1 signature of the model's inputs, named after them."""
    import tensorflow as tf

    return [
        tf.TensorSpec([1, *tensor.shape[1:]], tf.float32, name=tensor.name)
        for tensor in model.inputs
    ]


def inference_function(model: Any) -> Any:
    """Return a `tf.function` that runs the model in inference mode (dropout and augmentation inert)."""
    import tensorflow as tf

    def infer(*inputs: Any) -> Any:
        return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

    return tf.function(infer, input_signature=input_signature(model), autograph=False)
