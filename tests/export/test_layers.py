"""The layer that quantisation harms is named: a network is made in which it is known which one that is."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from edgebench.errors import InputError, WorkError
from edgebench.export import Exporter, export_model, worst_layers
from edgebench.records import ExportTarget

SHAPE = (10, 10, 3)
LAYERS = {"first", "depth", "middle", "sum", "side", "joined", "head"}
TFLITE = ["int8", "int8-io", "int16x8"]


def network(keras, bad: str = ""):
    """Return a network in which the first channel is 0 all along; the bad layer's weights for it are huge.

    They change nothing while weights are floats, and leave no numbers for the others when they share 8 bits with them.
    """
    layers = keras.layers
    keras.utils.set_random_seed(1)
    image = keras.Input(SHAPE, name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="first")(image)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="depth")(x)
    y = layers.Conv2D(8, 1, activation="relu", name="middle")(x)
    x = layers.Add(name="sum")([x, y])
    y = layers.Conv2D(24, 3, padding="same", name="side")(x)
    x = layers.Concatenate(name="joined")([x, y])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, layers.Dense(6, activation="softmax", name="head")(x), name="net")
    for name in ("depth", "middle"):
        kernel, bias = model.get_layer(name).get_weights()
        kernel[..., 0, 0] = 0
        kernel[..., 0] = kernel[..., 0] if name == "depth" else 0
        bias[0] = -1
        model.get_layer(name).set_weights([kernel, bias])
    if bad:
        kernel, bias = model.get_layer(bad).get_weights()
        kernel[..., 0, :] = 1000
        model.get_layer(bad).set_weights([kernel, bias])
    return model


@pytest.fixture(scope="module")
def inputs():
    drawn = np.random.default_rng(6).random((20, *SHAPE), dtype=np.float32)
    drawn[..., 0] = 0
    return drawn


def onnx_int8(fp32: Path, inputs, path: Path) -> Path:
    import onnx
    from onnxruntime import quantization

    door = onnx.load(fp32).graph.input[0].name

    class Reader(quantization.CalibrationDataReader):
        examples = iter([{door: x[None]} for x in inputs])

        def get_next(self):
            return next(self.examples, None)

    logging.disable(logging.WARNING)
    quantization.quantize_static(
        fp32, path, Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True
    )
    logging.disable(logging.NOTSET)
    return path


def pair(model, precision: str, inputs, folder: Path) -> tuple[Path, Path]:
    """Return the float file and the quantised one of a format."""
    kind, precision = ("onnx", "int8") if precision == "onnx" else ("tflite", precision)
    exporter = Exporter(model)

    def write(text: str) -> Path:
        target = ExportTarget.parse(f"{kind}-{text}")
        return Path(exporter.export(target, folder, inputs).path)

    return write("fp32"), write(precision)


@pytest.mark.parametrize("precision", [*TFLITE, "onnx"])
@pytest.mark.parametrize("bad", ["first", "middle", "side", "head"])
def test_the_layer_with_an_outlier_is_named_first(bad, precision, keras, inputs, tmp_path):
    files = pair(network(keras, bad), precision, inputs, tmp_path)
    first, second = worst_layers(*files, [inputs], count=2)
    assert first.layer == bad
    assert first.relative > 0.3
    assert second.relative < first.relative / 10
    assert first.examples == 16


def test_weights_alone_in_8_bits_show_their_outlier_too(keras, inputs, tmp_path):
    # The converter leaves weights under 1,024 numbers in floats: of these, the side's alone are more.
    files = pair(network(keras, "side"), "dynamic", inputs, tmp_path)
    found = {error.layer: error.relative for error in worst_layers(*files, [inputs], count=99)}
    assert found.pop("side") > 0.3
    assert max(found.values()) == 0


@pytest.mark.parametrize("precision", [*TFLITE, "onnx"])
def test_a_sound_network_has_small_errors_in_all_its_layers(precision, keras, inputs, tmp_path):
    files = pair(network(keras), precision, inputs, tmp_path)
    errors = worst_layers(*files, [inputs[:3]], count=99)
    assert {error.layer for error in errors} == LAYERS
    assert [e.relative for e in errors] == sorted((e.relative for e in errors), reverse=True)
    assert 0.001 < errors[0].relative < 0.05
    assert {error.examples for error in errors} == {3}
    assert worst_layers(*files, [inputs[:3]], count=2) == errors[:2]


def test_the_first_layers_error_is_that_of_the_whole_file(keras, inputs, tmp_path):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    def first_outputs(path):
        interpreter = Interpreter(
            model_path=str(path),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
        (detail,) = (d for d in interpreter.get_tensor_details() if "first_1/Relu" in d["name"])
        scale, zero_point = detail["quantization"]
        for x in inputs[:16]:
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x[None])
            interpreter.invoke()
            array = interpreter.get_tensor(detail["index"])
            yield (array.astype(float) - zero_point) * scale if scale else array

    files = pair(network(keras), "int8", inputs, tmp_path)
    wanted, found = (np.array(list(first_outputs(path))) for path in files)
    errors = {e.layer: e.relative for e in worst_layers(*files, [inputs], count=99)}
    expected = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert errors["first"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("precision", ["int8", "onnx"])
def test_a_layer_that_runs_twice_is_named_once(precision, keras, inputs, tmp_path):
    keras.utils.set_random_seed(2)
    image = keras.Input(SHAPE)
    shared = keras.layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    model = keras.Model(image, keras.layers.Activation("sigmoid")(shared(shared(image))))
    (error,) = worst_layers(*pair(model, precision, inputs, tmp_path), [inputs], count=99)
    assert error.layer == "shared"


@pytest.mark.parametrize("precision", [*TFLITE, "onnx"])
def test_a_layer_that_is_the_output_counts_too(precision, keras, inputs, tmp_path):
    keras.utils.set_random_seed(2)
    image = keras.Input(SHAPE)
    first = keras.layers.Conv2D(4, 3, name="first")(image)
    model = keras.Model(image, keras.layers.Conv2D(2, 1, name="last")(first))
    errors = worst_layers(*pair(model, precision, inputs, tmp_path), [inputs], count=99)
    assert len(errors) == 2
    assert min(error.relative for error in errors) > 1e-3
    assert {error.layer for error in errors} <= {"first", "last", "output"}


def test_inputs_keep_their_places(keras, tmp_path):
    keras.utils.set_random_seed(2)
    images = [keras.Input((6, 6, 2), name=f"input_{i}") for i in (1, 2)]
    convolved = [
        keras.layers.Conv2D(4, 3, name=f"branch{i}")(image) for i, image in enumerate(images, 1)
    ]
    joined = keras.layers.Add(name="sum")(convolved)
    model = keras.Model(images, keras.layers.Activation("sigmoid")(joined))
    rng = np.random.default_rng(0)
    arrays = [rng.random((16, 6, 6, 2), dtype=np.float32) * scale for scale in (1.0, 50.0)]
    files = [
        Path(export_model(model, ExportTarget.parse(f"tflite-{p}"), tmp_path, arrays).path)
        for p in ("fp32", "int8")
    ]
    right = {e.layer: e.relative for e in worst_layers(*files, arrays)}
    swapped = {e.layer: e.relative for e in worst_layers(*files, arrays[::-1])}
    assert set(right) == {"branch1", "branch2", "sum"}
    assert max(right["branch2"], right["sum"]) < 0.02
    # TensorFlow gives the first branch the range of the sum, fifty times its own.
    assert 0.1 < right["branch1"] < 0.5
    assert swapped["branch1"] > 0.9


def test_nodes_that_compute_with_shapes_are_no_layers(inputs, tmp_path):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel = np.random.default_rng(0).normal(size=(4, 10, 3, 3)).astype(np.float32)
    constants = {"net/conv/convolution/ReadVariableOp:0": kernel, "first": [0], "rest": [-1]}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", next(iter(constants))], ["net/conv/convolution:0"]),
            helper.make_node("Shape", ["x"], ["shape"]),
            helper.make_node("Gather", ["shape", "first"], ["batch"]),
            helper.make_node("Concat", ["batch", "rest"], ["net/flat/shape:0"], axis=0),
            helper.make_node("Reshape", ["net/conv/convolution:0", "net/flat/shape:0"], ["y"]),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch_size", *SHAPE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch_size", 8])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    fp32, int8 = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), fp32)
    (error,) = worst_layers(fp32, onnx_int8(fp32, inputs, int8), [inputs])
    assert error.layer == "conv"
    assert 0.001 < error.relative < 0.05


def test_what_cannot_be_compared_is_one_sentence(keras, inputs, tmp_path):
    fp32, int8 = pair(network(keras), "onnx", inputs, tmp_path)
    with pytest.raises(InputError, match="needs one example or more"):
        worst_layers(fp32, int8, [inputs[:0]])
    with pytest.raises(InputError, match=r"cannot be compared"):
        worst_layers(fp32, int8.rename(tmp_path / "other.tflite"), [inputs])
    image = keras.Input(SHAPE)
    other = keras.Model(image, keras.layers.Conv2D(2, 1, name="other")(image), name="another")
    stranger = export_model(other, ExportTarget.parse("tflite-fp32"), tmp_path)
    mine = export_model(network(keras), ExportTarget.parse("tflite-fp32"), tmp_path)
    with pytest.raises(WorkError, match="no layer in common"):
        worst_layers(Path(mine.path), Path(stranger.path), [inputs])
