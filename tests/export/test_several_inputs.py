"""Networks of several inputs, several outputs and no weights as files: each door keeps its place and its name."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from edgebench.errors import InputError
from edgebench.export import Exporter, export_model, read_facts
from edgebench.records import ExportTarget
from edgebench.runtimes import choose_runtime, load_runtime, run_examples
from edgebench.suites import EXPORTED_NOW

SHAPE = (6, 6, 2)


def weighing() -> keras.Model:
    """Return a model that tells its two inputs apart: three times the first's mean, less the second's."""
    first, second = keras.Input(SHAPE, name="input_1"), keras.Input(SHAPE, name="input_2")
    pool = keras.layers.GlobalAveragePooling2D
    scale = keras.layers.Dense(2, use_bias=False, kernel_initializer="ones")
    return keras.Model(
        [first, second],
        keras.layers.Subtract()(
            [keras.layers.Rescaling(3.0)(scale(pool()(first))), pool()(second)]
        ),
    )


@pytest.mark.parametrize(
    ("target", "runtime", "tolerance"),
    [
        ("tflite-fp32", "litert", 1e-5),
        ("tflite-int8", "litert", 0.1),
        ("tflite-int16x8", "litert", 0.1),
        ("onnx-fp32", "ort", 1e-5),
        ("onnx-int8", "ort", 0.1),
    ],
)
def test_inputs_keep_their_places(
    target: str, runtime: str, tolerance: float, tmp_path: Path
) -> None:
    model = weighing()
    rng = np.random.default_rng(0)
    inputs = [rng.random((16, *SHAPE), dtype=np.float32) * scale for scale in (1.0, 0.5)]
    file = export_model(model, ExportTarget.parse(target), tmp_path, inputs)
    (outputs,) = run_examples(load_runtime(runtime).open(file.path, 1, None), inputs)
    expected = model.predict_on_batch(inputs)
    np.testing.assert_allclose(outputs, expected, atol=tolerance)
    (swapped,) = run_examples(load_runtime(runtime).open(file.path, 1, None), inputs[::-1])
    assert np.abs(swapped - expected).max() > 1


@pytest.mark.parametrize("nothing", [None, [], [np.zeros((0, *SHAPE), np.float32)] * 2])
def test_calibration_needs_examples(nothing: list[np.ndarray] | None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="int8 needs calibration data"):
        export_model(weighing(), ExportTarget.parse("tflite-int8"), tmp_path, nothing)


def forking() -> keras.Model:
    """Return a model of one input and three outputs, one of which is the input itself."""
    door = keras.Input(SHAPE, name="door")
    means = keras.layers.GlobalAveragePooling2D(name="means")(door)
    scores = keras.layers.Dense(3, name="scores")(means)
    return keras.Model(door, {"b": scores, "a": means, "c": door})


def weightless() -> keras.Model:
    door = keras.Input(SHAPE, name="door")
    return keras.Model(door, keras.layers.GlobalMaxPooling2D()(keras.layers.Rescaling(2.0)(door)))


@pytest.mark.parametrize("make", [forking, weightless])
@pytest.mark.parametrize("text", [text for text in EXPORTED_NOW if "keras" not in text])
def test_outputs_keep_their_places(make, text: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = make()
    inputs = np.random.default_rng(0).random((8, *SHAPE), dtype=np.float32)
    file = Exporter(model).export(ExportTarget.parse(text), tmp_path, inputs)
    found = run_examples(choose_runtime(file.path).open(file.path, 1, None), [inputs])
    expected = keras.tree.flatten(model.predict_on_batch(inputs))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5 if "fp32" in text else 0.05)


@pytest.mark.parametrize("text", [text for text in EXPORTED_NOW if "tflite" in text])
def test_a_signature_names_every_door(text: str, tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    keras.utils.set_random_seed(0)
    inputs = [np.random.default_rng(i).random((8, *SHAPE), dtype=np.float32) for i in range(2)]
    for model, given in ((weighing(), inputs), (forking(), inputs[:1])):
        file = Exporter(model).export(ExportTarget.parse(text), tmp_path, given)
        signatures = Interpreter(model_path=file.path).get_signature_list()
        count = len(model.outputs)
        outputs = ["output"] if count == 1 else [f"output_{i}" for i in range(1, count + 1)]
        names = [tensor.name for tensor in model.inputs]
        assert list(signatures) == ["serving_default"]
        assert sorted(signatures["serving_default"]["inputs"]) == names
        assert sorted(signatures["serving_default"]["outputs"]) == outputs


def test_an_input_of_whole_numbers_stays_one(tmp_path: Path) -> None:
    door = keras.Input((5,), dtype="int32", name="words")
    model = keras.Model(door, keras.layers.Dense(2)(keras.layers.Embedding(50, 64)(door)))
    words = np.arange(40, dtype=np.int32).reshape(8, 5)
    for text in ("tflite-fp32", "onnx-fp32"):
        file = export_model(model, ExportTarget.parse(text), tmp_path)
        session = choose_runtime(file.path).open(file.path, 1, None)
        assert session.inputs[0].dtype == "int32"
        assert read_facts(file.path).arena_bytes
        (found,) = run_examples(session, [words])
        np.testing.assert_allclose(found, model.predict_on_batch(words), atol=1e-5)
