"""What stands in a file, and whether that is what was asked for. Reads files; runs none."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from edgebench.errors import InputError
from edgebench.export.graphs import FileGraph, Node, Tensor, read_onnx, read_tflite
from edgebench.records import FileFacts, Format, Precision

# These give what they are given in another shape, in the same memory.
VIEWS = {
    "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity",
}  # fmt: skip
# Operations with weights, and which of their inputs the weights and the activations are.
WEIGHTY = {
    "CONV_2D": (1, 0), "DEPTHWISE_CONV_2D": (1, 0), "FULLY_CONNECTED": (1, 0), "TRANSPOSE_CONV": (1, 2),
    "Conv": (1, 0), "ConvTranspose": (1, 0), "Gemm": (1, 0), "MatMul": (1, 0),
}  # fmt: skip
# These only bring weights and activations into another type.
BRIDGES = {"DEQUANTIZE", "DequantizeLinear", "Cast"}
WEIGHTS = {
    Precision.FP32: "float32",
    Precision.FP16: "float16",
    Precision.DYNAMIC: "int8",
    Precision.INT8: "int8",
    Precision.INT8_IO: "int8",
    Precision.INT16X8: "int8",
}
ACTIVATIONS = {Precision.INT8: "int8", Precision.INT8_IO: "int8", Precision.INT16X8: "int16"}
# TFLite leaves smaller weights as floats where activations are floats.
LEAST_DYNAMIC = 1024
MISSING = Tensor(type="nothing", shape=None)


def read_facts(path: str | Path) -> FileFacts:
    """Return what stands in a .tflite, .onnx or .keras file.

    ``arena_bytes`` lets a tensor live from its making to its last use; inputs live from the beginning, outputs to
    the end, weights and what is made of nothing else are not counted, and a reshaped tensor stands where the one it was
    made of does. Runtimes that fuse operations need less. Of a .keras file the operations are its layers, each with the
    type it computes in.

    Raises:
        InputError: No file of these, or one that cannot be read.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if path.suffix == ".keras":
            return FileFacts(ops=_layers(path))
        graphs = READERS[Format(path.suffix[1:])](content)
    except Exception as error:
        raise InputError(
            f"{path} cannot be read", why=str(error) or type(error).__name__
        ) from error
    return facts_of(graphs)


READERS = {Format.TFLITE: read_tflite, Format.ONNX: read_onnx}


def read_graphs(path: Path) -> list[FileGraph]:
    """Return the graphs of a .tflite or .onnx file, the main one first."""
    return READERS[Format(path.suffix[1:])](path.read_bytes())


def facts_of(graphs: Sequence[FileGraph]) -> FileFacts:
    ops = Counter(
        f"{node.op} {graph.tensors.get(name, MISSING).type}"
        for graph in graphs
        for node in graph.nodes
        for name in node.outputs[:1]
    )
    return FileFacts(
        ops=dict(sorted(ops.items())), arena_bytes=arena_bytes(graphs[0]), opset=graphs[0].opset
    )


def arena_bytes(graph: FileGraph) -> int | None:
    """Return the largest sum of activations that live at one operation; None where a shape is open."""
    buffer_of: dict[str, str] = {}
    written = dict.fromkeys(graph.inputs, 0)
    read = dict.fromkeys(graph.inputs, 0)
    fixed = {name for name, tensor in graph.tensors.items() if tensor.is_constant} | {""}
    for position, node in enumerate(graph.nodes):
        inputs = [buffer_of.get(name, name) for name in node.inputs]
        outputs = [name for name in node.outputs if name]
        if inputs and fixed.issuperset(inputs):
            fixed |= set(outputs)
            continue
        if node.op in VIEWS:
            buffer_of[outputs[0]] = inputs[0]
            outputs = []
        written |= dict.fromkeys(outputs, position)
        read |= dict.fromkeys((*inputs, *outputs), position)
    end = len(graph.nodes)
    read |= {buffer_of.get(name, name): end for name in graph.outputs}
    change = [0] * (end + 2)
    for name, start in written.items():
        size = graph.tensors.get(name, MISSING).size_bytes
        if size is None:
            return None
        change[start] += size
        change[read[name] + 1] -= size
    most = live = 0
    for step in change[: max(end, 1)]:
        live += step
        most = max(most, live)
    return most


def numbers_held(graphs: Sequence[FileGraph]) -> int:
    """Return how many constant numbers the operations of a file read."""
    return sum(
        graph.tensors[name].numbers or 0
        for graph in graphs
        for node in graph.nodes
        for name in node.inputs
        if name in graph.tensors and graph.tensors[name].is_constant
    )


def flaw(content: bytes, file_format: Format, precision: Precision, parameters: int) -> str:
    """Return a sentence on what of a new file is not as asked for, or an empty one.

    Args:
        content: A TFLite or ONNX file.
        file_format: Which of the two.
        precision: As asked for.
        parameters: Of the model; the file may hold half as many, for normalisation is folded into what it follows.
    """
    graphs = READERS[file_format](content)
    held = numbers_held(graphs)
    if held < parameters // 2:
        return f"there are no weights in it: {held} numbers for {parameters} parameters"
    drawn = [node.op for graph in graphs for node in graph.nodes if "random" in node.op.lower()]
    if drawn:
        return f"it draws at random: {drawn[0]}"
    if precision is Precision.INT8_IO:
        main = graphs[0]
        types = {main.tensors[name].type for name in (*main.inputs, *main.outputs)}
        if types != {"int8"}:
            return f"its inputs and outputs are {' and '.join(sorted(types))}"
    flaws = (_flaw_of(node, graph, precision) for graph in graphs for node in graph.nodes)
    return next(filter(None, flaws), "")


def _flaw_of(node: Node, graph: FileGraph, precision: Precision) -> str:
    if node.op not in WEIGHTY:
        return ""
    weights, activations = (_behind(node.inputs[place], graph) for place in WEIGHTY[node.op])
    if not weights.is_constant:
        return ""
    is_small = precision is Precision.DYNAMIC and (weights.numbers or 0) < LEAST_DYNAMIC
    if weights.type != WEIGHTS[precision] and not is_small:
        return f"the weights of a {node.op} are {weights.type}"
    wanted = ACTIVATIONS.get(precision)
    if wanted and activations.type != wanted:
        return f"the activations of a {node.op} are {activations.type}"
    return ""


def _behind(name: str, graph: FileGraph) -> Tensor:
    """Return a tensor, or what it was brought into its type from."""
    maker = next((node for node in graph.nodes if name in node.outputs), None)
    source = maker.inputs[0] if maker and maker.op in BRIDGES else name
    return graph.tensors.get(source, MISSING)


def _layers(path: Path) -> dict[str, int]:
    """Count the layers of a .keras file, those of networks in it too."""
    with zipfile.ZipFile(path) as archive:
        waiting = [json.loads(archive.read("config.json"))]
    counts: Counter[str] = Counter()
    while waiting:
        config = waiting.pop().get("config", {})
        for layer in config.get("layers", ()):
            if "layers" in layer["config"]:
                waiting.append(layer)
            elif layer["class_name"] != "InputLayer":
                counts[f"{layer['class_name']} {_dtype(layer['config'].get('dtype'))}"] += 1
    return dict(sorted(counts.items()))


def _dtype(policy: object) -> str:
    while isinstance(policy, dict):
        policy = policy.get("config", {}).get("name", "float32")
    return str(policy or "float32")
