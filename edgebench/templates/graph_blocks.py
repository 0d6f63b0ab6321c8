"""The blocks of any built Keras model: its layers, without those that only reshape or activate."""

from __future__ import annotations

import re
from typing import Any

from edgebench.records import DrawnBlock
from edgebench.templates.drawing import BlockChain, shape_label
from edgebench.templates.trace import Step, trace_model

UNDRAWN = ("BatchNormalization", "LayerNormalization", "Normalization")
KINDS = (("Dropout", "drop"), ("Pooling", "pool"), ("UpSampling", "resize"), ("Dense", "dense"))


def read_blocks(model: Any) -> list[DrawnBlock]:
    """Return one block for each layer that has weights, pools, resizes, drops or joins.

    Raises:
        InputError: The model has no graph to read.
    """
    trace = trace_model(model)
    chain = BlockChain()
    block_of = {i: chain.add(shape_label(trace.tensors[i].shape), "input") for i in trace.inputs}
    order = {name: position for position, name in enumerate(block_of.values())}
    for step in trace.steps:
        # The newest is what the block follows; the others come from further back.
        sources = sorted({block_of[i] for i in step.inputs}, key=order.__getitem__, reverse=True)
        drawn = _label_and_kind(step, len(sources))
        name = chain.add(*drawn, *sources) if drawn else sources[0]
        order.setdefault(name, len(order))
        block_of.update(dict.fromkeys(step.outputs, name))
    return chain.blocks


def _label_and_kind(step: Step, source_count: int) -> tuple[str, str] | None:
    if step.type in UNDRAWN:
        return None
    if source_count > 1:
        return step.type.lower(), "join"
    for pattern, kind in KINDS:
        if re.search(pattern, step.type):
            return _label(step), kind
    return (_label(step), "conv") if step.weights else None


def _label(step: Step) -> str:
    """Return the type in words, with the units, or the kernel and filters."""
    operation = step.operation
    words = re.findall("[A-Z][a-z]+", step.type)
    kernel = "x".join(map(str, getattr(operation, "kernel_size", ())))
    size = getattr(operation, "filters", None) or getattr(operation, "units", None) or ""
    return " ".join(filter(None, [*words, kernel, str(size)])).lower().replace("pooling", "pool")
