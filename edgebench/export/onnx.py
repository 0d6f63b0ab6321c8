"""Keras to ONNX through tf2onnx."""

from __future__ import annotations

import re
from typing import Any

from edgebench.export.tracing import inference_function, input_signature

OPSET = 17
COUNTER = re.compile(r"__\d+")


def to_onnx(model: Any) -> bytes:
    """Return the model as a checked ONNX file of opset 17, static batch of 1, channels last at the door.

    Its outputs are called ``output`` (``output_1``, ... where there are several); the same model gives the same bytes.
    """
    import onnx
    import tf2onnx

    proto, _ = tf2onnx.convert.from_function(
        inference_function(model), input_signature=input_signature(model), opset=OPSET
    )
    proto.graph.doc_string = ""
    _rename(proto.graph)
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString(deterministic=True))


def _rename(graph: Any) -> None:
    """Replace names that count all conversions of this process by names that count within this graph."""
    new: dict[str, str] = {value.name: value.name for value in graph.input}
    taken = set(new)
    many = len(graph.output) > 1
    for index, value in enumerate(graph.output, 1):
        new[value.name] = f"output_{index}" if many else "output"

    def renamed(name: str) -> str:
        if name and name not in new:
            stem, number = COUNTER.sub("", name), 1
            new[name] = stem
            while new[name] in taken:
                number += 1
                new[name] = f"{stem}__{number}"
        taken.add(new.get(name, ""))
        return new.get(name, name)

    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        value.name = renamed(value.name)
    for node in graph.node:
        for side in (node.input, node.output):
            side[:] = [renamed(name) for name in side]
        node.name = renamed(f"{node.name} node").removesuffix(" node")
