"""Exported files: they load, agree with Keras, hold their weights and repeat to the byte."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from edgebench.errors import InputError, WorkError
from edgebench.export import CONVERTERS, Exporter, export_model, files, read_facts
from edgebench.records import BUILT_IN, ExportTarget, Format, Precision
from edgebench.runtimes import choose_runtime, run_examples

TARGETS = [ExportTarget(format=f, precision=p) for f, of_it in BUILT_IN.items() for p in of_it]
CALIBRATED = [target for target in TARGETS if target.precision.needs_calibration]


def answers(path: str, inputs):
    if path.endswith(".keras"):
        import keras

        return keras.saving.load_model(path, safe_mode=True).predict(inputs, verbose=0)
    return run_examples(choose_runtime(path).open(path, 1, None), [inputs])[0]


@pytest.fixture(scope="module")
def exporter(model):
    return Exporter(model)


@pytest.fixture(scope="module")
def exported(exporter, inputs, tmp_path_factory):
    """Make a file of each target once, where it is asked for: ``exported("onnx-fp32")``."""
    folder = tmp_path_factory.mktemp("exported")

    @functools.cache
    def export(target):
        return exporter.export(ExportTarget.parse(target), folder, inputs)

    return export


def test_each_format_has_its_converter():
    assert set(CONVERTERS) == set(BUILT_IN) == set(Format)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_file_agrees_with_keras(target, exported, model, inputs):
    file = exported(str(target))
    content = Path(file.path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert len(content) == file.size_bytes
    found, expected = answers(file.path, inputs), model.predict(inputs, verbose=0)
    assert np.isfinite(found).all()
    limit = {Precision.FP32: 1e-5, Precision.FP16: 1e-3}.get(target.precision, 0.1)
    assert np.abs(found - expected).max() < limit


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_two_exports_have_the_same_bytes_and_one_file(target, exported, model, inputs):
    first = exported(str(target))
    folder = Path(first.path).parent
    before = set(folder.iterdir())
    second = export_model(model, target, folder, inputs)
    assert first == second
    assert set(folder.iterdir()) == before


def hashes() -> dict[str, str]:
    """Return the hash of a file of each target, of one network; this is run in another process too."""
    import tempfile
    from pathlib import Path

    import numpy as np

    from edgebench.export import Exporter
    from edgebench.records import ExportTarget
    from edgebench.suites import EXPORTED_NOW
    from edgebench.templates import import_keras, load_template, resolve_values

    import_keras()
    import keras

    keras.utils.set_random_seed(5)
    template = load_template("squeezenet-se-auto", input_shapes=((16, 16, 3),), classes=3)
    sets = {"se_2": "true", "set2_pairs": 1}
    exporter = Exporter(template.assemble(dict(resolve_values(template, {}, sets).values)))
    inputs = np.random.default_rng(0).random((4, 16, 16, 3), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        return {
            target: exporter.export(ExportTarget.parse(target), Path(folder), inputs).sha256
            for target in EXPORTED_NOW
        }


def test_two_processes_write_the_same_bytes(keras):
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    program = "import json\n" + inspect.getsource(hashes) + "print(json.dumps(hashes()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env={
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join(["" if p == os.curdir else p for p in sys.path]),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == len(TARGETS)
    assert found == hashes()


def test_a_model_is_traced_once_for_all_files(model, inputs, tmp_path, monkeypatch):
    real, traced = files.trace, []

    def counting(*given, **named):
        traced.append(given)
        return real(*given, **named)

    monkeypatch.setattr(files, "trace", counting)
    exporter = Exporter(model)
    for target in ("tflite-fp32", "tflite-dynamic", "onnx-fp32", "onnx-fp16"):
        exporter.export(ExportTarget.parse(target), tmp_path)
    assert len(traced) == 1


SMALLER = {"tflite-fp16": 0.6, "tflite-int8": 0.4, "tflite-dynamic": 0.4, "onnx-fp16": 0.6}


@pytest.mark.parametrize("target", SMALLER)
def test_lesser_precisions_take_less_room(target, exported):
    of_format = target.partition("-")[0]
    full, small = exported(f"{of_format}-fp32"), exported(target)
    assert small.size_bytes < SMALLER[target] * full.size_bytes


def test_doors_are_float_but_for_int8_io(exported):
    for target in TARGETS:
        if target.format is not Format.KERAS:
            file = exported(str(target))
            session = choose_runtime(file.path).open(file.path, 1, None)
            dtypes = {spec.dtype for spec in (*session.inputs, *session.outputs)}
            wanted = "int8" if target.precision is Precision.INT8_IO else "float32"
            assert dtypes == {wanted}, target


def test_int8_computes_in_int8_alone(exported):
    file = exported("tflite-int8")
    floats = {name: n for name, n in read_facts(file.path).ops.items() if "float32" in name}
    assert floats == {"DEQUANTIZE float32": 1}
    file = exported("tflite-int8-io")
    assert not [name for name in read_facts(file.path).ops if not name.endswith(" int8")]


@pytest.mark.parametrize("target", CALIBRATED, ids=str)
@pytest.mark.parametrize("data", [None, np.zeros((0, 32, 32, 3), np.float32)])
def test_calibration_data_is_asked_for(data, target, exporter, tmp_path):
    with pytest.raises(InputError, match=f"{target.precision.value} needs calibration data"):
        exporter.export(target, tmp_path, data)


@pytest.mark.parametrize("target", ["onnx-dynamic", "onnx-int8-io", "onnx-int16x8", "keras-int8"])
def test_what_is_not_built_in_is_said(target, exporter, inputs, tmp_path):
    with pytest.raises(InputError, match=f"{target} is not an export") as caught:
        exporter.export(ExportTarget.parse(target), tmp_path, inputs)
    of_onnx = "onnx files are fp32, fp16, int8"
    assert caught.value.why == (of_onnx if "onnx" in target else "keras files are fp32")


def weightless(exporter, precision, examples):
    """What the TFLite converter makes of a function and the Keras 3 model that it belongs to: its own trap."""
    import tensorflow as tf

    del precision, examples
    model = exporter.model
    call = tf.function(lambda x: model(x, training=False), autograph=False)
    function = call.get_concrete_function(tf.TensorSpec((1, 32, 32, 3), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return converter.convert()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_file_without_weights_is_caught(exporter, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CONVERTERS", {Format.TFLITE: weightless})
    with pytest.raises(WorkError) as caught:
        exporter.export(ExportTarget.parse("tflite-fp32"), tmp_path)
    assert "no weights" in caught.value.why
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", [*CALIBRATED, ExportTarget.parse("onnx-fp16")], ids=str)
def test_a_float_file_is_not_taken_for_a_quantised_one(
    target, exporter, inputs, tmp_path, monkeypatch
):
    real = dict(CONVERTERS)

    def floats(exporter, precision, examples):
        del precision
        return real[target.format](exporter, Precision.FP32, examples)

    monkeypatch.setattr(files, "CONVERTERS", {target.format: floats})
    with pytest.raises(WorkError, match="not what was asked for") as caught:
        exporter.export(target, tmp_path, inputs)
    assert "float32" in caught.value.why
    assert list(tmp_path.iterdir()) == []


def test_a_failed_conversion_is_one_sentence(exporter, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("op SPLINE is not supported\nand much more")

    monkeypatch.setattr(files, "CONVERTERS", {Format.ONNX: broken})
    with pytest.raises(WorkError) as caught:
        exporter.export(ExportTarget.parse("onnx-fp32"), tmp_path)
    assert caught.value.message == "onnx-fp32 could not be made"
    assert caught.value.why == "op SPLINE is not supported"


@pytest.mark.parametrize("target", ["onnx-fp32", "onnx-fp16", "onnx-int8"])
def test_onnx_states_its_opset_and_its_door(target, exported):
    import onnx

    from edgebench.export.onnx import OPSET

    file = exported(target)
    proto = onnx.load(file.path)
    onnx.checker.check_model(proto, full_check=True)
    assert {o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")} == {OPSET}
    assert read_facts(file.path).opset == OPSET
    (door,), (exit_,) = proto.graph.input, proto.graph.output
    assert [d.dim_value for d in door.type.tensor_type.shape.dim] == [1, 32, 32, 3]
    assert (door.name, exit_.name) == ("input", "output")
    assert proto.metadata_props == []


@pytest.mark.parametrize("target", [t for t in TARGETS if t.format is not Format.KERAS], ids=str)
def test_an_open_batch_takes_several_examples_at_once(target, model, inputs, tmp_path):
    file = export_model(model, target, tmp_path, inputs, dynamic_batch=True)
    assert read_facts(file.path).arena_bytes is None
    expected = model.predict(inputs[:3], verbose=0)
    if target.format is Format.ONNX:
        import onnxruntime

        session = onnxruntime.InferenceSession(file.path, providers=["CPUExecutionProvider"])
        assert session.get_inputs()[0].shape == ["batch", 32, 32, 3]
        (found,) = session.run(None, {"input": inputs[:3]})
    else:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=file.path)
        run = interpreter.get_signature_runner()
        scale, zero = run.get_input_details()["input"]["quantization"]
        is_int8 = target.precision is Precision.INT8_IO
        fed = np.round(inputs[:3] / scale + zero).astype(np.int8) if is_int8 else inputs[:3]
        found = run(input=fed)["output"].astype(np.float32)
        scale, zero = run.get_output_details()["output"]["quantization"]
        found = (found - zero) * scale if is_int8 else found
    assert found.shape == (3, 5)
    assert np.abs(found - expected).max() < 0.1


def test_nothing_is_written_but_the_file(model, inputs, tmp_path, monkeypatch, capfd):
    spare = tmp_path / "temporary"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    handlers, path = list(logging.getLogger().handlers), list(sys.path)
    exporter = Exporter(model)
    for target in TARGETS:
        exporter.export(target, tmp_path / "files", inputs)
    assert list(spare.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == handlers
    assert sys.path == path


def test_a_keras_file_forgets_its_training(keras, tmp_path):
    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(2, name="dense")])
    plain = export_model(model, ExportTarget.parse("keras-fp32"), tmp_path)
    model.compile(optimizer="adam", loss="mse")
    model.fit(np.zeros((4, 4)), np.zeros((4, 2)), verbose=0)
    assert model.optimizer.variables
    model.set_weights(keras.saving.load_model(plain.path).get_weights())
    trained = export_model(model, ExportTarget.parse("keras-fp32"), tmp_path)
    assert trained.sha256 == plain.sha256
    assert model.compiled
    assert not keras.saving.load_model(trained.path, safe_mode=True).compiled
