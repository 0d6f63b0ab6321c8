"""What a file says of itself: whose labels, which inputs, and where it came from. Pure but for `read_metadata`.

Keys that Ultralytics' exporters write (description, author, version, task, batch, imgsz, channels, names) are called and
mean what they do there, so that programs that read such files find them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgebench.errors import InputError
from edgebench.records import Format

DATE = (1980, 1, 1, 0, 0, 0)
DOCUMENT, LABELS = "metadata.json", "labels.txt"
MAX_BYTES = 1_000_000
STRUCTURED = {"batch", "calibration", "channels", "imgsz", "inputs", "metrics", "names", "outputs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """An input or output of a file. An open dimension is None; the batch comes first."""

    name: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSource:
    """Which examples the ranges of activations were taken from: ``count`` of the ``part``, drawn with ``seed``."""

    count: int
    seed: int
    part: str = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMetadata:
    """What is written into a file beside the network.

    Args:
        labels: Of the classes, in the order of the outputs; may be empty.
        normalisation: One sentence on what inputs hold, such as ``pixels divided by 255, RGB``.
        edgebench_version: Of the program that made it.
        suite: Name of the suite.
        suite_hash: What two runs of one suite have in common.
        trial_id: Which candidate.
        metrics: Of that candidate, by name.
        task: ``classification``, ``segmentation`` or ``detection``.
        calibration: Of precisions that need it; left out of other files.
        inputs: Filled in by whoever writes the file.
        outputs: The same.
    """

    labels: tuple[str, ...] = ()
    normalisation: str
    edgebench_version: str
    suite: str
    suite_hash: str
    trial_id: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    task: str
    calibration: CalibrationSource | None = None
    inputs: tuple[Door, ...] = ()
    outputs: tuple[Door, ...] = ()


def properties(metadata: FileMetadata) -> dict[str, Any]:
    """Return the metadata under the names that files give it, sorted; all values are plain JSON."""
    found: dict[str, Any] = {
        "author": "edgebench",
        "calibration": _calibration(metadata.calibration),
        "description": f"{metadata.suite} {metadata.trial_id}",
        "inputs": [{"name": door.name, "shape": list(door.shape)} for door in metadata.inputs],
        "metrics": dict(sorted(metadata.metrics.items())),
        "names": {str(index): label for index, label in enumerate(metadata.labels)},
        "normalisation": metadata.normalisation,
        "outputs": [{"name": door.name, "shape": list(door.shape)} for door in metadata.outputs],
        "suite": metadata.suite,
        "suite_hash": metadata.suite_hash,
        "task": metadata.task,
        "trial_id": metadata.trial_id,
        "version": metadata.edgebench_version,
    }
    first = metadata.inputs[0].shape if metadata.inputs else ()
    if first and first[0] is not None:
        found["batch"] = first[0]
    if len(first) == 4:
        found |= {"imgsz": list(first[1:3]), "channels": first[3]}
    return dict(sorted(found.items()))


def describe(metadata: FileMetadata) -> str:
    """Return the JSON document that stands beside a file."""
    return json.dumps(properties(metadata), indent=2, ensure_ascii=False) + "\n"


def description_path(path: Path) -> Path:
    """Return where the JSON document of a file stands: beside it, ``model.tflite.json``."""
    return path.with_name(f"{path.name}.json")


def with_metadata(content: bytes, file_format: Format, metadata: FileMetadata) -> bytes:
    """Return a file's bytes with the metadata in it; a .keras file has no place for it and stays as it is."""
    if file_format is Format.TFLITE:
        return _into_tflite(content, metadata)
    return _into_onnx(content, metadata) if file_format is Format.ONNX else content


def read_metadata(path: str | Path) -> dict[str, Any] | None:
    """Return what `properties` gave for a file, or None where there is none.

    It stands in a .tflite and an .onnx file, and for a .keras file in the JSON document beside it. No framework is
    needed; reading an .onnx file needs ``onnx``.

    Raises:
        InputError: There is something, and it cannot be read.
    """
    path = Path(path)
    try:
        if path.suffix == ".onnx":
            return _from_onnx(path)
        if path.suffix == ".tflite":
            return _from_tflite(path)
        document = description_path(path)
        return _parsed(document.read_bytes()) if document.exists() else None
    except Exception as error:
        raise InputError(f"{path} has no readable metadata", why=str(error)) from error


def _into_tflite(content: bytes, metadata: FileMetadata) -> bytes:
    """Append a zip archive, as TFLite's own metadata tools do: archives are found from the end, networks from the start."""
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        entries = {DOCUMENT: describe(metadata)}
        if metadata.labels:
            entries[LABELS] = "".join(f"{label}\n" for label in metadata.labels)
        for name, text in entries.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), text)
    return file.getvalue()


def _from_tflite(path: Path) -> dict[str, Any] | None:
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        if DOCUMENT not in archive.namelist():
            return None
        with archive.open(DOCUMENT) as entry:
            return _parsed(entry.read(MAX_BYTES + 1))


def _into_onnx(content: bytes, metadata: FileMetadata) -> bytes:
    import onnx

    proto = onnx.load_model_from_string(content)
    for key, value in properties(metadata).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        proto.metadata_props.add(key=key, value=text)
    return bytes(proto.SerializeToString(deterministic=True))


def _from_onnx(path: Path) -> dict[str, Any] | None:
    import onnx

    entries = onnx.load(path, load_external_data=False).metadata_props
    found = {entry.key: _value(entry.key, entry.value) for entry in entries}
    return dict(sorted(found.items())) or None


def _value(key: str, text: str) -> Any:
    """Return what an entry of an ONNX file, which is always text, stands for; other programs' entries stay text."""
    if key not in STRUCTURED:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found


def _calibration(source: CalibrationSource | None) -> dict[str, Any] | None:
    if source is None:
        return None
    return {"count": source.count, "part": source.part, "seed": source.seed}
