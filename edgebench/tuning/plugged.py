"""The files that exporters of plugins make of a network: written in a worker, scored where a runtime opens them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from edgebench.datasets import Dataset
from edgebench.export import Calibration, ExportedFile, Exporter, FileMetadata, load_converter
from edgebench.records import Parity
from edgebench.tasks import compare, load_task

Outputs = Sequence[npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedFile:
    """A file of a plugin's exporter. ``runtime`` opens it; empty where none does."""

    exporter: str
    suffix: str
    runtime: str
    file: ExportedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedArtifact:
    """A file of a plugin's exporter as it answers; ``score`` and ``parity`` are None where no runtime opens it."""

    exporter: str
    path: Path
    sha256: str
    size_bytes: int
    score: float | None = None
    parity: Parity | None = None


def write_plugged(
    exporter: Exporter,
    name: str,
    folder: Path,
    examples: Calibration,
    metadata: FileMetadata,
) -> PluggedFile:
    """Write the file of one plugin's exporter."""
    converter = load_converter(name)
    return PluggedFile(
        exporter=name,
        suffix=converter.suffix,
        runtime=converter.runtime,
        file=exporter.convert(name, folder, examples, metadata=metadata),
    )


def score_plugged(
    made: PluggedFile,
    keras_outputs: Outputs,
    dataset: Dataset,
    infer: Callable[[Path, Any, str], Outputs],
) -> PluggedArtifact:
    """Run a plugin's file on the held-out inputs, where a runtime opens it, and compare it with Keras.

    Args:
        made: From `write_plugged`.
        keras_outputs: What Keras answers.
        dataset: Its test part is opened here.
        infer: Runs a file over inputs in the runtime of that name.
    """
    path, score, parity = Path(made.file.path), None, None
    if made.runtime:
        heldout, spec = dataset.test(), dataset.spec
        task = load_task(spec.task, spec.input_shapes)
        outputs = infer(path, heldout.inputs, made.runtime)
        score, parity = compare(outputs, keras_outputs, heldout.y, task, spec.labels)
    return PluggedArtifact(
        exporter=made.exporter,
        path=path,
        sha256=made.file.sha256,
        size_bytes=made.file.size_bytes,
        score=score,
        parity=parity,
    )
