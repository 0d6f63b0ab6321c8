"""The programs on a card, run word for word where nothing of edgebench can be imported."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgebench.datasets import facts, load_dataset
from edgebench.export import export_model
from edgebench.records import (
    Artifact,
    DataPlan,
    ExportTarget,
    Format,
    LatencyPlan,
    RunResult,
)
from edgebench.report.card import render_card
from edgebench.report.view import RunView
from edgebench.report.write import write_report
from edgebench.runtimes import load_runtime, run_examples

NEEDED = ("numpy", "ai-edge-litert", "onnxruntime", "tflite-runtime")
TOLD = re.compile(r"(.+) is the first, (\d+) of (\d+) are right\n")


@dataclass(frozen=True)
class Shipped:
    """A folder as a report leaves it, the run that it shows, and what each file gives."""

    models: Path
    result: RunResult
    outputs: dict[str, np.ndarray]

    def answer(self, target: str) -> int:
        """Return the class of the first example."""
        return int(self.outputs[target][0].argmax())

    def program(self, target: str) -> str:
        """Return the program on the card of a search that measures files of this precision."""
        parsed = ExportTarget.parse(target)
        suite = replace(self.result.run.suite, latency=LatencyPlan(precision=parsed.precision))
        view = RunView.of(replace(self.result, run=replace(self.result.run, suite=suite)))
        (trial,) = view.winners
        card = render_card(view, trial)
        programs = re.findall(r"^```python\n(.*?)^```$", card, flags=re.DOTALL | re.MULTILINE)
        (program,) = [p for p in programs if f".{parsed.format.value}'" in p]
        assert len(program.splitlines()) <= 10
        return str(program)

    def file(self, target: str) -> Artifact:
        (found,) = [a for a in self.result.artifacts if str(a.target) == target]
        return found


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the needed packages and what they require, and nothing else that is installed here."""
    folder = tmp_path_factory.mktemp("packages")
    waiting, seen = [name for name in NEEDED if is_installed(name)], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or not is_installed(name):
            continue
        seen.add(name)
        distribution = importlib.metadata.distribution(name)
        for path in {
            Path(file.parts[0]) for file in distribution.files or () if ".." not in file.parts
        }:
            link = folder / path
            if not link.exists() and path.suffix != ".pth":
                link.symlink_to(str(distribution.locate_file(path)))
        required = [line for line in distribution.requires or () if ";" not in line]
        waiting += [re.split(r"[<>=~! \[]", line)[0] for line in required]
    assert not {"edgebench", "tensorflow", "keras"} & {path.name for path in folder.iterdir()}
    return folder


def is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def run(program: str, models: Path, packages: Path) -> subprocess.CompletedProcess[str]:
    script = packages.parent / "program.py"
    script.write_text(program)
    return subprocess.run(
        [sys.executable, "-S", "-P", str(script)],
        cwd=models,
        env={"PYTHONPATH": str(packages), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def trained(keras: Any, inputs: list[np.ndarray], labels: np.ndarray) -> Any:
    """Return a small multi-layer perceptron that learned a little."""
    from edgebench.templates import load_template, resolve_values

    keras.utils.set_random_seed(1)
    shapes = tuple(array.shape[1:] for array in inputs)
    template = load_template("mlp-auto", input_shapes=shapes, classes=10)
    model = template.assemble(dict(resolve_values(template, sets={"units_1": 64}).values))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(inputs if len(inputs) > 1 else inputs[0], labels, epochs=4, verbose=0)
    return model


def ship(
    folder: Path,
    build: SimpleNamespace,
    files: dict[str, Path],
    heldout: dict[str, np.ndarray],
    data: dict[str, Any],
) -> Shipped:
    """Score files by their runtimes, and write the report of a run that has found them."""
    inputs = [array for name, array in heldout.items() if name.startswith("x")]
    labels, artifacts, given = heldout["y"], [], {}
    for target, path in files.items():
        parsed = ExportTarget.parse(target)
        runtime = load_runtime("ort" if parsed.format is Format.ONNX else "litert")
        (outputs,) = run_examples(runtime.open(str(path), 1, None), inputs)
        given[target] = outputs
        is_right = outputs.argmax(axis=-1) == labels if labels.ndim == 1 else None
        content = path.read_bytes()
        artifacts.append(
            Artifact(
                trial_id="t001",
                format=parsed.format,
                precision=parsed.precision,
                sha256=hashlib.sha256(content).hexdigest(),
                size_bytes=len(content),
                accuracy=None if is_right is None else float(is_right.mean()),
                heldout_count=len(labels),
            )
        )
    trial = build.trial(("t001", "completed", "dense 64 128x3", 0.9, 30_000, 0.5, 4, ""))
    result = RunResult(
        run=build.run(suite=build.suite(baseline=None), data=data),
        trials=(trial,),
        artifacts=tuple(artifacts),
        measurements={},
    )
    places = dict(zip((a.sha256 for a in artifacts), files.values(), strict=True))
    page = write_report(result, folder / "reports", lambda artifact: places[artifact.sha256])
    models = page.parent / "models"
    np.savez_compressed(models / "heldout.npz", **heldout)
    return Shipped(models=models, result=result, outputs=given)


@pytest.fixture(scope="module")
def shipped(
    keras: Any, build: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Shipped:
    folder = tmp_path_factory.mktemp("shipped")
    dataset = load_dataset(DataPlan(name="digits", size=(8, 8)), 0)
    train, test = dataset.train(), dataset.test()
    model = trained(keras, [train.x], train.y)
    files = {
        target: Path(export_model(model, ExportTarget.parse(target), folder, train.x[:100]).path)
        for target in ("tflite-fp32", "tflite-int8", "tflite-int8-io", "onnx-fp32", "onnx-int8")
    }
    return ship(folder, build, files, {"x": test.x, "y": test.y}, facts(dataset))


@pytest.mark.parametrize(
    "target", ["tflite-fp32", "tflite-int8", "tflite-int8-io", "onnx-fp32", "onnx-int8"]
)
def test_a_program_runs_as_it_stands_and_tells_the_recorded_accuracy(
    target: str, shipped: Shipped, packages: Path
) -> None:
    file = shipped.file(target)
    assert (shipped.models / file.file_name).is_file()
    done = run(shipped.program(target), shipped.models, packages)
    assert done.returncode == 0, done.stderr
    told = TOLD.fullmatch(done.stdout)
    assert told, done.stdout
    label, right, count = told.groups()
    assert label == str(shipped.answer(target))
    assert file.accuracy is not None
    assert file.accuracy > 0.7
    assert int(right) / int(count) == file.accuracy
    assert int(count) == file.heldout_count


def test_the_card_in_the_folder_is_the_one_that_was_tried(shipped: Shipped) -> None:
    card = (shipped.models / "t001.md").read_text()
    assert shipped.program("tflite-fp32") in card
    assert shipped.program("onnx-fp32") in card


def test_nothing_of_edgebench_can_be_imported_there(shipped: Shipped, packages: Path) -> None:
    for name in ("edgebench", "tensorflow", "keras"):
        done = run(f"import {name}", shipped.models, packages)
        assert done.returncode == 1
        assert f"ModuleNotFoundError: No module named '{name}'" in done.stderr


def test_the_same_lines_run_the_files_that_the_card_names(shipped: Shipped, packages: Path) -> None:
    program = shipped.program("tflite-fp32")
    assert "The same lines run t001-int8.tflite." in (shipped.models / "t001.md").read_text()
    done = run(program.replace("t001-fp32", "t001-int8"), shipped.models, packages)
    assert TOLD.fullmatch(done.stdout), done.stderr
    assert f", {round(shipped.file('tflite-int8').accuracy * 360)} of 360 " in done.stdout


@pytest.mark.skipif(not is_installed("tflite-runtime"), reason="tflite-runtime is not installed")
@pytest.mark.parametrize("target", ["tflite-int8", "tflite-int8-io"])
def test_the_other_runtime_that_the_comment_names_gives_the_same(
    target: str, shipped: Shipped, packages: Path
) -> None:
    other = shipped.program(target).replace("from ai_edge_litert", "from tflite_runtime")
    done = run(other, shipped.models, packages)
    assert TOLD.fullmatch(done.stdout), done.stderr
    assert f", {round(shipped.file(target).accuracy * 360)} of 360 " in done.stdout


def test_a_network_of_two_inputs_is_fed_both_in_their_order(
    keras: Any, build: SimpleNamespace, packages: Path, tmp_path: Path
) -> None:
    dataset = load_dataset(DataPlan(name="digits", size=(8, 8)), 0)
    train, test = dataset.train(), dataset.test()
    left, right = train.x[:, :, :3], train.x[:, :, 3:]
    model = trained(keras, [left, right], train.y)
    files = {
        target: Path(
            export_model(
                model, ExportTarget.parse(target), tmp_path, [left[:100], right[:100]]
            ).path
        )
        for target in ("tflite-int8", "onnx-fp32")
    }
    heldout = {"x_1": test.x[:, :, :3], "x_2": test.x[:, :, 3:], "y": test.y}
    shipped = ship(tmp_path, build, files, heldout, facts(dataset))
    for target in files:
        file = shipped.file(target)
        done = run(shipped.program(target), shipped.models, packages)
        told = TOLD.fullmatch(done.stdout)
        assert told, done.stderr
        assert file.accuracy is not None
        assert file.accuracy > 0.7
        assert int(told.group(2)) / int(told.group(3)) == file.accuracy


@pytest.fixture(scope="module")
def classes() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 2, (6, 16, 16))


@pytest.mark.parametrize("classes_of_output", [1, 2])
def test_a_program_of_masks_tells_the_mean_iou(
    classes_of_output: int,
    keras: Any,
    build: SimpleNamespace,
    packages: Path,
    tmp_path: Path,
    classes: np.ndarray,
) -> None:
    from edgebench.tasks import Segmentation

    keras.utils.set_random_seed(1)
    how = "sigmoid" if classes_of_output == 1 else "softmax"
    door = keras.Input((16, 16, 3))
    layer = keras.layers.Conv2D(classes_of_output, 3, padding="same", activation=how)
    model = keras.Model(door, layer(door))
    x = np.random.default_rng(1).normal(0.0, 1.0, (6, 16, 16, 3)).astype(np.float32)
    files = {
        target: Path(export_model(model, ExportTarget.parse(target), tmp_path, x).path)
        for target in ("tflite-fp32", "tflite-int8-io", "onnx-fp32")
    }
    data = {"task": "segmentation", "classes": classes_of_output, "labels": []}
    shipped = ship(tmp_path, build, files, {"x": x, "y": classes[..., None]}, data)
    for target, outputs in shipped.outputs.items():
        done = run(shipped.program(target), shipped.models, packages)
        told = re.fullmatch(r"\(16, 16\) classes of pixels, mean IoU (\S+)\n", done.stdout)
        assert told, done.stderr
        score = Segmentation().score([outputs], classes)
        assert 0.2 < score < 0.6
        assert float(told.group(1)) == pytest.approx(score, abs=1e-9)


def test_a_program_of_boxes_says_what_its_outputs_mean(
    keras: Any, build: SimpleNamespace, packages: Path, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(1)
    door = keras.Input((8, 8, 3))
    rows = keras.layers.Reshape((64, 7))(keras.layers.Conv2D(7, 1)(door))
    model = keras.Model(door, rows)
    x = np.random.default_rng(1).normal(0.0, 1.0, (3, 8, 8, 3)).astype(np.float32)
    files = {
        target: Path(export_model(model, ExportTarget.parse(target), tmp_path).path)
        for target in ("tflite-fp32", "onnx-fp32")
    }
    boxes = np.zeros((3, 2, 4))
    boxes[:, 0] = boxes[1, 1] = (0.1, 0.2, 0.4, 0.5)
    held = {"x": x, "y": np.array([[1, -1], [0, 1], [0, -1]]), "boxes": boxes}
    shipped = ship(tmp_path, build, files, held, {"task": "detection", "classes": 2})
    for target, outputs in shipped.outputs.items():
        done = run(shipped.program(target), shipped.models, packages)
        found = int((outputs[..., 4:].argmax(axis=-1) < 2).sum())
        assert found > 0
        assert done.stdout == (
            "(64, 7) default boxes, each 4 offsets, 2 logits and that of the background; "
            f"{found} stand out, for 4 objects\n"
        ), done.stderr


def test_a_program_without_its_held_out_part_says_what_is_missing(
    shipped: Shipped, packages: Path, tmp_path: Path
) -> None:
    shutil.copy(shipped.models / "t001-fp32.tflite", tmp_path)
    done = run(shipped.program("tflite-fp32"), tmp_path, packages)
    assert done.returncode == 1
    assert "heldout.npz" in done.stderr
