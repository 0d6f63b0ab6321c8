"""From a model to files that are there whole or not at all, and that hold what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgebench import scratch
from edgebench.datasets import Floats
from edgebench.errors import EdgebenchError, InputError, WorkError, first_line
from edgebench.export.facts import flaw
from edgebench.export.keras_file import to_keras
from edgebench.export.metadata import (
    Door,
    FileMetadata,
    describe,
    description_path,
    with_metadata,
)
from edgebench.export.onnx import serialised, to_half, to_int8, to_onnx
from edgebench.export.plugged import converted, load_converter
from edgebench.export.tflite import to_tflite
from edgebench.export.tracing import Traced, output_names, trace
from edgebench.records import BUILT_IN, ExportTarget, Format, Precision

Calibration = Floats | Sequence[Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    path: str
    sha256: str
    size_bytes: int


class Exporter:
    """Writes one model as any number of files. It is traced once for all of them, so its weights must not change.

    Args:
        model: A built Keras model.
        dynamic_batch: Leave the batch of TFLite and ONNX files open; else it is 1. A .keras file's is always open.
    """

    def __init__(self, model: Any, *, dynamic_batch: bool = False) -> None:
        self._model = model
        self._dynamic_batch = dynamic_batch

    def export(
        self,
        target: ExportTarget,
        folder: Path,
        representative: Calibration | None = None,
        *,
        metadata: FileMetadata | None = None,
    ) -> ExportedFile:
        """Write one file into ``folder`` under its sha256; the same bytes are written once.

        Args:
            target: What to write.
            folder: Made where it is missing.
            representative: Training inputs that calibrate int8, shape (count, *input shape); of a model with several
                inputs one array each, in their order.
            metadata: What to write into the file, and as a JSON document beside it; what it says of inputs, outputs
                and, where nothing is calibrated, calibration is replaced by what holds for this file.

        Raises:
            InputError: A precision that the format has not, or one that needs calibration data without any.
            WorkError: The converter failed, or its file is not what was asked for, or holds no weights.
        """
        if target.precision not in BUILT_IN[target.format]:
            raise InputError(
                f"{target} is not an export that is built in",
                why=f"{target.format.value} files are {', '.join(BUILT_IN[target.format])}",
            )
        examples = _examples(target, representative)
        try:
            content = CONVERTERS[target.format](self, target.precision, examples)
        except EdgebenchError:
            raise
        except Exception as error:
            raise WorkError(f"{target} could not be made", why=first_line(error)) from error
        self._check(content, target)
        if metadata is not None:
            is_open = self._dynamic_batch or target.format is Format.KERAS
            metadata = self._completed(
                metadata,
                batch=None if is_open else 1,
                calibrates=target.precision.needs_calibration,
            )
            content = with_metadata(content, target.format, metadata)
        return _write(content, folder, f".{target.format.value}", metadata)

    def convert(
        self,
        name: str,
        folder: Path,
        representative: Calibration | None = None,
        *,
        metadata: FileMetadata | None = None,
    ) -> ExportedFile:
        """Write the file of a plugin's exporter; what it says of itself stands in the JSON document beside it alone.

        Args:
            name: Of the exporter.
            folder: As for `export`.
            representative: As for `export`.
            metadata: As for `export`.

        Raises:
            InputError: No such exporter, or it cannot be used.
            WorkError: It made no file.
        """
        if self._dynamic_batch:
            raise InputError(f"{name} takes no open batch", remedy="leave --dynamic-batch out")
        converter = load_converter(name)
        content = converted(converter, name, self._model, _arrays(representative))
        if metadata is not None:
            metadata = self._completed(metadata, batch=1, calibrates=True)
        return _write(content, folder, converter.suffix, metadata)

    @cached_property
    def traced(self) -> Traced:
        return trace(self._model, dynamic_batch=self._dynamic_batch)

    @cached_property
    def onnx(self) -> Any:
        """The model as ONNX in fp32, from which the other precisions are made."""
        return to_onnx(self.traced)

    @property
    def model(self) -> Any:
        return self._model

    def _check(self, content: bytes, target: ExportTarget) -> None:
        """Raise `WorkError` where a new file does not hold what it should."""
        parameters = self._model.count_params()
        if target.format is Format.KERAS:
            least_bytes = 4 * parameters
            found = "" if len(content) >= least_bytes else f"{len(content)} bytes"
        else:
            found = flaw(content, target.format, target.precision, parameters)
        if found:
            raise WorkError(f"{target} is not what was asked for", why=found)

    def _completed(
        self, metadata: FileMetadata, *, batch: int | None, calibrates: bool
    ) -> FileMetadata:
        model = self._model
        names = [tensor.name for tensor in model.inputs]
        return replace(
            metadata,
            calibration=metadata.calibration if calibrates else None,
            inputs=_doors(names, model.inputs, batch),
            outputs=_doors(output_names(model), model.outputs, batch),
        )


def export_model(
    model: Any,
    target: ExportTarget,
    folder: Path,
    representative: Calibration | None = None,
    *,
    metadata: FileMetadata | None = None,
    dynamic_batch: bool = False,
) -> ExportedFile:
    """Write a model as one file; `Exporter` writes several for less. Arguments and errors are its."""
    exporter = Exporter(model, dynamic_batch=dynamic_batch)
    return exporter.export(target, folder, representative, metadata=metadata)


def _tflite(exporter: Exporter, precision: Precision, examples: Sequence[Floats]) -> bytes:
    return to_tflite(exporter.traced, precision, examples)


def _onnx(exporter: Exporter, precision: Precision, examples: Sequence[Floats]) -> bytes:
    if precision is Precision.FP16:
        return serialised(to_half(exporter.onnx))
    if precision is Precision.INT8:
        return serialised(to_int8(exporter.onnx, examples))
    return serialised(exporter.onnx)


def _keras(exporter: Exporter, precision: Precision, examples: Sequence[Floats]) -> bytes:
    del precision, examples
    return to_keras(exporter.model)


CONVERTERS: dict[Format, Callable[[Exporter, Precision, Sequence[Floats]], bytes]] = {
    Format.TFLITE: _tflite,
    Format.ONNX: _onnx,
    Format.KERAS: _keras,
}


def _examples(target: ExportTarget, representative: Calibration | None) -> list[Floats]:
    """Return one array an input; raise where activations are to be calibrated and there is nothing to do it with."""
    arrays = _arrays(representative)
    if target.precision.needs_calibration and not (arrays and all(map(len, arrays))):
        raise InputError(
            f"{target.precision.value} needs calibration data",
            why="no representative inputs were given",
        )
    return arrays


def _arrays(representative: Calibration | None) -> list[Floats]:
    return (
        [representative] if isinstance(representative, np.ndarray) else list(representative or ())
    )


def _doors(names: Sequence[str], tensors: Sequence[Any], batch: int | None) -> tuple[Door, ...]:
    return tuple(
        Door(name=name, shape=(batch, *tensor.shape[1:]))
        for name, tensor in zip(names, tensors, strict=True)
    )


def _write(
    content: bytes, folder: Path, suffix: str, metadata: FileMetadata | None
) -> ExportedFile:
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest}{suffix}"
    if metadata is not None:
        _put(description_path(path), describe(metadata).encode())
    if not path.exists():
        _put(path, content)
    return ExportedFile(path=str(path), sha256=digest, size_bytes=len(content))


def _put(path: Path, content: bytes) -> None:
    with scratch.replacing(path) as partial:
        partial.write_bytes(content)
