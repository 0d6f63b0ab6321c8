"""From a model to a file that is there whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench import scratch
from edgebench.datasets import Floats
from edgebench.errors import WorkError
from edgebench.export.onnx import to_onnx
from edgebench.export.tflite import to_tflite
from edgebench.records import ExportTarget, Format, Precision

Calibration = Floats | Sequence[Floats]
Convert = Callable[[Any, Calibration | None], bytes]

CONVERTERS: dict[tuple[Format, Precision], Convert] = {
    (Format.TFLITE, Precision.FP32): lambda model, _: to_tflite(model, Precision.FP32, None),
    (Format.TFLITE, Precision.INT8): lambda model, data: to_tflite(model, Precision.INT8, data),
    (Format.ONNX, Precision.FP32): lambda model, _: to_onnx(model),
}
BYTES_A_WEIGHT = {Precision.FP32: 4, Precision.FP16: 2, Precision.DYNAMIC: 1, Precision.INT8: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    path: str
    sha256: str
    size_bytes: int


def export_model(
    model: Any, target: ExportTarget, folder: Path, representative: Calibration | None = None
) -> ExportedFile:
    """Write the model as ``target`` into ``folder`` under its sha256; the same bytes are written once.

    Raises:
        WorkError: the converter failed, or its file is too small to hold the model's weights.
        InputError: int8 without calibration data.
    """
    convert = CONVERTERS[target.format, target.precision]
    try:
        content = convert(model, representative)
    except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise WorkError(f"{target} could not be made", why=reason) from error
    least_bytes = model.count_params() * BYTES_A_WEIGHT[target.precision] // 2
    if len(content) < least_bytes:
        raise WorkError(
            f"{target} has no weights in it",
            why=f"{len(content)} bytes for {model.count_params()} parameters",
        )
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest}.{target.format.value}"
    if not path.exists():
        with scratch.replacing(path) as partial:
            partial.write_bytes(content)
    return ExportedFile(path=str(path), sha256=digest, size_bytes=len(content))
