"""MobileNetV2 templates as files: the numbers they compute and the work that their own graphs show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import BuiltinOperator, ModelT

from edgebench.export import export_model
from edgebench.records import ExportTarget
from edgebench.runtimes import load_runtime, run_examples
from edgebench.templates import load_template, read_graph, resolve_values
from edgebench.testing.weights import spread_weights

CANDIDATES: dict[str, tuple[str, tuple[int, ...], Mapping[str, Any], Mapping[str, Any]]] = {
    "keras": ("mobilenetv2-auto", (48, 40, 3), {}, {"repeat_b3": 2, "repeat_b6": 3}),
    "published": ("mobilenetv2", (33, 40, 1), {"variant": "published"}, {}),
    "detector": ("mobilenetv2-ssd-auto", (195, 200, 3), {}, {"repeat_b4": 3, "repeat_b5": 2}),
}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module", params=sorted(CANDIDATES))
def candidate(request: pytest.FixtureRequest) -> keras.Model:
    name, shape, options, sets = CANDIDATES[request.param]
    template = load_template(name, input_shapes=(shape,), classes=7, options=options)
    model = template.assemble(resolve_values(template, {}, sets).values)
    spread_weights(model)
    return model


def tflite_macs(path: str) -> int:
    """Return multiply-accumulates of a TFLite file, from the shapes of its own operators' tensors."""
    model = ModelT.InitFromPackedBuf(Path(path).read_bytes())
    graph = model.subgraphs[0]
    counted = {
        BuiltinOperator.CONV_2D,
        BuiltinOperator.DEPTHWISE_CONV_2D,
        BuiltinOperator.FULLY_CONNECTED,
    }
    total = 0
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) not in counted:
            continue
        kernel = graph.tensors[operator.inputs[1]].shape
        output = graph.tensors[operator.outputs[0]].shape
        total += math.prod(output[:-1]) * math.prod(int(n) for n in kernel)
    return int(total)


@pytest.mark.parametrize(("target", "runtime"), [("tflite-fp32", "litert"), ("onnx-fp32", "ort")])
def test_file_computes_what_keras_computes(
    target: str, runtime: str, candidate: keras.Model, tmp_path: Path
) -> None:
    file = export_model(candidate, ExportTarget.parse(target), tmp_path)
    if target.startswith("tflite"):
        assert tflite_macs(file.path) == read_graph(candidate).macs
    shape = (2, *candidate.inputs[0].shape[1:])
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    (outputs,) = run_examples(load_runtime(runtime).open(file.path, 1, None), [x])
    expected = np.asarray(candidate([x], training=False))
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-4)
