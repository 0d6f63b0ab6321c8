"""Node data for Model Explorer: each operation of the file by the id that its drawing has."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from edgebench import profiling
from edgebench.exchange import file_names, node_data
from edgebench.profiling import Profiled
from edgebench.runtimes import Op
from edgebench.testing.store import example_measurement

ASSETS = Path(profiling.__file__).parent / "assets"


def profiled(name: str, *ops: Op, device: str = "local", sha256: str = "0" * 64) -> Profiled:
    measurement = replace(
        example_measurement(), model_name=name, device=device, model_sha256=sha256
    )
    environment = replace(measurement.environment, delegate="xnnpack")
    return Profiled(
        size_bytes=9, measurement=replace(measurement, environment=environment), ops=ops
    )


def op(name: str, kind: str, ns: float | None = None, *, delegated: bool = True) -> Op:
    return Op(name, kind, invokes=1, ns=ns, delegated=delegated)


def test_operations_of_a_tflite_file_are_numbered_and_say_who_ran_them() -> None:
    row = profiled("a.tflite", op("CONV_2D_0", "CONV_2D"), op("PAD_1", "PAD", delegated=False))
    assert node_data(row, Path("a.tflite")) == {
        "results": {
            "0": {"value": "xnnpack"},
            "1": {"value": "not delegated", "bgColor": "#ffd28a"},
        }
    }


def test_nodes_of_an_onnx_file_have_their_microseconds() -> None:
    path = ASSETS / "reference.onnx"
    nodes = onnx.load(path).graph.node
    first, last = nodes[0], nodes[-1]
    row = profiled(
        path.name,
        op(first.name, first.op_type, 1500.0),
        op(f"{last.output[0]}_nchwc", last.op_type, 2000.0),
        op(last.name, last.op_type, 500.0),
        op("ReorderOutput", "ReorderOutput", 9000.0),
    )
    found = node_data(row, path)
    assert found is not None
    assert found["results"] == {first.name: {"value": 1.5}, last.name: {"value": 2.5}}
    assert [stop["stop"] for stop in found["gradient"]] == [0, 1]


@pytest.mark.parametrize("name", ["a.keras", "a.tflite"])
def test_without_operations_or_a_drawing_there_is_none(name: str) -> None:
    ops = [op("dense", "Dense")] if name == "a.keras" else []
    assert node_data(profiled(name, *ops), Path(name)) is None


def test_files_are_told_apart_by_as_little_as_it_takes() -> None:
    rows = [
        profiled("a.onnx"),
        profiled("b.onnx"),
        profiled("b.onnx", device="pi4"),
        profiled("b.onnx", device="pi4", sha256="1" * 64),
    ]
    assert file_names(rows) == [
        "a.onnx.node-data.json",
        "b.onnx.local.node-data.json",
        "b.onnx.pi4.00000000.node-data.json",
        "b.onnx.pi4.11111111.node-data.json",
    ]


def test_profile_writes_it_beside_its_tables(tmp_path: Path) -> None:
    models = [str(ASSETS / "reference.onnx"), str(ASSETS / "tiny.tflite")]
    options = ["--blocks", "1", "--block-s", "0.05", "--per-op", "--out", "found"]
    done = subprocess.run(
        [sys.executable, "-m", "edgebench", "profile", *models, *options],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    timed = json.loads((tmp_path / "found/reference.onnx.node-data.json").read_text())["results"]
    named = {node.name for node in onnx.load(ASSETS / "reference.onnx").graph.node}
    assert timed
    assert timed.keys() <= named
    assert all(result["value"] >= 0 for result in timed.values())
    untimed = json.loads((tmp_path / "found/tiny.tflite.node-data.json").read_text())
    assert untimed == {"results": {"0": {"value": "xnnpack"}}}
