"""The layers of two ONNX files side by side, the quantised one with its QuantizeLinear and DequantizeLinear nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.errors import WorkError, first_line
from edgebench.export.layer_names import layer_names

Array = npt.NDArray[Any]
LAYERS = {"Conv", "ConvTranspose", "MatMul", "Gemm", "Add", "Sub", "Mul", "Concat"}
QUANTISE, DEQUANTISE = "QuantizeLinear", "DequantizeLinear"
READ_AGAIN = "_DequantizeLinear_Output"
BEFORE_OUTPUT = "_QuantizeLinear_Input"
FED, AGAIN = "_fed", "_again"
WEIGHTS = re.compile(r"/(ReadVariableOp|merged_input)(:|$)")
ERRORS_ONLY = 3


class OnnxPair:
    """Runs a float file with all its tensors shown, and a quantised one that is cut where tensors are quantised.

    What reads a quantised tensor of the cut file reads an input of the file in its place, quantised the same.
    """

    def __init__(self, fp32: Path, quantised: Path) -> None:
        import onnx

        model, cut = onnx.load(fp32), onnx.load(quantised)
        known = _floats(model)
        written = _cut(cut.graph, known)
        layers = [
            (node, _twin(node.output[0]))
            for node in cut.graph.node
            if node.op_type in LAYERS and _twin(node.output[0]) in known
        ]
        self.layers = layer_names([_telling_names(node) for node, _ in layers])
        self._shown = [(twin, written.get(twin, node.output[0])) for node, twin in layers]
        self._fed = list(written)
        _show(model.graph, {*self._fed, *(tensor for tensor, _ in self._shown)})
        _show(cut.graph, {tensor for _, tensor in self._shown})
        self._float, self._cut = _open(fp32, model), _open(quantised, cut)

    def run(self, example: Sequence[Array]) -> list[tuple[Array, Array]]:
        doors = [door.name for door in self._float.get_inputs()]
        inputs = {
            name: array[None].astype(np.float32) for name, array in zip(doors, example, strict=True)
        }
        expected = _outputs(self._float, inputs)
        fed = {tensor + FED: expected[tensor] for tensor in self._fed}
        found = _outputs(self._cut, {**inputs, **fed})
        return [(expected[tensor], found[written]) for tensor, written in self._shown]


def _floats(model: Any) -> set[str]:
    """Return the names of all floats that a file's nodes make: those that compute with shapes make others."""
    from onnx import TensorProto, shape_inference

    graph = shape_inference.infer_shapes(model).graph
    return {
        value.name
        for value in (*graph.value_info, *graph.output)
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }


def _cut(graph: Any, known: set[str]) -> dict[str, str]:
    """Let nodes read new inputs, quantised the same, in place of the quantised tensors that others make.

    Args:
        graph: Of the quantised file.
        known: The floats that the float file's nodes make.

    Returns:
        The tensors that are fed now, each with the one that tells it after quantisation.
    """
    from onnx import TensorProto, helper

    steps = {node.output[0]: node for node in graph.node if node.op_type == QUANTISE}
    written, renamed, fresh = {}, {}, []
    for node in graph.node:
        step = steps.get(node.input[0]) if node.op_type == DEQUANTISE else None
        if step is not None and _twin(step.input[0]) in known:
            written[_twin(step.input[0])] = node.output[0]
            renamed[node.output[0]] = node.output[0] + AGAIN
            fresh += [
                _again(step, _twin(step.input[0]) + FED),
                _again(node, node.input[0] + AGAIN),
            ]
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    nodes = [*fresh, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.input.extend(
        helper.make_tensor_value_info(name + FED, TensorProto.FLOAT, None) for name in written
    )
    return written


def _twin(tensor: str) -> str:
    """Return what a tensor is called in the float file: one that was quantised into an output had its name."""
    return tensor.removesuffix(BEFORE_OUTPUT)


def _again(node: Any, tensor: str) -> Any:
    """Return a copy of a node that reads another tensor and writes one of its own."""
    copy = deepcopy(node)
    copy.name += AGAIN
    copy.input[0] = tensor
    copy.output[0] += AGAIN
    return copy


def _show(graph: Any, names: set[str]) -> None:
    """Make tensors of floats outputs of a graph."""
    from onnx import TensorProto, helper

    there = {value.name for value in graph.output}
    graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in sorted(names - there)
    )


def _telling_names(node: Any) -> list[str]:
    """Return the names that may tell a layer's: of its weights, then of its output. A folded constant's tells nothing."""
    weights = [name.removesuffix(READ_AGAIN) for name in node.input[1:2]]
    return [*(name for name in weights if WEIGHTS.search(name)), node.output[0]]


def _open(path: Path, model: Any) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # noqa: BLE001  onnxruntime's errors share no base class
        raise WorkError(f"the layers of {path.name} cannot be run", why=first_line(error)) from None


def _outputs(session: Any, inputs: Mapping[str, Array]) -> dict[str, Array]:
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))
