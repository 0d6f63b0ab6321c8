"""Operations of a profiled file as node data, which Model Explorer lays over its drawing of that file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgebench.profiling import Profiled
from edgebench.runtimes import Op

ENDING = ".node-data.json"
# From the least to the most time, pale enough for dark letters; and of what no delegate took.
GRADIENT = [{"stop": 0, "bgColor": "#ffffff"}, {"stop": 1, "bgColor": "#ff9e66"}]
NOT_DELEGATED = {"value": "not delegated", "bgColor": "#ffd28a"}
OTHER_LAYOUT = "_nchwc"  # what onnxruntime adds to the name of an output that it computes in blocks of channels


def node_data(row: Profiled, model: Path) -> dict[str, Any] | None:
    """Return the node data of one file on one device, by the id that Model Explorer gives each operation of the file.

    Values are microseconds in one invoke; where the runtime tells no times, who ran the operation. What a runtime made
    of several operations stands at the one whose name or output it kept; what it added is in no file, and left out.

    Args:
        row: What was measured, with its operations.
        model: The file. None is returned where Model Explorer does not draw such files.
    """
    if not row.ops or model.suffix not in (".tflite", ".onnx"):
        return None
    find = _number if model.suffix == ".tflite" else _finder(model)
    delegate = row.measurement.environment.delegate or "delegate"
    found = [(node_id, op) for op in row.ops if (node_id := find(op)) is not None]
    if all(op.ns is None for op in row.ops):
        ran = {"value": delegate}
        return {"results": {key: ran if op.delegated else NOT_DELEGATED for key, op in found}}
    spent_us: dict[str, float] = {}
    for key, op in found:
        spent_us[key] = spent_us.get(key, 0.0) + (op.ns or 0.0) / 1000
    return {
        "results": {key: {"value": value} for key, value in spent_us.items()},
        "gradient": GRADIENT,
    }


def file_names(rows: Sequence[Profiled]) -> list[str]:
    """Return a name for the node data of each row: the model's, with more where that does not tell two apart."""
    measured = [row.measurement for row in rows]
    names = [m.model_name for m in measured]
    longer = [f"{m.model_name}.{m.device}" for m in measured]
    longest = [f"{m.model_name}.{m.device}.{m.model_sha256[:8]}" for m in measured]
    for more in (longer, longest):
        counts = Counter(names)
        names = [n if counts[n] == 1 else m for n, m in zip(names, more, strict=True)]
    return [f"{name}{ENDING}" for name in names]


def _number(op: Op) -> str | None:
    """Model Explorer numbers the operations of a .tflite file, as ``CONV_2D_3`` is."""
    numbered = re.fullmatch(rf"{re.escape(op.type)}_(\d+)", op.name)
    return numbered[1] if numbered else None


def _finder(model: Path) -> Callable[[Op], str | None]:
    """Return what finds the node of an .onnx file that an operation of the optimised graph stands for."""
    import onnx

    nodes = onnx.load(model, load_external_data=False).graph.node
    names = {output: node.name or output for node in nodes for output in node.output}
    names |= {node.name: node.name for node in nodes}
    return lambda op: names.get(op.name.removesuffix(OTHER_LAYOUT)) or None
