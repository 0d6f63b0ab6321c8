"""MACs and peak memory, counted a second time over the operations and tensors of the exported file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edgebench.export import export_model
from edgebench.records import ExportTarget
from edgebench.templates import load_template, read_graph, resolve_values

# What a kernel's shape is multiplied by: the positions of the output, all but its channels.
KERNEL_OPERATIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


class FileCounts:
    """Counts of one TFLite file, from its own operations."""

    def __init__(self, path: str) -> None:
        interpreter = Interpreter(
            path, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        )
        interpreter.allocate_tensors()
        self.operations = interpreter._get_ops_details()
        self.tensors = {d["index"]: d for d in interpreter.get_tensor_details()}
        self.inputs = [d["index"] for d in interpreter.get_input_details()]
        self.outputs = [d["index"] for d in interpreter.get_output_details()]

    def macs(self) -> int:
        total = 0
        for operation in self.operations:
            if operation["op_name"] in KERNEL_OPERATIONS:
                positions = math.prod(self._shape(operation["outputs"][0])[:-1])
                total += positions * math.prod(self._shape(operation["inputs"][1]))
        return total

    def peak_bytes(self) -> int:
        """Return the largest sum of tensors that live at one operation, each from its writer to its last reader.

        A RESHAPE is a view: the interpreter gives it the buffer of what it reshapes.
        """
        end = len(self.operations)
        buffer_of: dict[int, int] = {}
        written = dict.fromkeys(self.inputs, 0)
        read = dict.fromkeys(self.inputs, 0)
        for position, operation in enumerate(self.operations):
            inputs = [buffer_of.get(int(i), int(i)) for i in operation["inputs"]]
            outputs = [int(i) for i in operation["outputs"]]
            if operation["op_name"] == "RESHAPE":
                buffer_of[outputs[0]] = inputs[0]
                outputs = []
            written |= dict.fromkeys(outputs, position)
            read |= dict.fromkeys((*inputs, *outputs), position)
        read |= {buffer_of.get(i, i): end for i in self.outputs}
        return max(
            sum(self._bytes(i) for i, start in written.items() if start <= position <= read[i])
            for position in range(end)
        )

    def _shape(self, index: int) -> tuple[int, ...]:
        return tuple(int(n) for n in self.tensors[int(index)]["shape"])

    def _bytes(self, index: int) -> int:
        return math.prod(self._shape(index)) * self.tensors[index]["dtype"]().itemsize


def build(
    name: str, shapes: tuple[tuple[int, ...], ...], classes: int, sets: Mapping[str, Any]
) -> keras.Model:
    template = load_template(name, input_shapes=shapes, classes=classes)
    return template.assemble(resolve_values(template, {}, sets).values)


IMAGE = ((48, 40, 3),)
ATTENDED = {"set2_pairs": 1, "se_2": True, "se_5": True, "bypass_3": True, "pool_1": "avg"}


@pytest.mark.parametrize(
    ("name", "shapes", "classes", "sets"),
    [
        ("squeezenet-1.1", IMAGE, 10, {}),
        ("squeezenet-se-auto", IMAGE, 10, {**ATTENDED, "se_skip_2": True, "se_skip_5": True}),
        ("squeezenet-se1-auto", IMAGE * 2, 8, ATTENDED),
        ("squeezenet-sem-auto", IMAGE * 2, 8, {**ATTENDED, "merge_at": "fire3"}),
        ("mobilenetv2-auto", IMAGE, 10, {"repeat_b3": 2, "repeat_b6": 3}),
        ("mobilenetv2-ssd-auto", ((195, 200, 1),), 10, {"repeat_b4": 3, "repeat_b5": 2}),
        ("mlp-auto", ((468, 3),), 8, {"layers": 6, "units_2": 512}),
        ("unet-auto", ((48, 32, 1),), 1, {"start_filters": 8}),
        ("unet-auto", ((24, 32, 3),), 4, {"start_filters": 16, "depth": 3, "up1_convs": 2}),
    ],
    ids=["1.1", "se-skip", "se1", "sem", "mobilenet", "ssd", "mlp", "unet", "unet-masks"],
)
def test_file_counts_the_same(
    name: str,
    shapes: tuple[tuple[int, ...], ...],
    classes: int,
    sets: Mapping[str, Any],
    tmp_path: Path,
) -> None:
    model = build(name, shapes, classes, sets)
    facts = read_graph(model)
    file = FileCounts(export_model(model, ExportTarget.parse("tflite-fp32"), tmp_path).path)
    assert file.macs() == facts.macs > 0
    assert file.peak_bytes() == facts.peak_activation_bytes > 0


def test_a_merge_of_three_needs_no_more_memory_than_counted(tmp_path: Path) -> None:
    """The file adds the third branch to the sum of the first two, so that it holds two maps where Keras holds three."""
    model = build("squeezenet-sem-auto", IMAGE * 3, 8, {"merge_at": "fire3"})
    facts = read_graph(model)
    file = FileCounts(export_model(model, ExportTarget.parse("tflite-fp32"), tmp_path).path)
    assert file.macs() == facts.macs
    merged_bytes = math.prod(model.get_layer("merge").output.shape[1:]) * 4
    assert 0 <= facts.peak_activation_bytes - file.peak_bytes() <= merged_bytes
