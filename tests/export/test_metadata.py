"""What files say of themselves: written and read back, by every runtime still opened, and without any framework."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgebench.errors import InputError
from edgebench.export import (
    CalibrationSource,
    Exporter,
    FileMetadata,
    describe,
    description_path,
    read_metadata,
)
from edgebench.export.metadata import properties, with_metadata
from edgebench.records import ExportTarget, Format
from edgebench.runtimes import InferenceError, load_runtime, run_examples
from edgebench.suites import EXPORTED_NOW

METADATA = FileMetadata(
    labels=("null", "[eins]", "zwei", "drei", "größer 4"),
    normalisation="pixels divided by 255, RGB",
    edgebench_version="0.1.0",
    suite="digits",
    suite_hash="ab12",
    trial_id="t007",
    metrics={"val_accuracy": 0.97, "macs": 1234.0},
    task="classification",
    calibration=CalibrationSource(count=16, seed=3),
)


@pytest.fixture(scope="module")
def exporter(model):
    return Exporter(model)


@pytest.mark.parametrize("text", EXPORTED_NOW)
def test_a_file_tells_what_was_written_into_it(text, exporter, inputs, tmp_path) -> None:
    target = ExportTarget.parse(text)
    plain = exporter.export(target, tmp_path, inputs)
    assert read_metadata(plain.path) is None
    file = exporter.export(target, tmp_path, inputs, metadata=METADATA)
    found = read_metadata(file.path)
    batch = None if target.format is Format.KERAS else 1
    assert found["names"] == {str(i): label for i, label in enumerate(METADATA.labels)}
    assert found["inputs"] == [{"name": "input", "shape": [batch, 32, 32, 3]}]
    assert found["outputs"] == [{"name": "output", "shape": [batch, 5]}]
    assert (found["imgsz"], found["channels"], found.get("batch")) == ([32, 32], 3, batch)
    assert found["metrics"] == METADATA.metrics
    assert (found["suite_hash"], found["trial_id"], found["version"]) == ("ab12", "t007", "0.1.0")
    source = {"count": 16, "part": "train", "seed": 3}
    assert found["calibration"] == (source if target.precision.needs_calibration else None)
    assert json.loads(description_path(Path(file.path)).read_text()) == found
    again = exporter.export(target, tmp_path, inputs, metadata=METADATA)
    assert again == file
    assert (file.sha256 == plain.sha256) is (target.format is Format.KERAS)


@pytest.mark.parametrize("runtime", ["litert", "tflite", "ort"])
def test_runtimes_open_what_holds_metadata(runtime, exporter, inputs, model, tmp_path) -> None:
    text = "onnx-int8" if runtime == "ort" else "tflite-int8"
    try:
        opened = load_runtime(runtime)
    except InferenceError as error:
        pytest.skip(error.message)
    file = exporter.export(ExportTarget.parse(text), tmp_path, inputs, metadata=METADATA)
    (found,) = run_examples(opened.open(file.path, 1, None), [inputs])
    assert np.abs(found - model.predict(inputs, verbose=0)).max() < 0.1


def test_a_tflite_file_is_an_archive_with_its_labels(exporter, tmp_path) -> None:
    file = exporter.export(ExportTarget.parse("tflite-fp32"), tmp_path, metadata=METADATA)
    with zipfile.ZipFile(file.path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["metadata.json", "labels.txt"]
        assert archive.read("labels.txt").decode().splitlines() == list(METADATA.labels)


def test_onnx_entries_are_sorted(exporter, tmp_path) -> None:
    import onnx

    file = exporter.export(ExportTarget.parse("onnx-fp32"), tmp_path, metadata=METADATA)
    entries = onnx.load(file.path).metadata_props
    keys = [entry.key for entry in entries]
    assert keys == sorted(keys)
    onnx.checker.check_model(file.path, full_check=True)


def test_reading_needs_no_framework(exporter, tmp_path) -> None:
    file = exporter.export(ExportTarget.parse("tflite-fp32"), tmp_path, metadata=METADATA)
    program = (
        "import sys; from edgebench.export import read_metadata, read_facts;"
        "print(read_metadata(sys.argv[1])['trial_id'], len(read_facts(sys.argv[1]).ops) > 3,"
        " [n for n in ('tensorflow', 'keras', 'onnx', 'onnxruntime') if n in sys.modules])"
    )
    command = [sys.executable, "-c", program, file.path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["t007", "True", "[]"]


def test_the_document_is_sorted_and_ends_its_line() -> None:
    text = describe(METADATA)
    assert text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert "größer 4" in text
    assert "imgsz" not in properties(METADATA)


def test_two_candidates_differ_in_their_bytes() -> None:
    other = replace(METADATA, trial_id="t008")
    content = [with_metadata(b"TFL3" * 8, Format.TFLITE, m) for m in (METADATA, METADATA, other)]
    assert content[0] == content[1] != content[2]
    assert content[0].startswith(b"TFL3" * 8)


def test_what_other_programs_wrote_is_text(tmp_path) -> None:
    from onnx import TensorProto, helper

    node = helper.make_node("Relu", ["x"], ["y"])
    doors = [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1,)) for n in "xy"]
    model = helper.make_model(helper.make_graph([node], "g", doors[:1], doors[1:]))
    helper.set_model_props(model, {"names": "{0: 'person'}", "stride": "32", "imgsz": "[640, 640]"})
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    found = read_metadata(path)
    assert found == {"names": "{0: 'person'}", "stride": "32", "imgsz": [640, 640]}


def test_damage_is_one_sentence(tmp_path) -> None:
    path = tmp_path / "m.tflite"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "[1, 2]")
    with pytest.raises(InputError, match="no readable metadata"):
        read_metadata(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", " " * 10_000_000)
    with pytest.raises(InputError, match="no readable metadata"):
        read_metadata(path)
    with pytest.raises(InputError, match="no readable metadata"):
        read_metadata(tmp_path / "absent.onnx")
