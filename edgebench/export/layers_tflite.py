"""The layers of two TFLite files side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.errors import WorkError, first_line
from edgebench.export.layer_names import layer_names
from edgebench.runtimes.quiet import silenced

Array = npt.NDArray[Any]
Key = tuple[str, tuple[int, ...]]
LAYERS = {
    "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "ADD", "SUB", "MUL",
    "CONCATENATION",
}  # fmt: skip
CHANGES = {"QUANTIZE", "DEQUANTIZE"}


class TflitePair:
    """Runs a float file with all its tensors kept, and a quantised one that is cut between its operations.

    Every operation of the cut file reads inputs of the file in place of other operations' outputs, as far as the float file
    has those outputs too. Both run without XNNPACK, which does not keep tensors.
    """

    def __init__(self, fp32: Path, quantised: Path) -> None:
        from ai_edge_litert.tools import flatbuffer_utils

        model, cut = (flatbuffer_utils.read_model(str(path)) for path in (fp32, quantised))
        graph = model.subgraphs[0]
        makers = {index: operation for operation in graph.operators for index in operation.outputs}
        twins = _twins(cut, {_key(graph, index): index for index in makers})
        self._fed = _cut(cut.subgraphs[0], twins)
        cut.signatureDefs = None
        self._shown = {
            index: twin for index, twin in twins.items() if _kind(model, makers[twin]) in LAYERS
        }
        self.layers = layer_names(
            [_telling_names(graph, makers[twin], makers) for twin in self._shown.values()]
        )
        self._float = _open(fp32, model_path=str(fp32), experimental_preserve_all_tensors=True)
        content = bytes(flatbuffer_utils.convert_object_to_bytearray(cut))
        self._cut = _open(quantised, model_content=content)
        self._details = {detail["index"]: detail for detail in self._cut.get_output_details()}

    def run(self, example: Sequence[Array]) -> list[tuple[Array, Array]]:
        _feed(self._float, self._float.get_input_details(), example)
        self._float.invoke()
        doors = self._cut.get_input_details()
        fed = [self._float.get_tensor(self._fed[door["index"]]) for door in doors[len(example) :]]
        _feed(self._cut, doors, [*example, *fed])
        self._cut.invoke()
        return [
            (
                self._float.get_tensor(twin),
                _dequantised(self._cut.get_tensor(index), self._details[index]),
            )
            for index, twin in self._shown.items()
        ]


def _open(path: Path, **model: Any) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        with silenced():
            interpreter = Interpreter(
                **model,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise WorkError(f"the layers of {path.name} cannot be run", why=first_line(error)) from None
    return interpreter


def _twins(model: Any, known: Mapping[Key, int]) -> dict[int, int]:
    """Return which tensor of the float file each tensor of a quantised one stands for.

    Args:
        model: The quantised file.
        known: What the float file's operations make, by name and shape.
    """
    graph = model.subgraphs[0]
    made = [index for operation in graph.operators for index in operation.outputs]
    keys = {index: _key(graph, index) for index in made}
    twins = {index: known[key] for index, key in keys.items() if key in known}
    changes = [operation for operation in graph.operators if _kind(model, operation) in CHANGES]
    for operation in (*changes, *reversed(changes)):
        read, written = operation.inputs[0], operation.outputs[0]
        if read in twins:
            twins.setdefault(written, twins[read])
        elif written in twins and read in made:
            twins[read] = twins[written]
    return twins


def _cut(graph: Any, twins: Mapping[int, int]) -> dict[int, int]:
    """Let operations read new inputs in place of what others make, and show all that is made.

    Returns:
        The new inputs, each with the tensor of the float file that it is fed from.
    """
    made = [index for operation in graph.operators for index in operation.outputs]
    inputs: dict[int, int] = {}
    for operation in graph.operators:
        for place, index in enumerate(operation.inputs):
            if index in made and index in twins:
                if index not in inputs:
                    inputs[index] = len(graph.tensors)
                    graph.tensors.append(copy(graph.tensors[index]))
                operation.inputs[place] = inputs[index]
    graph.inputs = [*graph.inputs, *inputs.values()]
    graph.outputs = made
    return {fresh: twins[index] for index, fresh in inputs.items()}


def _kind(model: Any, operation: Any) -> str:
    from ai_edge_litert.tools import flatbuffer_utils

    return str(flatbuffer_utils.opcode_to_name(model, operation.opcodeIndex))


def _key(graph: Any, index: int) -> Key:
    shape = graph.tensors[index].shape
    return _name(graph, index), tuple(map(int, () if shape is None else shape))


def _name(graph: Any, index: int) -> str:
    return str(graph.tensors[index].name.decode())


def _telling_names(graph: Any, operation: Any, made: Mapping[int, Any]) -> list[str]:
    """Return the names that may tell a layer's: of its output, then of its weights."""
    weights = [index for index in operation.inputs[1:2] if index not in made]
    return [_name(graph, index) for index in (*operation.outputs, *weights)]


def _feed(interpreter: Any, doors: Sequence[Mapping[str, Any]], arrays: Sequence[Array]) -> None:
    for door, array in zip(doors, arrays, strict=True):
        interpreter.set_tensor(door["index"], _quantised(array, door))


def _quantised(array: Array, detail: Mapping[str, Any]) -> Array:
    """Return an array in a tensor's own type and shape."""
    scale, zero_point = detail["quantization"]
    dtype = np.dtype(detail["dtype"])
    if scale and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        array = np.clip(np.rint(array / scale) + zero_point, limits.min, limits.max)
    return array.astype(dtype).reshape(detail["shape"])


def _dequantised(array: Array, detail: Mapping[str, Any]) -> Array:
    scale, zero_point = detail["quantization"]
    if not scale or array.dtype.kind not in "iu":
        return array
    real: Array = (array.astype(np.float64) - zero_point) * scale
    return real
