"""Programs of at most ten lines that run a shipped file over the held-out part: what they need lies beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgebench.records import Artifact, Format, Precision

LONGEST_LABELS = 120
FLOATS = "x[None]"
QUANTISED = (
    'np.clip(np.rint(x[None] / door["quantization"][0]) + door["quantization"][1], -128, 127)'
    '.astype("int8")'
)
TFLITE = """\
import numpy as np
from ai_edge_litert.interpreter import Interpreter  # or tflite_runtime.interpreter
net, pairs = Interpreter({name!r}), []
net.allocate_tensors()
for *example, {truth} in zip(*np.load("heldout.npz").values()):
    for door, x in zip(net.get_input_details(), example):
        net.set_tensor(door["index"], {fed})
    net.invoke()
    pairs.append((net.get_tensor(net.get_output_details()[0]["index"]){answer}, {kept}))
"""
ONNX = """\
import numpy as np
import onnxruntime
net, pairs = onnxruntime.InferenceSession({name!r}, providers=["CPUExecutionProvider"]), []
for *example, {truth} in zip(*np.load("heldout.npz").values()):
    doors = {{door.name: x[None] for door, x in zip(net.get_inputs(), example)}}
    pairs.append((net.run(None, doors)[0]{answer}, {kept}))
"""
TELL_CLASS = (
    'print({first}, "is the first,", sum(a == b for a, b in pairs), "of", len(pairs), "are right")'
)
TELL_MASKS = (
    'print(pairs[0][0].shape, "classes of pixels, mean IoU", np.mean([np.sum([(a == k) & (b == k) for a, b in pairs])'
    " / np.sum([(a == k) | (b == k) for a, b in pairs]) for k in np.unique(pairs)]))"
)
TELL_BOXES = (
    'print(pairs[0][0].shape, "default boxes, each 4 offsets, {classes} logits and that of the background;", '
    'sum((a[:, 4:].argmax(-1) < {classes}).sum() for a, b in pairs), "stand out, for", '
    'sum(b.any(-1).sum() for a, b in pairs), "objects")'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a program reads a task's answers: the name of the truth, what is taken of an output and of the truth, and what is said."""

    truth: str
    answer: str
    kept: str
    tell: str


def snippet(artifact: Artifact, data: Mapping[str, Any]) -> str:
    """Return a program that runs a file over all held-out examples, and prints what comes of it.

    Of classes it prints the first answer and how many of all are right; of masks their shape and the mean IoU; of boxes
    the shape of an output, what its columns are, and how many boxes are more likely an object than the background, before
    those of one object are made one. An int8 door is fed by the scale that stands in the file.

    It runs in the folder of the file and of heldout.npz, whose arrays are the inputs in the network's order and then
    the truth, and needs NumPy and the file's runtime alone.

    Args:
        artifact: A .tflite or .onnx file.
        data: What a run records of its data; where labels are unknown or too long for a line, a class is a number.

    Raises:
        ValueError: no such program is known for the file's format.
    """
    reads = _reading(artifact, data)
    words = {"name": artifact.file_name, "truth": reads.truth, "answer": reads.answer}
    if artifact.format is Format.TFLITE:
        fed = QUANTISED if artifact.precision is Precision.INT8_IO else FLOATS
        return TFLITE.format(**words, kept=reads.kept, fed=fed) + reads.tell
    if artifact.format is Format.ONNX:
        return ONNX.format(**words, kept=reads.kept) + reads.tell
    raise ValueError(f"no program for {artifact.file_name}")


def _reading(artifact: Artifact, data: Mapping[str, Any]) -> Reading:
    task, classes = data.get("task", "classification"), data.get("classes")
    if task == "segmentation":
        middle = 0 if artifact.precision is Precision.INT8_IO else 0.5
        answer = f"[0, ..., 0] > {middle}" if classes == 1 else "[0].argmax(-1)"
        return Reading(truth="mask", answer=answer, kept="mask.squeeze()", tell=TELL_MASKS)
    if task == "detection":
        told = TELL_BOXES.format(classes=classes)
        return Reading(truth="boxes", answer="[0]", kept="boxes", tell=told)
    labels = [str(label) for label in data.get("labels") or ()]
    named = repr(labels)
    fits = labels and len(named) <= LONGEST_LABELS
    told = TELL_CLASS.format(first=f"{named}[pairs[0][0]]" if fits else '"class", pairs[0][0]')
    return Reading(truth="label", answer=".argmax()", kept="label", tell=told)
