"""A traced model to ONNX through tf2onnx, and from there to half precision or int8 with ONNX Runtime's own tools."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebench.datasets import Floats
from edgebench.export.tracing import Traced
from edgebench.runtimes.quiet import silenced

OPSET = 17
COUNTER = re.compile(r"__\d+")
BATCH = "batch"
RESHAPING = {"Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"}
# What the quantiser looks for to see that shapes were inferred; it is taken out again.
PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}


def to_onnx(traced: Traced) -> Any:
    """Return a checked ONNX model of opset 17, channels last at the door; the same model gives the same bytes.

    Inputs are called what the model calls them, outputs what ``traced`` does.
    """
    import tf2onnx

    with silenced():
        proto, _ = tf2onnx.convert.from_graph_def(
            traced.graph,
            input_names=[tensor.name for tensor in traced.inputs],
            output_names=[tensor.name for tensor in traced.outputs],
            opset=OPSET,
        )
    proto.graph.doc_string = ""
    proto.graph.name = "model"
    _order(proto.graph)
    _rename(proto.graph, traced.input_names, traced.output_names)
    for value in (*proto.graph.input, *proto.graph.output):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param:
                dimension.dim_param = BATCH
    return checked(proto)


def to_half(proto: Any) -> Any:
    """Return the model with float16 weights and activations, and float32 at the door."""
    import onnx

    float16, quantization = _tools()
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    halved = float16.convert_float_to_float16(copy, keep_io_types=True)
    # It puts what brings inputs into float16 last.
    quantization.onnx_model.ONNXModel(halved).topological_sort()
    return checked(halved)


def to_int8(proto: Any, examples: Sequence[Floats]) -> Any:
    """Return the model with weights (by channel) and activations in int8 between QuantizeLinear and DequantizeLinear.

    Args:
        proto: From `to_onnx`.
        examples: Training inputs, one array of shape (count, *input shape) an input, in their order.
    """
    import onnx

    _, quantization = _tools()

    reader: Any = quantization.CalibrationDataReader

    class Examples(reader):  # type: ignore[misc]
        def __init__(self) -> None:
            names = [value.name for value in proto.graph.input]
            self._left = (
                {name: array[None] for name, array in zip(names, example, strict=True)}
                for example in zip(*examples, strict=True)
            )

        def get_next(self) -> dict[str, Floats] | None:
            return next(self._left, None)

    prepared = onnx.shape_inference.infer_shapes(proto)
    onnx.helper.set_model_props(prepared, PREPARED)
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder, "int8.onnx")
        quantization.quantize_static(
            prepared,
            path,
            Examples(),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=sorted(quantization.registry.QDQRegistry),
            per_channel=True,
        )
        quantised = onnx.load(path)
    del quantised.metadata_props[:]
    return checked(quantised)


def serialised(proto: Any) -> bytes:
    return bytes(proto.SerializeToString(deterministic=True))


def checked(proto: Any) -> Any:
    import onnx

    onnx.checker.check_model(proto, full_check=True)
    return proto


def _tools() -> tuple[Any, Any]:
    """Import ONNX Runtime's converters to half precision and int8.

    They put their own folder, full of modules with plain names, among those that imports are looked up in; it is taken out.
    """
    before = list(sys.path)
    try:
        from onnxruntime import quantization
        from onnxruntime.transformers import float16
    finally:
        sys.path[:] = before
    return float16, quantization


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser's remarks from the terminal.

    It logs through the root logger, which would be given a handler for good where it has none.
    """
    handler = logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with silenced():
            yield
    finally:
        root.removeHandler(handler)


def _order(graph: Any) -> None:
    """Put nodes and weights in the order in which the outputs need them; tf2onnx's differs from process to process."""
    maker = {name: node for node in graph.node for name in node.output}
    weights = {tensor.name: tensor for tensor in graph.initializer}
    placed: dict[int, Any] = {}
    read: dict[str, Any] = {}
    waiting = [(value.name, False) for value in reversed(graph.output)]
    while waiting:
        name, is_ready = waiting.pop()
        node = maker.get(name)
        if node is None:
            read |= {name: weights[name]} if name in weights else {}
        elif is_ready:
            placed[id(node)] = node
        elif id(node) not in placed:
            waiting.append((name, True))
            waiting += [(needed, False) for needed in reversed(list(_needs(node)))]
    for field, ordered in ((graph.node, placed.values()), (graph.initializer, read.values())):
        kept = [type(item).FromString(item.SerializeToString()) for item in ordered]
        del field[:]
        field.extend(kept)
    del graph.value_info[:]


def _needs(node: Any) -> Iterator[str]:
    """Name all that a node reads, the nodes of its branches included."""
    yield from node.input
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            for within in inner.node:
                yield from _needs(within)


def _rename(graph: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Name everything after the nodes, and these so that neither counts all conversions of this process.

    Of nodes that only reshape tf2onnx keeps one of several equal ones, now this and now that: they are called what they
    do, all others what the model calls them.
    """
    new = {"": ""}
    for values, names in ((graph.input, inputs), (graph.output, outputs)):
        new |= {value.name: name for value, name in zip(values, names, strict=True)}
        for value in values:
            value.name = new[value.name]
    weights = {tensor.name for tensor in graph.initializer}
    counts: Counter[str] = Counter()
    for node in graph.node:
        stem = node.op_type if node.op_type in RESHAPING else COUNTER.sub("", node.name)
        counts[stem] += 1
        node.name = stem if counts[stem] == 1 else f"{stem}__{counts[stem]}"
        for place, name in enumerate(_needs(node)):
            if name in weights:
                new.setdefault(name, f"{node.name}/{place}")
        for place, name in enumerate(node.output):
            new.setdefault(name, f"{node.name}:{place}")
        node.output[:] = [new[name] for name in node.output]
        _rename_inputs(node, new)
    for tensor in graph.initializer:
        tensor.name = new[tensor.name]


def _rename_inputs(node: Any, new: Mapping[str, str]) -> None:
    node.input[:] = [new.get(name, name) for name in node.input]
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            for within in inner.node:
                _rename_inputs(within, new)
