"""The interpreter that tflite_runtime, tf.lite and ai_edge_litert share."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgebench.runtimes.base import InferenceError, TensorSpec, require_fit, require_model
from edgebench.runtimes.quiet import silenced

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array

DELEGATED_NODE = "DELEGATE"


class InterpreterSession:
    """A session on an interpreter whose tensors are allocated."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        self._input_indices = [detail["index"] for detail in inputs]
        self._output_indices = [detail["index"] for detail in outputs]
        self.inputs = [_spec(detail) for detail in inputs]
        self.outputs = [_spec(detail) for detail in outputs]
        self.delegate = _delegate(interpreter)
        self.invoke = interpreter.invoke

    def set_inputs(self, arrays: Sequence[Array]) -> None:
        require_fit(arrays, self.inputs)
        for position, index in enumerate(self._input_indices):
            self._interpreter.set_tensor(index, arrays[position])

    def get_outputs(self) -> list[Array]:
        return [self._interpreter.get_tensor(index) for index in self._output_indices]


def open_interpreter(
    module: Any, runtime: str, model_path: str, threads: int, delegate: str | None
) -> InterpreterSession:
    """Open a .tflite file with the ``Interpreter`` of ``module``."""
    require_model(model_path, (".tflite",), runtime)
    resolvers = module.OpResolverType
    known = {
        None: resolvers.AUTO,
        "xnnpack": resolvers.AUTO,
        "none": resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    }
    if delegate not in known:
        raise InferenceError(
            "delegate_missing", f"{runtime} has no delegate {delegate}; it has xnnpack and none"
        )
    try:
        with silenced(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            interpreter = module.Interpreter(
                model_path=model_path,
                num_threads=threads,
                experimental_op_resolver_type=known[delegate],
            )
            interpreter.allocate_tensors()
            return InterpreterSession(interpreter)
    except (ValueError, RuntimeError) as error:
        raise InferenceError(
            "model_rejected",
            f"{os.path.basename(model_path)} cannot be opened: {_first_line(error)}",
        ) from None


def _spec(detail: Any) -> TensorSpec:
    scale, zero_point = detail["quantization"]
    return TensorSpec(
        name=detail["name"],
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=detail["dtype"].__name__.rstrip("_"),
        scale=float(scale),
        zero_point=int(zero_point),
    )


def _delegate(interpreter: Any) -> str:
    """Return ``xnnpack`` where the default delegate took at least one node, else ``none``."""
    nodes = interpreter._get_ops_details()
    return "xnnpack" if any(node["op_name"] == DELEGATED_NODE for node in nodes) else "none"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
