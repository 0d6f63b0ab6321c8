"""Makes the three tiny models that null runs use: relu(x W + b), 8 floats in, 4 out, the same weights in all.
And two that keep several threads busy: three convolutions with one kernel, 96 x 96 x 8 in and out.

And the reference model that searches measure between candidates, in both formats: an ordinary small convolutional network.

python tests/assets/make_tiny_models.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

ASSETS = Path(__file__).parents[2] / "edgebench" / "profiling" / "assets"
INPUTS, OUTPUTS = 8, 4
SIDE, CHANNELS = 96, 8


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


def make_reference(tflite: Path, onnx_path: Path) -> None:
    import keras
    import onnx
    import tensorflow as tf
    import tf2onnx

    keras.utils.set_random_seed(1)
    image = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    for filters in (32, 48, 64):
        x = keras.layers.DepthwiseConv2D(3, strides=2, padding="same", activation="relu")(x)
        x = keras.layers.Conv2D(filters, 1, activation="relu")(x)
        x = keras.layers.Conv2D(filters // 2, 3, padding="same", activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(10, activation="softmax")(x))
    signature = [tf.TensorSpec((1, 32, 32, 3), tf.float32, name="x")]
    traced = tf.function(lambda x: model(x, training=False))
    concrete = traced.get_concrete_function(*signature)
    tflite.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
    graph, _ = tf2onnx.convert.from_function(traced, input_signature=signature, opset=17)
    onnx.save(graph, onnx_path)


def busy_kernel() -> np.ndarray:
    values = np.arange(9 * CHANNELS * CHANNELS, dtype=np.float32).reshape(3, 3, CHANNELS, CHANNELS)
    return (values / values.size - 0.5) / (9 * CHANNELS)


def make_busy_tflite(path: Path) -> None:
    import keras
    import tensorflow as tf

    layer = keras.layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False)
    inputs = keras.Input((SIDE, SIDE, CHANNELS))
    model = keras.Model(inputs, layer(layer(layer(inputs))))
    layer.set_weights([busy_kernel()])
    signature = tf.TensorSpec((1, SIDE, SIDE, CHANNELS), tf.float32, name="x")
    traced = tf.function(model.call).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced])
    path.write_bytes(converter.convert())


def make_busy_onnx(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shape = [1, CHANNELS, SIDE, SIDE]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", [a, "kernel"], [b], pads=[1, 1, 1, 1])
            for a, b in (("x", "p"), ("p", "q"), ("q", "y"))
        ],
        "busy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(busy_kernel().transpose(3, 2, 0, 1).copy(), "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


if __name__ == "__main__":
    ASSETS.mkdir(exist_ok=True)
    make_tflite(ASSETS / "tiny.tflite")
    make_onnx(ASSETS / "tiny.onnx")
    make_reference(ASSETS / "reference.tflite", ASSETS / "reference.onnx")
    keras_model().save(ASSETS / "tiny.keras")
    make_busy_tflite(ASSETS / "busy.tflite")
    make_busy_onnx(ASSETS / "busy.onnx")
