"""Keras to TFLite through one traced function.

`from_concrete_functions` is used with the function alone: handing it the Keras 3 model as well makes the converter
write a file without weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from edgebench.datasets import Floats
from edgebench.errors import InputError
from edgebench.export.tracing import inference_function
from edgebench.records import Precision


def to_tflite(
    model: Any, precision: Precision, representative: Floats | Sequence[Floats] | None
) -> bytes:
    """Return the model as a TFLite flatbuffer with a static batch of 1.

    ``int8`` quantises weights and activations in full; input and output stay float32, so that one program feeds
    every file alike.

    Args:
        model: A built Keras model.
        precision: ``fp32`` or ``int8``.
        representative: Training inputs that calibrate int8, shape (count, *input shape); of a model with several
            inputs one array each, in their order.

    Raises:
        InputError: int8 without calibration data.
    """
    import tensorflow as tf

    function = inference_function(model).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    # What it would add of its own options takes a quarter of the conversion.
    converter.exclude_conversion_metadata = True
    if precision is Precision.INT8:
        arrays = [representative] if isinstance(representative, np.ndarray) else representative
        if not arrays or not all(map(len, arrays)):
            raise InputError(
                "int8 needs calibration data", why="no representative inputs were given"
            )
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]

        def calibration() -> Iterator[list[Any]]:
            for example in zip(*arrays, strict=True):
                yield [array[None] for array in example]

        converter.representative_dataset = calibration
    with warnings.catch_warnings():
        # The converter warns that float inputs have no statistics of their own: they are what is asked for.
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")
        return bytes(converter.convert())
