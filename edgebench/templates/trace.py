"""The steps that a built Keras model runs, in order, nested models opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from edgebench.errors import InputError

IDENTITY_TYPES = frozenset(
    {"ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise",
     "Identity", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """What flows between steps; ``shape`` without the batch."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of one operation. ``inputs`` and ``outputs`` are indices into the trace's tensors.

    ``arguments`` are those of the call, with indices in place of tensors. A step that is the identity when the model
    is used (dropout) has its input as its output.
    """

    operation: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arguments: Any

    @property
    def type(self) -> str:
        return type(self.operation).__name__

    @property
    def weights(self) -> list[Any]:
        return list(getattr(self.operation, "weights", ()))

    @property
    def is_identity(self) -> bool:
        return self.type in IDENTITY_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A model as steps over numbered tensors. The numbers depend on the graph alone."""

    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRef:
    """Stands for a tensor in a step's arguments."""

    index: int


@dataclass(slots=True)
class _Tracer:
    tensors: list[Tensor] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def add_tensor(self, keras_tensor: Any) -> int:
        shape = tuple(keras_tensor.shape[1:])
        if None in shape:
            raise InputError(
                f"{keras_tensor.name} has no fixed shape",
                why=f"its shape is {keras_tensor.shape}",
                remedy="build the model for inputs of fixed size",
            )
        self.tensors.append(Tensor(shape=shape, dtype=str(keras_tensor.dtype)))
        return len(self.tensors) - 1

    def trace(self, model: Any, inputs: Iterable[int]) -> list[int]:
        """Walk from the model's outputs back to its inputs, emitting each step after those it needs."""
        known = dict(zip(map(id, model.inputs), inputs, strict=True))
        waiting = list(reversed(model.outputs))
        while waiting:
            node = _producer(waiting[-1])
            if id(waiting[-1]) in known:
                waiting.pop()
                continue
            missing = [t for t in node.input_tensors if id(t) not in known]
            if missing:
                waiting += reversed(missing)
                continue
            outputs = self.run(node, known)
            known.update(zip(map(id, node.output_tensors), outputs, strict=True))
        return [known[id(tensor)] for tensor in model.outputs]

    def run(self, node: Any, known: dict[int, int]) -> list[int]:
        operation = node.operation
        inputs = [known[id(tensor)] for tensor in node.input_tensors]
        if _is_model(operation):
            return self.trace(operation, inputs)
        is_identity = type(operation).__name__ in IDENTITY_TYPES
        outputs = inputs if is_identity else [self.add_tensor(t) for t in node.output_tensors]
        arguments = [_referred(node.arguments.args, known), _referred(node.arguments.kwargs, known)]
        self.steps.append(
            Step(
                operation=operation,
                inputs=tuple(inputs),
                outputs=tuple(outputs),
                arguments=arguments,
            )
        )
        return outputs


def trace_model(model: Any) -> Trace:
    """Return the steps of a built functional or sequential model.

    Raises:
        InputError: There is no graph to read, or a tensor has no fixed size.
    """
    if not _is_model(model):
        raise InputError(
            f"the graph of {model.name} cannot be read",
            why="it is subclassed or not built",
            remedy="build it with keras.Model(inputs, outputs)",
        )
    tracer = _Tracer()
    inputs = [tracer.add_tensor(tensor) for tensor in model.inputs]
    outputs = tracer.trace(model, inputs)
    return Trace(
        tensors=tuple(tracer.tensors),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        steps=tuple(tracer.steps),
    )


def _is_model(operation: Any) -> bool:
    return hasattr(operation, "layers") and bool(getattr(operation, "outputs", None))


def _producer(keras_tensor: Any) -> Any:
    operation, node_index, _ = keras_tensor._keras_history
    return operation._inbound_nodes[node_index]


def _referred(value: Any, known: dict[int, int]) -> Any:
    if id(value) in known and hasattr(value, "_keras_history"):
        return TensorRef(index=known[id(value)])
    if isinstance(value, dict):
        return {key: _referred(item, known) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_referred(item, known) for item in value]
    return value
