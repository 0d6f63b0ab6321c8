"""The graph that stands in a TFLite or ONNX file, read without the framework that wrote it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Bits that one number of a type takes; a tensor of any other type has no known size.
BITS = {
    "float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "int64": 64, "uint64": 64, "int32": 32, "uint32": 32,
    "int16": 16, "uint16": 16, "int8": 8, "uint8": 8, "bool": 8, "int4": 4, "uint4": 4, "int2": 2,
    "complex64": 64, "complex128": 128,
}  # fmt: skip
ONNX_NAMES = {"float": "float32", "double": "float64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """``shape`` is None where it is open or not known; ``at_one`` is it with each open size as 1, as a batch is when it runs."""

    type: str
    shape: tuple[int, ...] | None
    is_constant: bool = False
    at_one: tuple[int, ...] | None = None

    @property
    def numbers(self) -> int | None:
        return None if self.shape is None else math.prod(self.shape)

    @property
    def size_bytes(self) -> int | None:
        if self.shape is None or self.type not in BITS:
            return None
        return math.ceil(math.prod(self.shape) * BITS[self.type] / 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An operation. Tensors are named; an optional input that is not given has no name."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGraph:
    """One graph of a file, its operations in the order they run; ``opset`` is of ONNX."""

    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    opset: int | None = None


def read_tflite(content: bytes) -> list[FileGraph]:
    """Return the graphs of a TFLite file, the main one first."""
    from ai_edge_litert import schema_py_generated as schema

    types = {
        value: name.lower() for name, value in vars(schema.TensorType).items() if name.isupper()
    }
    codes = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
    model = schema.Model.GetRootAs(content)
    ops = []
    for index in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(index)
        name = codes[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        ops.append(code.CustomCode().decode() if name == "CUSTOM" else name)
    filled = [model.Buffers(i).DataLength() > 0 for i in range(model.BuffersLength())]

    def tensor_of(tensor: Any) -> Tensor:
        open_dims = tensor.ShapeSignatureLength() and (tensor.ShapeSignatureAsNumpy() < 0).any()
        dims = tuple(int(n) for n in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
        return Tensor(
            type=types[tensor.Type()],
            shape=None if open_dims else dims,
            is_constant=filled[tensor.Buffer()],
            at_one=dims,
        )

    graphs = []
    for index in range(model.SubgraphsLength()):
        graph = model.Subgraphs(index)
        nodes = (graph.Operators(i) for i in range(graph.OperatorsLength()))
        graphs.append(
            FileGraph(
                nodes=tuple(
                    Node(
                        op=ops[node.OpcodeIndex()],
                        inputs=_names(node.InputsAsNumpy(), node.InputsLength()),
                        outputs=_names(node.OutputsAsNumpy(), node.OutputsLength()),
                    )
                    for node in nodes
                ),
                tensors={str(i): tensor_of(graph.Tensors(i)) for i in range(graph.TensorsLength())},
                inputs=_names(graph.InputsAsNumpy(), graph.InputsLength()),
                outputs=_names(graph.OutputsAsNumpy(), graph.OutputsLength()),
            )
        )
    return graphs


def read_onnx(content: bytes) -> list[FileGraph]:
    """Return the graphs of an ONNX file, the main one first; shapes are inferred."""
    import onnx

    proto = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(content), data_prop=True)
    versions = [o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")]
    return [
        _onnx_graph(graph, versions[0] if versions else None) for graph in _onnx_graphs(proto.graph)
    ]


def _onnx_graphs(graph: Any) -> Iterator[Any]:
    """Go through a graph and the branches and bodies in it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*((attribute.g,) if attribute.HasField("g") else ()), *attribute.graphs):
                yield from _onnx_graphs(inner)


def _onnx_graph(graph: Any, opset: int | None) -> FileGraph:
    constants = {
        value.name: _onnx_tensor(value.data_type, value.dims, is_constant=True)
        for value in graph.initializer
    }
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            if attribute.name == "value":
                made = _onnx_tensor(attribute.t.data_type, attribute.t.dims, is_constant=True)
                constants[node.output[0]] = made
    tensors = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        dims = [
            d.dim_value if d.HasField("dim_value") else None
            for d in (kind.shape.dim if kind.HasField("shape") else ())
        ]
        tensors[value.name] = _onnx_tensor(kind.elem_type, dims if kind.HasField("shape") else None)
    return FileGraph(
        nodes=tuple(
            Node(op=node.op_type, inputs=tuple(node.input), outputs=tuple(node.output))
            for node in graph.node
            if node.op_type != "Constant"
        ),
        tensors=tensors | constants,
        inputs=tuple(value.name for value in graph.input if value.name not in constants),
        outputs=tuple(value.name for value in graph.output),
        opset=opset,
    )


def _onnx_tensor(
    data_type: int, dims: Sequence[int | None] | None, *, is_constant: bool = False
) -> Tensor:
    import onnx

    name = onnx.TensorProto.DataType.Name(data_type).lower()
    known = tuple(n for n in dims or () if n is not None)
    return Tensor(
        type=ONNX_NAMES.get(name, name),
        shape=known if dims is not None and len(known) == len(dims) else None,
        is_constant=is_constant,
        at_one=None if dims is None else tuple(1 if n is None else n for n in dims),
    )


def _names(indices: Any, count: int) -> tuple[str, ...]:
    return tuple(str(i) if i >= 0 else "" for i in indices) if count else ()
