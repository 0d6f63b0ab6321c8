"""What stands in files made by hand, with numbers known beforehand."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper

from edgebench.errors import InputError
from edgebench.export.facts import facts_of, flaw, numbers_held, read_facts
from edgebench.export.graphs import read_onnx, read_tflite
from edgebench.records import Format, Precision

FLOAT, INT8 = schema.TensorType.FLOAT32, schema.TensorType.INT8
OPS = schema.BuiltinOperator


def tflite(tensors, nodes, inputs=(0,), outputs=(), constants=()) -> bytes:
    """Pack a model: tensors are (shape, type), nodes (operation, inputs, outputs), constants numbers of tensors."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers = 3, [schema.BufferT()]
    graph.tensors, graph.operators, model.operatorCodes = [], [], []
    for index, (shape, kind) in enumerate(tensors):
        tensor = schema.TensorT()
        tensor.name, tensor.type = f"t{index}", kind
        tensor.shape = [abs(n) for n in shape]
        if min(shape) < 0:
            tensor.shapeSignature = list(shape)
        tensor.buffer = 0
        if index in constants:
            tensor.buffer = len(model.buffers)
            held = schema.BufferT()
            held.data = np.ones(abs(int(np.prod(shape))) * (1 if kind == INT8 else 4), np.uint8)
            model.buffers.append(held)
        graph.tensors.append(tensor)
    for operation, read, written in nodes:
        code, node = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = operation
        node.opcodeIndex, node.inputs, node.outputs = len(model.operatorCodes), read, written
        model.operatorCodes.append(code)
        graph.operators.append(node)
    graph.inputs, graph.outputs = list(inputs), list(outputs)
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def chain(batch: int = 1) -> bytes:
    """A reshape (a view), a sum with a constant, and a product with the reshaped input."""
    shape = (2 * batch, 4)
    return tflite(
        [((batch, 8), FLOAT), (shape, FLOAT), (shape, FLOAT), (shape, FLOAT), (shape, FLOAT)],
        [(OPS.RESHAPE, [0], [1]), (OPS.ADD, [1, 2], [3]), (OPS.MUL, [3, 1], [4])],
        outputs=(4,),
        constants=(2,),
    )


def onnx_file(nodes, inputs, outputs, initializers=(), opset=17) -> bytes:
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    versions = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=versions).SerializeToString()


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, array):
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True)


def test_a_tflite_file_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(chain())
    facts = read_facts(path)
    assert facts.ops == {"ADD float32": 1, "MUL float32": 1, "RESHAPE float32": 1}
    # At the product live: the input, read through its view; the sum; the output. 32 bytes each.
    assert facts.arena_bytes == 96
    assert facts.opset is None
    assert numbers_held(read_tflite(path.read_bytes())) == 8


def test_tensors_die_after_their_last_use() -> None:
    shapes = [((1, 100), FLOAT), ((1, 50), FLOAT), ((1, 10), INT8), ((1, 20), INT8)]
    nodes = [(OPS.ABS, [0], [1]), (OPS.QUANTIZE, [1], [2]), (OPS.PAD, [2], [3])]
    graphs = read_tflite(tflite(shapes, nodes, outputs=(3,)))
    assert facts_of(graphs).arena_bytes == 600
    graphs = read_tflite(tflite(shapes, nodes, outputs=(3, 0)))
    assert facts_of(graphs).arena_bytes == 400 + 200 + 10


def test_weights_brought_into_floats_are_no_activations() -> None:
    shapes = [((1, 4), FLOAT), ((9, 4), INT8), ((9, 4), FLOAT), ((1, 9), FLOAT)]
    nodes = [(OPS.DEQUANTIZE, [1], [2]), (OPS.FULLY_CONNECTED, [0, 2, -1], [3])]
    graphs = read_tflite(tflite(shapes, nodes, outputs=(3,), constants=(1,)))
    assert facts_of(graphs).arena_bytes == 16 + 36
    assert numbers_held(graphs) == 36


def test_an_open_batch_has_no_arena() -> None:
    assert facts_of(read_tflite(chain(batch=-1))).arena_bytes is None
    identity = [helper.make_node("Relu", ["x"], ["y"])]
    open_file = onnx_file(identity, [value("x", ["n", 8])], [value("y", ["n", 8])])
    assert facts_of(read_onnx(open_file)).arena_bytes is None


def test_an_onnx_file_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    nodes = [
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("Gemm", ["y", "w"], ["z"]),
        helper.make_node("Cast", ["z"], ["h"], to=TensorProto.FLOAT16),
    ]
    weights = constant("w", np.ones((8, 4), np.float32))
    outputs = [value("h", (1, 4), TensorProto.FLOAT16)]
    path.write_bytes(onnx_file(nodes, [value("x", (1, 8))], outputs, [weights]))
    facts = read_facts(path)
    assert facts.ops == {"Cast float16": 1, "Gemm float32": 1, "Relu float32": 1}
    assert facts.arena_bytes == 32 + 32
    assert facts.opset == 17
    assert numbers_held(read_onnx(path.read_bytes())) == 32


def test_branches_are_counted_with_the_rest() -> None:
    branches = [
        helper.make_graph([helper.make_node(op, ["x"], ["r"])], op, [], [value("r", (1, 8))])
        for op in ("Relu", "Abs")
    ]
    nodes = [helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1])]
    inputs = [value("c", (), TensorProto.BOOL), value("x", (1, 8))]
    facts = facts_of(read_onnx(onnx_file(nodes, inputs, [value("y", (1, 8))])))
    assert facts.ops == {"Abs float32": 1, "If float32": 1, "Relu float32": 1}


def dense(weights: int, activations: int, size: int = 64) -> bytes:
    shapes = [((1, size), activations), ((size, size), weights), ((1, size), activations)]
    nodes = [(OPS.FULLY_CONNECTED, [0, 1], [2])]
    return tflite(shapes, nodes, outputs=(2,), constants=(1,))


@pytest.mark.parametrize(
    ("content", "precision", "found"),
    [
        (dense(FLOAT, FLOAT), Precision.FP32, ""),
        (dense(INT8, FLOAT), Precision.FP32, "the weights of a FULLY_CONNECTED are int8"),
        (dense(INT8, FLOAT), Precision.DYNAMIC, ""),
        (dense(FLOAT, FLOAT), Precision.DYNAMIC, "the weights of a FULLY_CONNECTED are float32"),
        (dense(FLOAT, FLOAT, 8), Precision.DYNAMIC, ""),
        (dense(INT8, INT8), Precision.INT8_IO, ""),
        (dense(INT8, FLOAT), Precision.INT8, "the activations of a FULLY_CONNECTED are float32"),
        (dense(INT8, FLOAT), Precision.INT8_IO, "its inputs and outputs are float32"),
        (dense(INT8, INT8), Precision.INT16X8, "the activations of a FULLY_CONNECTED are int8"),
        (dense(FLOAT, FLOAT), Precision.FP16, "the weights of a FULLY_CONNECTED are float32"),
    ],
)  # fmt: skip
def test_what_is_not_as_asked_for_is_said(content: bytes, precision: Precision, found: str) -> None:
    parameters = numbers_held(read_tflite(content))
    assert flaw(content, Format.TFLITE, precision, parameters) == found
    assert "no weights" in flaw(content, Format.TFLITE, precision, 2 * parameters + 2)


@pytest.mark.parametrize("name", ["absent.tflite", "text.onnx", "text.tflite", "text.pt"])
def test_what_cannot_be_read_is_one_sentence(name: str, tmp_path: Path) -> None:
    for kind in ("onnx", "tflite", "pt"):
        (tmp_path / f"text.{kind}").write_text("this is no network, however one reads it")
    with pytest.raises(InputError, match="cannot be read"):
        read_facts(tmp_path / name)
