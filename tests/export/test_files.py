"""Exported files: they load, agree with Keras, hold their weights and repeat to the byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from edgebench.errors import InputError, WorkError
from edgebench.export import CONVERTERS, export_model
from edgebench.records import ExportTarget, Format, Precision

TARGETS = [ExportTarget(format=f, precision=p) for f, p in CONVERTERS]


def run_tflite(path: str, inputs):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path)
    interpreter.allocate_tensors()
    door, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert door["dtype"] is np.float32
    outputs = []
    for example in inputs:
        interpreter.set_tensor(door["index"], example[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(exit_["index"])[0].copy())
    return np.stack(outputs)


def run_onnx(path: str, inputs):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: example[None]})[0] for example in inputs])


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_file_agrees_with_keras(target, model, inputs, tmp_path):
    file = export_model(model, target, tmp_path, representative=inputs)
    content = Path(file.path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert len(content) == file.size_bytes
    run = run_onnx if target.format is Format.ONNX else run_tflite
    expected = model.predict(inputs, verbose=0)
    limit = 1e-5 if target.precision is Precision.FP32 else 0.1
    assert np.abs(run(file.path, inputs) - expected).max() < limit


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_two_exports_have_the_same_bytes_and_one_file(target, model, inputs, tmp_path):
    first = export_model(model, target, tmp_path, representative=inputs)
    second = export_model(model, target, tmp_path, representative=inputs)
    assert first == second
    assert len(list(tmp_path.iterdir())) == 1


def test_int8_is_a_quarter_of_fp32_and_quantised_inside(model, inputs, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    full = export_model(model, ExportTarget.parse("tflite-fp32"), tmp_path)
    small = export_model(model, ExportTarget.parse("tflite-int8"), tmp_path, inputs)
    assert small.size_bytes < 0.4 * full.size_bytes
    interpreter = Interpreter(model_path=small.path)
    floats = [d for d in interpreter.get_tensor_details() if d["dtype"] is np.float32]
    assert len(floats) == 2


@pytest.mark.parametrize("data", [None, np.zeros((0, 32, 32, 3), np.float32)])
def test_int8_without_calibration_data_is_an_error(data, model, tmp_path):
    with pytest.raises(InputError, match="calibration"):
        export_model(model, ExportTarget.parse("tflite-int8"), tmp_path, data)


def test_a_file_without_weights_is_caught(model, tmp_path, monkeypatch):
    from edgebench.export import files

    target = ExportTarget.parse("tflite-fp32")
    empty = {(target.format, target.precision): lambda *_: b"x" * 1000}
    monkeypatch.setattr(files, "CONVERTERS", empty)
    with pytest.raises(WorkError, match="no weights"):
        export_model(model, target, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_conversion_is_one_sentence(model, tmp_path, monkeypatch):
    from edgebench.export import files

    def broken(*_):
        raise RuntimeError("op SPLINE is not supported\nand much more")

    target = ExportTarget.parse("onnx-fp32")
    monkeypatch.setattr(files, "CONVERTERS", {(target.format, target.precision): broken})
    with pytest.raises(WorkError) as caught:
        export_model(model, target, tmp_path)
    assert caught.value.message == "onnx-fp32 could not be made"
    assert caught.value.why == "op SPLINE is not supported"


def test_onnx_states_its_opset(model, tmp_path):
    import onnx

    from edgebench.export.onnx import OPSET

    file = export_model(model, ExportTarget.parse("onnx-fp32"), tmp_path)
    proto = onnx.load(file.path)
    assert {o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")} == {OPSET}
    dims = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
    assert dims == [1, 32, 32, 3]
    assert [output.name for output in proto.graph.output] == ["output"]
