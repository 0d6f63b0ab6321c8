"""A search of each task through the real command: what it measures, and what the report calls it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.store import SqliteStore

Typed = Callable[..., subprocess.CompletedProcess[str]]
COMMON = """
oracle: {name: random, max_trials: 1}
latency: {block_s: 0.1, winner_blocks: 1}
seed: 3
"""
MASKS = """
name: plants
template: unet-auto
hyperparameters: {start_filters: 4, depth: 2, optimizer: adam, learning_rate: 0.002}
data: {name: plants.npz}
objectives: {val_iou: max, param_bytes: min}
reference: {val_iou: 0.0, param_bytes: 4000000}
training: {max_epochs: 2, batch_size: 8, loss: crossentropy+dice, augment: [mirror, flip]}
export: [tflite-fp32, tflite-int8]
"""
BOXES = """
name: squares
template: mobilenetv2-ssd-auto
data: {name: squares.npz, validation: test}
objectives: {val_loss: min, param_bytes: min}
reference: {val_loss: 10000, param_bytes: 40000000}
training: {max_epochs: 1, batch_size: 4, loss: mined}
export: [tflite-fp32]
"""
PAIRS = """
name: pairs
template: mlp-auto
data: {name: pairs.npz}
objectives: {val_accuracy: max, param_bytes: min}
reference: {val_accuracy: 0.0, param_bytes: 4000000}
training: {max_epochs: 2}
export: [tflite-fp32, onnx-fp32]
"""


def masks(count: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = draw.random((count, 32, 32, 3), dtype=np.float32) * 0.3
    y = np.zeros((count, 32, 32), dtype=np.uint8)
    for image, mask in zip(x, y, strict=True):
        top, left = draw.integers(0, 20, 2)
        mask[top : top + 12, left : left + 12] = 1
        image[mask > 0] += 0.5
    return x, y


def squares(count: int, draw: np.random.Generator) -> tuple[np.ndarray, ...]:
    x, y = np.zeros((count, 200, 200, 3), dtype=np.float32), np.arange(count)[:, None] % 2
    boxes = np.zeros((count, 1, 4), dtype=np.float32)
    for image, colour, box in zip(x, y, boxes, strict=True):
        top, left = draw.integers(0, 120, 2)
        image[top : top + 80, left : left + 80, colour[0]] = 1.0
        box[0] = np.array([top, left, top + 80, left + 80]) / 200
    return x, y, boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """A folder in which a search has ended, and what it said."""

    folder: Path
    summary: dict[str, Any]
    said: str

    @property
    def report(self) -> Path:
        return self.folder / "reports" / str(self.summary["run_id"])

    @property
    def page(self) -> str:
        return (self.report / "index.html").read_text().split('<script type="application/json"')[0]

    def trials(self) -> list[dict[str, str]]:
        return list(csv.DictReader((self.report / "trials.csv").read_text().splitlines()))


@pytest.fixture
def edgebench(typed_in: Typed) -> Typed:
    """Type a command that succeeds, in a folder."""

    def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        done = typed_in(folder, *words, COLUMNS="110")
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def search(edgebench: Typed) -> Callable[..., Searched]:
    """Search a suite in a folder to its end."""

    def run(folder: Path, suite: str, *options: str) -> Searched:
        (folder / "suite.yaml").write_text(suite + COMMON)
        done = edgebench(folder, "search", "suite.yaml", *options)
        (summary,) = folder.glob("reports/*/summary.json")
        return Searched(
            folder=folder, summary=json.loads(summary.read_text()), said=done.stderr + done.stdout
        )

    return run


@pytest.fixture(scope="module")
def plants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, draw = tmp_path_factory.mktemp("plants"), np.random.default_rng(0)
    (x_train, y_train), (x, y) = masks(40, draw), masks(12, draw)
    labels = np.array(["soil", "plant"])
    np.savez(folder / "plants.npz", x_train=x_train, y_train=y_train, x=x, y=y, labels=labels)
    return folder


def test_a_killed_search_for_masks_goes_on_ranks_int8_and_ships(
    plants: Path, edgebench: Typed, search: Callable[..., Searched]
) -> None:
    (plants / "suite.yaml").write_text(MASKS + COMMON)
    options = ("--precision", "int8", "--max-trials", "2", "--repeats", "2")
    with subprocess.Popen(
        [sys.executable, "-m", "edgebench", "search", "suite.yaml", *options],
        cwd=plants, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        first = next(line for line in running.stderr if line.startswith("t00"))
        running.send_signal(signal.SIGKILL)
    assert " IoU 0." in first
    with SqliteStore(plants / ".edgebench") as store:
        (run_id,) = store.run_ids()
        before = store.load(run_id).trials
    found = search(plants, MASKS, *options)
    assert found.summary["run_id"] == run_id
    assert "(resumed at " in found.said
    with SqliteStore(plants / ".edgebench") as store:
        result = store.load(run_id)
    ended = {trial.trial_id: trial.finished_utc for trial in result.trials}
    assert {trial.trial_id: trial.finished_utc for trial in before}.items() <= ended.items()
    for trial in result.trials:
        values = trial.values()
        assert 0.0 < values["val_iou"] <= 1.0
        assert 0.0 < values["float_val_iou"] <= 1.0
        assert "val_accuracy" not in values

    pick = next(member for member in found.summary["front"] if member["pick"])
    assert {"val_iou", "val_iou_low", "val_pixel_accuracy", "test_iou"} <= set(pick["metrics"])
    assert not {"val_accuracy", "test_accuracy"} & set(pick["metrics"])
    assert {"val_iou", "float_val_iou", "val_loss", "test_iou"} <= set(found.trials()[0])
    for text in ("val IoU", "test IoU", "mean IoU, opened once: 0.", "exported int8, 32x32x3"):
        assert text in found.said
    for text in (">Mean IoU against latency<", ">Validation mean IoU against size, all trials<"):
        assert text in found.page
    assert "The commonest answer, given everywhere, is right for 0." in found.page
    for text in (found.page, found.said, (found.report / "report.md").read_text()):
        assert "accuracy" not in text.lower().replace("pixel accuracy", "")
    with np.load(found.report / "models" / "heldout.npz", allow_pickle=False) as held:
        assert (held["x"].shape, held["y"].shape) == ((12, 32, 32, 3), (12, 32, 32))

    exported = edgebench(plants, "export", run_id, pick["trial_id"], "--out", "again").stdout
    assert " mean IoU " in exported
    assert "accuracy" not in exported
    path = plants / pick["artifacts"][0]["path"]
    told = edgebench(
        plants, "profile", str(path), "--data", str(found.report / "models" / "heldout.npz"),
        "--blocks", "1", "--json",
    ).stdout  # fmt: skip
    score = json.loads(told)["measurements"][0]["score"]
    assert (score["metric"], score["examples"]) == ("iou", 12)
    assert score["value"] == pytest.approx(pick["artifacts"][0]["accuracy"], abs=1e-6)


def test_a_search_for_boxes_is_chosen_by_loss_on_the_test_part(
    tmp_path: Path, search: Callable[..., Searched]
) -> None:
    draw = np.random.default_rng(0)
    (x_train, y_train, boxes_train), (x, y, boxes) = squares(8, draw), squares(4, draw)
    np.savez(
        tmp_path / "squares.npz",
        x_train=x_train, y_train=y_train, boxes_train=boxes_train, x=x, y=y, boxes=boxes,
    )  # fmt: skip
    found = search(tmp_path, BOXES, "--scale", "0.5")
    (member,) = found.summary["front"]
    assert {"val_loss", "val_map", "test_map"} <= set(member["metrics"])
    assert member["metrics"]["val_loss"] > 0.0
    for text in ("test set (4) chosen by", " loss ", "val loss", "mAP@0.5, chosen by: "):
        assert text in found.said
    for text in (
        ">mAP@0.5 against latency<",
        ">Validation loss against size, all trials<",
        "Networks were chosen by the test part (validation: test)",
        "The suite was scaled by 0.5",
    ):
        assert text in found.page
    assert "accuracy" not in (found.page + found.said).lower()
    with np.load(found.report / "models" / "heldout.npz", allow_pickle=False) as held:
        assert held["x"].shape == (4, 200, 200, 3)
        np.testing.assert_allclose(held["boxes"], boxes, atol=1e-6)


def test_a_search_on_two_inputs_names_both(tmp_path: Path, search: Callable[..., Searched]) -> None:
    draw, y = np.random.default_rng(0), np.arange(80) % 2
    x = draw.random((80, 8, 8, 3), dtype=np.float32) + y[:, None, None, None]
    x2 = draw.random((80, 8, 8, 1), dtype=np.float32)
    np.savez(tmp_path / "pairs.npz", x_train=x[:64] / 2, x2_train=x2[:64], y_train=y[:64],
             x=x[64:] / 2, x2=x2[64:], y=y[64:])  # fmt: skip
    found = search(tmp_path, PAIRS)
    assert "exported fp32, 8x8x3 + 8x8x1, batch 1" in found.said
    assert ">Accuracy against latency<" in found.page
    for shape in ("8x8x3", "8x8x1"):
        assert f"input {shape}" in found.page
    (trial,) = found.summary["front"]
    assert {a["format"] for a in trial["artifacts"]} == {"tflite", "onnx"}
    assert all(a["max_abs_diff"] < 1e-4 for a in trial["artifacts"])
    assert (
        "Inputs: 8x8x3, 8x8x1" in (found.report / "models" / f"{trial['trial_id']}.md").read_text()
    )
    with np.load(found.report / "models" / "heldout.npz", allow_pickle=False) as held:
        assert (held["x"].shape, held["x2"].shape) == ((16, 8, 8, 3), (16, 8, 8, 1))
