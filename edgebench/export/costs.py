"""What the graph of a file says it costs: the bytes of its weights, and multiplications with their additions (MACs)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgebench.export.graphs import FileGraph, Node

# What runs its weights over each place of a map: the weights' position, that of the map (an output where None), its channels' axis.
_KERNELS: dict[str, tuple[int, int | None, int]] = {
    "CONV_2D": (1, None, -1),
    "CONV_3D": (1, None, -1),
    "DEPTHWISE_CONV_2D": (1, None, -1),
    "FULLY_CONNECTED": (1, None, -1),
    "TRANSPOSE_CONV": (1, 2, -1),
    "Conv": (1, None, 1),
    "ConvInteger": (1, None, 1),
    "QLinearConv": (3, None, 1),
    "ConvTranspose": (1, 0, 1),
    "Gemm": (1, None, -1),
}
_PRODUCTS = {"MatMul", "MatMulInteger", "QLinearMatMul", "BATCH_MATMUL"}


def param_bytes(graphs: Sequence[FileGraph]) -> int | None:
    """Return the bytes of all constants that operations read, each once; None where one has a type of no known size."""
    sizes = [
        graph.tensors[name].size_bytes
        for graph in graphs
        for name in {name for node in graph.nodes for name in node.inputs}
        if name in graph.tensors and graph.tensors[name].is_constant
    ]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def macs(graphs: Sequence[FileGraph]) -> int | None:
    """Return the MACs of convolutions, dense layers and matrix products; open sizes, as of a batch, count as 1.

    None where a shape is not known.
    """
    counts = [
        _macs(node, graph)
        for graph in graphs
        for node in graph.nodes
        if node.op in _KERNELS or node.op in _PRODUCTS
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _macs(node: Node, graph: FileGraph) -> int | None:
    if node.op in _PRODUCTS:
        left, out = _shape(node.inputs[0], graph), _shape(node.outputs[0], graph)
        return None if left is None or out is None else math.prod(out) * _summed(node.op, left, out)
    weights_at, map_at, axis = _KERNELS[node.op]
    weights = _shape(node.inputs[weights_at], graph)
    places = _shape(node.outputs[0] if map_at is None else node.inputs[map_at], graph)
    if weights is None or places is None:
        return None
    return math.prod(places) * math.prod(weights) // max(1, places[axis])


def _summed(op: str, left: tuple[int, ...], out: tuple[int, ...]) -> int:
    """Return over how many numbers a product sums; TFLite's may have its left side turned, and the node does not tell."""
    is_turned = op == "BATCH_MATMUL" and left[-1] == out[-2] != left[-2]
    return left[-2] if is_turned else left[-1]


def _shape(name: str, graph: FileGraph) -> tuple[int, ...] | None:
    return graph.tensors[name].at_one if name in graph.tensors else None
