"""Files of untrained networks as they are exported now, to be held against the committed ones.

    python tests/benchmarks/exports.py .edgebench/exports
    edgebench compare tests/benchmarks/baseline .edgebench/exports

Each is small, has the same weights every time, and is of another template, format and precision. The baseline is saved again
when the files are meant to change::

    edgebench baseline save .edgebench/exports --to tests/benchmarks/baseline --any-host
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from edgebench.evaluators import Blueprint
from edgebench.export import export_model
from edgebench.records import ExportTarget
from edgebench.templates import load_template, resolve_values

SIDE, CLASSES = 48, 10
FILES = (
    ("squeezenet-auto", {"set1_pairs": 1, "set2_pairs": 0}, "tflite-int8"),
    ("squeezenet-se-auto", {"set1_pairs": 1, "set2_pairs": 0}, "tflite-fp16"),
    ("unet-auto", {"start_filters": 8, "depth": 2, "down_convs": 1}, "onnx-fp32"),
)


def write(template: str, sets: dict[str, object], target: str, folder: Path) -> Path:
    """Write one file; its calibration examples are noise of a fixed seed."""
    shapes = ((SIDE, SIDE, 3),)
    loaded = load_template(template, input_shapes=shapes, classes=CLASSES)
    blueprint = Blueprint(
        template=template,
        input_shapes=shapes,
        classes=CLASSES,
        values=dict(resolve_values(loaded, sets=sets).values),
    )
    noise = np.random.default_rng(0).random((32, *shapes[0]), np.float32)
    written = Path(export_model(blueprint.build(), ExportTarget.parse(target), folder, noise).path)
    return written.rename(folder / f"{template}-{target.partition('-')[2]}{written.suffix}")


def main() -> None:
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for template, sets, target in FILES:
        path = write(template, sets, target, folder)
        print(f"{path}  {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
