"""MACs and parameter bytes of graphs whose costs are known on paper, and of published networks."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from edgebench.export import macs, param_bytes, read_graphs
from edgebench.export.graphs import FileGraph, Node, Tensor, read_onnx

FLOAT, INT8, UINT8, INT32 = np.float32, np.int8, np.uint8, np.int32


def graphs_of(nodes, inputs, output, constants=(), kind=TensorProto.FLOAT) -> list[FileGraph]:
    """Make an ONNX graph: inputs and the output are (name, shape), constants (name, shape, type)."""
    values = [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs]
    out = helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])
    held = [
        helper.make_tensor(
            name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape,
            np.ones(shape, dtype).tobytes(), raw=True,
        )
        for name, shape, dtype in constants
    ]  # fmt: skip
    graph = helper.make_graph(nodes, "g", values, [out], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return read_onnx(model.SerializeToString())


def one(op, inputs, output, constants, names=None, **attributes) -> list[FileGraph]:
    """Make a graph of one node that reads all inputs and constants, or the names given."""
    read = names or [name for name, *_ in (*inputs, *constants)]
    node = helper.make_node(op, read, [output[0]], **attributes)
    return graphs_of([node], inputs, output, constants)


X, Y = ("x", (1, 8, 10, 10)), ("y", None)
SCALARS = [("s", (), FLOAT), ("z", (), UINT8)]


@pytest.mark.parametrize(
    ("graphs", "count", "held"),
    [
        # A 3x3 convolution with padding: places x kernel x channels in x channels out.
        (
            one("Conv", [X], ("y", (1, 16, 10, 10)), [("w", (16, 8, 3, 3), FLOAT), ("b", (16,), FLOAT)], pads=[1] * 4),
            100 * 9 * 8 * 16, 4 * (16 * 8 * 9 + 16),
        ),
        (
            one("Conv", [X], ("y", (1, 16, 5, 5)), [("w", (16, 8, 3, 3), FLOAT)], pads=[1] * 4, strides=[2, 2]),
            25 * 9 * 8 * 16, 4 * 16 * 8 * 9,
        ),
        # Depthwise: each channel by itself.
        (
            one("Conv", [X], ("y", (1, 8, 8, 8)), [("w", (8, 1, 3, 3), FLOAT)], group=8),
            64 * 9 * 8, 4 * 8 * 9,
        ),
        (
            one("Conv", [X], ("y", (1, 4, 10, 10)), [("w", (4, 2, 1, 1), FLOAT)], group=4),
            100 * 2 * 4, 4 * 8,
        ),
        # Transposed: every place of the input meets the whole kernel.
        (
            one("ConvTranspose", [X], ("y", (1, 4, 20, 20)), [("w", (8, 4, 2, 2), FLOAT)], strides=[2, 2]),
            100 * 8 * 4 * 4, 4 * 8 * 4 * 4,
        ),
        (
            one("Gemm", [("x", (1, 7))], ("y", (1, 5)), [("w", (7, 5), FLOAT), ("b", (5,), FLOAT)]),
            35, 4 * 40,
        ),
        (
            one("Gemm", [("x", (1, 7))], ("y", (1, 5)), [("w", (5, 7), FLOAT)], transB=1),
            35, 4 * 35,
        ),
        (
            one("MatMul", [("x", (2, 3, 7))], ("y", (2, 3, 5)), [("w", (7, 5), FLOAT)]),
            2 * 3 * 7 * 5, 4 * 35,
        ),
        (one("MatMul", [("x", (3, 7)), ("v", (7,))], ("y", (3,)), []), 21, 0),
        (one("Relu", [X], ("y", X[1]), []), 0, 0),
        # An open batch counts as one.
        (
            one("Gemm", [("x", ("n", 7))], ("y", ("n", 5)), [("w", (7, 5), INT8)]),
            35, 35,
        ),
        # Nothing comes of a map without places.
        (
            one("Conv", [("x", (1, 8, 0, 10))], ("y", (1, 0, 0, 10)), [("w", (0, 8, 1, 1), FLOAT)]),
            0, 0,
        ),
    ],
)  # fmt: skip
def test_known_costs(graphs: list[FileGraph], count: int, held: int) -> None:
    assert macs(graphs) == count
    assert param_bytes(graphs) == held


def test_quantised_operations_cost_what_the_others_do() -> None:
    weights = ("w", (16, 8, 3, 3), UINT8)
    conv = ["x", "s", "z", "w", "s", "z", "s", "z"]
    x = [("x", (1, 8, 10, 10))]
    graphs = one("QLinearConv", x, ("y", (1, 16, 8, 8)), [weights, *SCALARS], conv)
    assert macs(graphs) == 64 * 9 * 8 * 16
    assert param_bytes(graphs) == 16 * 8 * 9 + 4 + 1
    assert macs(one("ConvInteger", x, ("y", (1, 16, 8, 8)), [weights])) == 64 * 9 * 8 * 16
    product = ["x", "s", "z", "w", "s", "z", "s", "z"]
    dense = [("w", (7, 5), UINT8), *SCALARS]
    assert macs(one("QLinearMatMul", [("x", (1, 7))], ("y", (1, 5)), dense, product)) == 35
    assert macs(one("MatMulInteger", [("x", (1, 7))], ("y", (1, 5)), dense[:1])) == 35


def test_weights_that_are_brought_into_floats_first_are_found() -> None:
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["y"]),
    ]
    constants = [("q", (16, 8, 1, 1), INT8), ("s", (), FLOAT)]
    graphs = graphs_of(nodes, [X], ("y", (1, 16, 10, 10)), constants)
    assert macs(graphs) == 100 * 8 * 16
    assert param_bytes(graphs) == 16 * 8 + 4


def test_a_constant_that_is_read_twice_counts_once() -> None:
    nodes = [helper.make_node("Add", ["x", "c"], ["h"]), helper.make_node("Mul", ["h", "c"], ["y"])]
    graphs = graphs_of(
        nodes, [("x", (1, 4))], ("y", (1, 4)), [("c", (4,), FLOAT), ("o", (9,), FLOAT)]
    )
    assert param_bytes(graphs) == 16
    assert macs(graphs) == 0


def tensor(*shape: int, of: str = "float32", constant: bool = False) -> Tensor:
    return Tensor(type=of, shape=shape, at_one=shape, is_constant=constant)


def graph(op: str, inputs: dict[str, Tensor], out: Tensor) -> list[FileGraph]:
    node = Node(op=op, inputs=tuple(inputs), outputs=("y",))
    return [FileGraph(nodes=(node,), tensors={**inputs, "y": out}, inputs=(), outputs=("y",))]


@pytest.mark.parametrize(
    ("op", "inputs", "out", "count"),
    [
        ("CONV_2D", {"x": tensor(1, 9, 9, 4), "w": tensor(6, 3, 3, 4)}, tensor(1, 7, 7, 6), 49 * 9 * 4 * 6),
        ("CONV_2D", {"x": tensor(1, 9, 9, 4), "w": tensor(6, 1, 1, 2)}, tensor(1, 9, 9, 6), 81 * 2 * 6),
        ("DEPTHWISE_CONV_2D", {"x": tensor(1, 9, 9, 4), "w": tensor(1, 3, 3, 8)}, tensor(1, 7, 7, 8), 49 * 9 * 8),
        ("CONV_3D", {"x": tensor(1, 5, 5, 5, 2), "w": tensor(3, 3, 3, 2, 4)}, tensor(1, 3, 3, 3, 4), 27 * 27 * 2 * 4),
        ("FULLY_CONNECTED", {"x": tensor(3, 7), "w": tensor(5, 7)}, tensor(3, 5), 3 * 35),
        (
            "TRANSPOSE_CONV", {"o": tensor(4), "w": tensor(6, 2, 2, 4), "x": tensor(1, 5, 5, 4)},
            tensor(1, 10, 10, 6), 25 * 4 * 4 * 6,
        ),
        ("BATCH_MATMUL", {"a": tensor(2, 3, 7), "b": tensor(2, 7, 5)}, tensor(2, 3, 5), 2 * 3 * 7 * 5),
        ("BATCH_MATMUL", {"a": tensor(2, 7, 3), "b": tensor(2, 7, 5)}, tensor(2, 3, 5), 2 * 3 * 7 * 5),
        ("ADD", {"a": tensor(2, 7), "b": tensor(2, 7)}, tensor(2, 7), 0),
    ],
)  # fmt: skip
def test_costs_of_tflite_operations(
    op: str, inputs: dict[str, Tensor], out: Tensor, count: int
) -> None:
    assert macs(graph(op, inputs, out)) == count


def test_what_is_not_known_is_none() -> None:
    unknown = Tensor(type="float32", shape=None)
    odd = tensor(2, of="string", constant=True)
    assert macs(graph("CONV_2D", {"x": unknown, "w": tensor(6, 3, 3, 4)}, unknown)) is None
    assert macs(graph("MatMul", {"x": unknown, "w": tensor(6, 3)}, tensor(1, 3))) is None
    assert param_bytes(graph("ADD", {"x": tensor(2), "c": odd}, tensor(2))) is None
    assert param_bytes(graph("ADD", {"x": tensor(2), "c": tensor(2, of="int4", constant=True)}, tensor(2))) == 1  # fmt: skip


@pytest.mark.parametrize(
    ("name", "count", "held"),
    [
        ("pretrainedResnet.tflite", 12_501_632, 4 * (77_360 + 346)),
        ("pretrainedResnet_quant.tflite", 12_501_632, 77_360 + 4 * 346),
        # Of its weights those of fewer than 1,024 numbers are floats.
        ("kws_ref_model_float32.tflite", 2_656_768, 18_944 + 4 * (3_072 + 588)),
        ("kws_ref_model.tflite", 2_656_768, 22_016 + 4 * 588),
    ],
)
def test_published_networks(name: str, count: int, held: int) -> None:
    beside = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("EDGEBENCH_DATA", beside)) / "mlperf_tiny" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there; set EDGEBENCH_DATA")
    graphs = read_graphs(path)
    assert macs(graphs) == count
    shape_bytes = 8  # of the reshape before the dense layer: two numbers
    assert param_bytes(graphs) == held + shape_bytes
