"""Makes the three tiny models that null runs use: relu(x W + b), 8 floats in, 4 out, the same weights in all.

python tests/assets/make_tiny_models.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

ASSETS = Path(__file__).parents[2] / "edgebench" / "profiling" / "assets"
INPUTS, OUTPUTS = 8, 4


def weights() -> tuple[np.ndarray, np.ndarray]:
    kernel = np.arange(INPUTS * OUTPUTS, dtype=np.float32).reshape(INPUTS, OUTPUTS) / 32 - 0.5
    return kernel, np.linspace(-0.5, 0.5, OUTPUTS, dtype=np.float32)


def keras_model() -> Any:
    import keras

    layer = keras.layers.Dense(OUTPUTS, activation="relu", name="dense")
    model = keras.Sequential([keras.Input((INPUTS,), name="x"), layer], name="tiny")
    layer.set_weights(weights())
    return model


def make_tflite(path: Path) -> None:
    import tensorflow as tf

    model = keras_model()
    signature = tf.TensorSpec((1, INPUTS), tf.float32, name="x")
    traced = tf.function(model.call).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced])
    path.write_bytes(converter.convert())


def make_onnx(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel, bias = weights()
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "kernel", "bias"], ["sum"]),
            helper.make_node("Relu", ["sum"], ["y"]),
        ],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", INPUTS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", OUTPUTS])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


if __name__ == "__main__":
    ASSETS.mkdir(exist_ok=True)
    make_tflite(ASSETS / "tiny.tflite")
    make_onnx(ASSETS / "tiny.onnx")
    keras_model().save(ASSETS / "tiny.keras")
