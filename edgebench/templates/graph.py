"""Facts read from a built Keras model: its size, its work, its memory and its identity.

Keras itself is not imported here: a model that was built elsewhere is all that is read.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgebench.templates.trace import Step, TensorRef, Trace, trace_model

ARCH_ID_LENGTH = 16
UNHASHED_KEYS = ("name", "seed", "shared_object_id", "build_config", "trainable")
VIEWS = ("ExpandDims", "Flatten", "Reshape", "Squeeze")
FUSED_ACTIVATIONS = ("linear", "relu", "relu6")
RECURRENT = ("LSTM", "GRU", "SimpleRNN")
Span = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """One step of the graph. A layer that is called again has no parameters of its own there."""

    name: str
    type: str
    output_shape: tuple[int, ...]
    params: int
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFacts:
    """What a graph costs for one example (batch 1). Shapes are without the batch.

    ``macs`` counts convolutions (plain, depthwise, separable, transposed), dense and recurrent layers; pooling, batch
    norm, activations and other element-wise work count 0. Types with matrices of weights that no rule counts stand in
    ``uncounted``. ``peak_activation_bytes`` is the largest sum of tensors alive at one step, in the order of the
    graph, each in its own buffer; dropout, reshaping, and what runtimes fuse into the convolution or sum before it
    (batch norm, relu) are free. ``receptive_field`` is the height and width in input pixels that one position of a
    feature map sees at most, apart from global pooling; None without spatial layers.
    ``arch_id`` is equal for equal graphs.
    """

    trainable_params: int
    total_params: int
    param_bytes: int
    macs: int
    peak_activation_bytes: int
    receptive_field: tuple[int, int] | None
    output_shapes: tuple[tuple[int, ...], ...]
    layers: tuple[LayerFacts, ...]
    arch_id: str
    uncounted: tuple[str, ...] = ()


def read_graph(model: Any) -> GraphFacts:
    """Return the facts of a built functional or sequential `keras.Model`.

    Raises:
        InputError: The model has no graph to read: it is subclassed, not built, or of no fixed size.
    """
    trace = trace_model(model)
    layers = tuple(_layer_facts(trace))
    return GraphFacts(
        trainable_params=sum(math.prod(w.shape) for w in model.trainable_weights),
        total_params=sum(math.prod(w.shape) for w in model.weights),
        param_bytes=sum(math.prod(w.shape) * dtype_bytes(str(w.dtype)) for w in model.weights),
        macs=sum(layer.macs for layer in layers),
        peak_activation_bytes=_peak_bytes(trace),
        receptive_field=_receptive_field(trace),
        output_shapes=tuple(trace.tensors[i].shape for i in trace.outputs),
        layers=layers,
        arch_id=_arch_id(trace),
        uncounted=tuple(sorted({s.type for s in trace.steps if _macs(s, trace) is None})),
    )


def dtype_bytes(dtype: str) -> int:
    """Return the bytes of one element: ``float32`` 4, ``bfloat16`` 2, ``bool`` 1."""
    bits = re.search(r"\d+", dtype)
    return max(1, int(bits.group()) // 8) if bits else 1


def _layer_facts(trace: Trace) -> Iterable[LayerFacts]:
    seen: set[int] = set()
    for step in trace.steps:
        is_first = id(step.operation) not in seen
        seen.add(id(step.operation))
        yield LayerFacts(
            name=step.operation.name,
            type=step.type,
            output_shape=trace.tensors[step.outputs[0]].shape,
            params=sum(math.prod(w.shape) for w in step.weights) if is_first else 0,
            macs=_macs(step, trace) or 0,
        )


def _macs(step: Step, trace: Trace) -> int | None:
    """Return multiply-accumulates: each element of a kernel works once a position. None where no rule fits."""
    if all(len(w.shape) < 2 for w in step.weights) or step.type == "Embedding":
        return 0
    positions: int | None = None
    if re.fullmatch(r"(Depthwise|Separable)?Conv[123]D", step.type):
        positions = _positions(step, trace.tensors[step.outputs[0]].shape)
    elif re.fullmatch(r"Conv[123]DTranspose", step.type):
        positions = _positions(step, trace.tensors[step.inputs[0]].shape)
    elif step.type == "Dense":
        positions = math.prod(trace.tensors[step.outputs[0]].shape[:-1])
    elif step.type in RECURRENT:
        positions = trace.tensors[step.inputs[0]].shape[0]
    if positions is None:
        return None
    kernel_size = sum(math.prod(w.shape) for w in step.weights if "kernel" in w.name)
    return int(positions * kernel_size)


def _positions(step: Step, shape: tuple[int, ...]) -> int:
    is_channels_last = step.operation.data_format == "channels_last"
    return math.prod(shape[:-1] if is_channels_last else shape[1:])


def _peak_bytes(trace: Trace) -> int:
    size = [math.prod(t.shape) * dtype_bytes(t.dtype) for t in trace.tensors]
    end = len(trace.steps)
    buffer_of = {tensor: tensor for tensor in range(len(size))}
    fused = _fused_steps(trace)
    born = dict.fromkeys(trace.inputs, 0)
    dies = dict.fromkeys(trace.inputs, 0)
    for position, step in enumerate(trace.steps):
        if step.type in VIEWS or position in fused:
            buffer_of.update(dict.fromkeys(step.outputs, buffer_of[step.inputs[0]]))
        touched = [buffer_of[tensor] for tensor in (*step.inputs, *step.outputs)]
        for tensor in touched:
            born.setdefault(tensor, position)
        dies.update(dict.fromkeys(touched, position))
    dies.update((buffer_of[tensor], end) for tensor in trace.outputs)
    return max(
        sum(size[t] for t, start in born.items() if start <= position <= dies[t])
        for position in range(max(end, 1))
    )


def _fused_steps(trace: Trace) -> set[int]:
    """Return the positions of batch norms and relus that runtimes work into the convolution or sum before them."""
    reads = Counter(tensor for step in trace.steps for tensor in step.inputs)
    reads.update(trace.outputs)
    made_by: dict[int, str] = {}
    fused = set()
    for position, step in enumerate(trace.steps):
        maker = made_by.get(step.inputs[0], "") if len(step.inputs) == 1 else ""
        is_read_once = bool(maker) and reads[step.inputs[0]] == 1
        if is_read_once and _can_follow(step, maker):
            fused.add(position)
            made_by[step.outputs[0]] = maker
        elif step.type == "Add" or _macs(step, trace):
            made_by[step.outputs[0]] = step.type
    return fused


def _can_follow(step: Step, maker: str) -> bool:
    if step.type == "BatchNormalization":
        return maker != "Add"
    activation = getattr(getattr(step.operation, "activation", None), "__name__", "")
    return step.type == "ReLU" or (step.type == "Activation" and activation in FUSED_ACTIVATIONS)


def _receptive_field(trace: Trace) -> tuple[int, int] | None:
    """Follow (height, width, step down, step right) of one position through the graph; None once global."""
    spans: dict[int, Span | None] = {
        i: (1.0, 1.0, 1.0, 1.0) if len(trace.tensors[i].shape) == 3 else None for i in trace.inputs
    }
    for step in trace.steps:
        sources = [span for i in step.inputs if (span := spans[i]) is not None]
        is_map = bool(sources) and len(trace.tensors[step.outputs[0]].shape) == 3
        is_global = step.type.startswith("Global") or not is_map
        span = None if is_global else _widened(step, _union(sources))
        spans.update(dict.fromkeys(step.outputs, span))
    fields = [span[:2] for span in spans.values() if span is not None]
    if not fields:
        return None
    return math.ceil(max(h for h, _ in fields)), math.ceil(max(w for _, w in fields))


def _union(spans: Sequence[Span]) -> Span:
    height, width, down, right = (max(values) for values in zip(*spans, strict=True))
    return height, width, down, right


def _widened(step: Step, span: Span) -> Span:
    operation = step.operation
    height, width, down, right = span
    if step.type == "UpSampling2D":
        return height, width, down / operation.size[0], right / operation.size[1]
    if not re.fullmatch(r".*(Conv2D|Conv2DTranspose|Pooling2D)", step.type):
        return span
    kernel = getattr(operation, "kernel_size", None) or operation.pool_size
    dilation = getattr(operation, "dilation_rate", (1, 1))
    if step.type.endswith("Transpose"):
        down, right = down / operation.strides[0], right / operation.strides[1]
    height += (kernel[0] - 1) * dilation[0] * down
    width += (kernel[1] - 1) * dilation[1] * right
    if not step.type.endswith("Transpose"):
        down, right = down * operation.strides[0], right * operation.strides[1]
    return height, width, down, right


def _arch_id(trace: Trace) -> str:
    """Hash inputs, steps and outputs. Equal layers that share weights differ from equal layers that do not."""
    steps = [step for step in trace.steps if not step.is_identity]
    owners: dict[int, int] = {}
    for position, step in enumerate(steps):
        if step.weights:
            owners.setdefault(id(step.operation), position)
    document = {
        "inputs": [[t.shape, t.dtype] for t in (trace.tensors[i] for i in trace.inputs)],
        "steps": [
            [
                step.type,
                owners.get(id(step.operation), position),
                _hashable(step.operation.get_config()),
                _hashable(step.arguments),
                [[trace.tensors[i].shape, trace.tensors[i].dtype] for i in step.outputs],
                [w.trainable for w in step.weights],
            ]
            for position, step in enumerate(steps)
        ],
        "outputs": trace.outputs,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:ARCH_ID_LENGTH]


def _hashable(value: Any) -> Any:
    """Return plain JSON without names, seeds, initializers and unset values."""
    if isinstance(value, TensorRef):
        return {"tensor": value.index}
    if isinstance(value, Mapping):
        if value.get("class_name") == "DTypePolicy":
            return value["config"]["name"]
        return {
            str(key): _hashable(item)
            for key, item in value.items()
            if item is not None and key not in UNHASHED_KEYS and "initializer" not in str(key)
        }
    if isinstance(value, (list, tuple)):
        return [_hashable(item) for item in value]
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    return value.tolist() if hasattr(value, "tolist") else type(value).__qualname__
