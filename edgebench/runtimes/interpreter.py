"""The interpreter that tflite_runtime, tf.lite and ai_edge_litert share."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from edgebench.runtimes.base import InferenceError, Op, TensorSpec, require_fit, require_model
from edgebench.runtimes.quiet import silenced

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array, Feed

DELEGATED_NODE = "DELEGATE"


class InterpreterSession:
    """A session on an interpreter whose tensors are allocated.

    ``delegated_ops`` and ``other_ops`` count the file's own operations, those of its main graph.
    """

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        self._input_indices = [detail["index"] for detail in inputs]
        self._output_indices = [detail["index"] for detail in outputs]
        self.inputs = [_spec(detail) for detail in inputs]
        self.outputs = [_spec(detail) for detail in outputs]
        self.accelerator = "cpu"
        self.invoke = interpreter.invoke

    @cached_property
    def nodes(self) -> list[Op]:
        return read_nodes(self._interpreter._get_ops_details())

    @property
    def delegated_ops(self) -> int:
        return sum(node.delegated for node in self.nodes)

    @property
    def other_ops(self) -> int:
        return len(self.nodes) - self.delegated_ops

    @property
    def delegate(self) -> str:
        return "xnnpack" if self.delegated_ops else "none"

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
            session = InterpreterSession(interpreter)
    except (ValueError, RuntimeError) as error:
        raise InferenceError(
            "model_rejected",
            f"{os.path.basename(model_path)} cannot be opened: {_first_line(error)}",
        ) from None
    if delegate == "xnnpack" and not _has_delegated(interpreter):
        raise InferenceError(
            "delegate_missing",
            f"{delegate} takes none of the model's {session.other_ops} operations in this {runtime}",
        )
    return session


def list_ops(session: InterpreterSession, feed: Feed) -> list[Op]:
    """Run the model and list its operations without times: the packages' Python tells none."""
    feed(session)
    return session.nodes


def read_nodes(details: Sequence[Mapping[str, Any]]) -> list[Op]:
    """Return the file's own operations and whether a delegate's node stands for them.

    The interpreter keeps the replaced nodes and adds one for each part that a delegate took, which names all
    tensors that part reads and those that others read of it. So its operations are what lies between them; one
    whose outputs nobody reads would count as not delegated.

    Args:
        details: The nodes as the interpreter lists them: index, op_name, inputs and outputs.
    """
    own = [node for node in details if node["op_name"] != DELEGATED_NODE]
    maker = {int(tensor): node for node in own for tensor in node["outputs"]}
    taken: set[int] = set()
    for part in details:
        if part["op_name"] == DELEGATED_NODE:
            edge = {int(tensor) for tensor in part["inputs"]}
            wanted = [int(tensor) for tensor in part["outputs"]]
            while wanted:
                node = maker.get(wanted.pop())
                if node is not None and node["index"] not in taken:
                    taken.add(node["index"])
                    wanted += [int(tensor) for tensor in node["inputs"] if int(tensor) not in edge]
    return [
        Op(
            name=f"{node['op_name']}_{node['index']}",
            type=str(node["op_name"]),
            invokes=1,
            ns=None,
            delegated=node["index"] in taken,
        )
        for node in own
    ]


def _has_delegated(interpreter: Any) -> bool:
    """Return whether a delegate took anything: its nodes stand last."""
    count = interpreter._interpreter.NumNodes()
    return bool(count and interpreter._get_op_details(count - 1)["op_name"] == DELEGATED_NODE)


def _spec(detail: Any) -> TensorSpec:
    scale, zero_point = detail["quantization"]
    return TensorSpec(
        name=detail["name"],
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=detail["dtype"].__name__.rstrip("_"),
        scale=float(scale),
        zero_point=int(zero_point),
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
