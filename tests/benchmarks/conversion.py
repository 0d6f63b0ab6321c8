"""CPU time of our conversion beside `tf.lite.TFLiteConverter.from_keras_model(model).convert()`, on the same models.

    python tests/benchmarks/conversion.py --pairs 7

In turns in one process, ours first in every second pair, after one conversion of each. Ours is `export_model`: it traces
the model anew, adds the signature, checks what came out and writes the file. ``all six`` is every TFLite precision: ours
through one `Exporter`, theirs by six calls with the same options. CPU seconds are of all threads and children. Each pair
is written to ``results/conversion.json`` when it is done.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
from journal import MACHINE, Journal  # noqa: E402

from edgebench.evaluators import CALIBRATION_COUNT  # noqa: E402
from edgebench.export import Exporter, export_model  # noqa: E402
from edgebench.records import ExportTarget, Format, Precision  # noqa: E402
from edgebench.runtimes.quiet import silenced  # noqa: E402
from edgebench.templates import import_keras, load_template, resolve_values  # noqa: E402

PATH = HERE / "results" / "conversion.json"
PICTURE = ((32, 32, 3),)
MODELS: dict[str, tuple[tuple[tuple[int, ...], ...], dict[str, Any]]] = {
    "squeezenet-se-auto": (PICTURE, {"se_2": True}),
    "mlp-auto": (((468, 3),), {}),
    "mobilenetv2": (PICTURE, {}),
    "unet-auto": (((32, 32, 1),), {"start_filters": 8}),
}
ALL = "all six"
KINDS = {"fp32": (Precision.FP32,), "int8": (Precision.INT8,), ALL: tuple(Precision)}


def build(name: str) -> tuple[Any, np.ndarray]:
    """Return a model, and as many random inputs as a search calibrates with."""
    shapes, sets = MODELS[name]
    template = load_template(name, input_shapes=shapes, classes=10)
    inputs = np.random.default_rng(0).random((CALIBRATION_COUNT, *shapes[0]), dtype=np.float32)
    return template.assemble(resolve_values(template, {}, sets).values), inputs


def ours(model: Any, inputs: np.ndarray, precisions: tuple[Precision, ...]) -> None:
    targets = [ExportTarget(format=Format.TFLITE, precision=precision) for precision in precisions]
    with tempfile.TemporaryDirectory() as folder:
        if len(targets) == 1:
            export_model(model, targets[0], Path(folder), inputs)
            return
        exporter = Exporter(model)
        for target in targets:
            exporter.export(target, Path(folder), inputs)


def theirs(model: Any, inputs: np.ndarray, precisions: tuple[Precision, ...]) -> None:
    import tensorflow as tf

    sixteen = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    for precision in precisions:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if precision is not Precision.FP32:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision is Precision.FP16:
            converter.target_spec.supported_types = [tf.float16]
        if precision.needs_calibration:
            wide = precision is Precision.INT16X8
            ops = sixteen if wide else tf.lite.OpsSet.TFLITE_BUILTINS_INT8
            converter.target_spec.supported_ops = [ops]
            converter.representative_dataset = lambda: ([example[None]] for example in inputs)
        if precision is Precision.INT8_IO:
            converter.inference_input_type = converter.inference_output_type = tf.int8
        with silenced(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            converter.convert()


def cpu_s(work: Callable[[], None]) -> float:
    """Return the CPU seconds that something takes, those of threads and children included."""
    before = sum(os.times()[:4])
    work()
    return sum(os.times()[:4]) - before


def table(runs: list[dict[str, Any]]) -> str:
    lines = [
        "| model | file | pairs | ours: CPU s | from_keras_model: CPU s | ratio of medians | ratios of the pairs |",
        "|---|---|---|---|---|---|---|",
    ]
    for model, kind in dict.fromkeys((run["model"], run["kind"]) for run in runs):
        rows = [run for run in runs if (run["model"], run["kind"]) == (model, kind)]
        mine, other = (statistics.median(row[side] for row in rows) for side in ("ours", "theirs"))
        ratios = sorted(row["ours"] / row["theirs"] for row in rows)
        lines.append(
            f"| {model} | {kind} | {len(rows)} | {mine:.2f} | {other:.2f} | {mine / other:.2f} "
            f"| {ratios[0]:.2f} to {ratios[-1]:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Our conversion beside TensorFlow's own.")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--out", type=Path, default=PATH)
    given = parser.parse_args()
    import_keras()
    journal = Journal(given.out, {"machine": MACHINE, "examples": CALIBRATION_COUNT})
    for name in given.models:
        model, inputs = build(name)
        for kind, precisions in KINDS.items():
            done = sum((run["model"], run["kind"]) == (name, kind) for run in journal.runs)
            sides = {
                side.__name__: partial(side, model, inputs, precisions) for side in (ours, theirs)
            }
            for pair in range(done - 1, given.pairs):
                order = list(sides) if pair % 2 else list(sides)[::-1]
                spent = {side: cpu_s(sides[side]) for side in order}
                if pair >= done:
                    journal.add({"model": name, "kind": kind, "pair": pair, **spent})
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    main()
