"""What a search ships, made again later; and a Keras model of somebody's as files."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from edgebench import api
from edgebench.cli import app
from edgebench.export import read_metadata

LINES = "reference: {val_accuracy: 0.0, latency_ms: 1000}\noracle: {max_trials: 2}\ntraining: {max_epochs: 3}\n"


@pytest.fixture(scope="module")
def searched(
    tmp_path_factory: pytest.TempPathFactory, write_small: Callable[[Path, str], None]
) -> tuple[Path, Any]:
    """A small search's folder and result."""
    folder = tmp_path_factory.mktemp("searched")
    write_small(folder, LINES)
    suite = (folder / "small.yaml").read_text()
    targets = "export: [tflite-int8, onnx-fp32, keras]"
    (folder / "small.yaml").write_text(suite.replace("export: [tflite-fp32]", targets))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, api.search("small.yaml", workers=1)


@pytest.fixture
def shipped(searched: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result, in the current folder as this test's own."""
    folder, result = searched
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return result


def exported(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app.app, ["export", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_files_of_a_trial_are_made_again_byte_for_byte(shipped: Any, tmp_path: Path) -> None:
    member = shipped.summary["front"][0]
    trial_id, recorded = member["trial_id"], {f["sha256"]: f for f in member["artifacts"]}
    found = exported(shipped.run_id, trial_id, "--out", "again")
    assert found["changed"] == {}
    assert {file["sha256"] for file in found["files"]} == set(recorded)
    for file in found["files"]:
        assert file["same_as_run"] is True
        assert file["accuracy"] == recorded[file["sha256"]]["accuracy"]
        assert file["parity"] == recorded[file["sha256"]]["parity"]
        assert Path(file["path"]).name == Path(recorded[file["sha256"]]["path"]).name
    more = exported(shipped.run_id, trial_id, "--precision", "int16x8", "--precision", "fp16")
    assert [file["precision"] for file in more["files"]] == ["int16x8", "fp16"]
    assert {file["same_as_run"] for file in more["files"]} == {None}
    assert {p.suffix for p in Path(f"{shipped.run_id}-{trial_id}").iterdir()} == {
        ".tflite",
        ".json",
    }


def test_another_version_is_named(shipped: Any, tmp_path: Path) -> None:
    trial_id = shipped.summary["front"][0]["trial_id"]
    with sqlite3.connect(tmp_path / ".edgebench" / "edgebench.sqlite") as store:
        (text,) = store.execute("SELECT document FROM runs").fetchone()
        document = json.loads(text)
        document["versions"]["tensorflow"] = "2.1.0"
        store.execute("UPDATE runs SET document = ?", (json.dumps(document),))
    found = exported(shipped.run_id, trial_id, "--format", "onnx", "--precision", "fp32")
    assert list(found["changed"]) == ["tensorflow"]
    assert found["changed"]["tensorflow"][0] == "2.1.0"


def test_every_file_of_the_report_says_what_it_is(shipped: Any) -> None:
    models = shipped.report_path.parent / "models"
    for member in shipped.summary["front"]:
        assert (models / f"{member['trial_id']}.md").is_file()
        for file in member["artifacts"]:
            told = read_metadata(file["path"])
            assert told is not None
            assert told["trial_id"] == member["trial_id"]
            assert told["suite_hash"] == shipped.result.run.suite_hash
            assert told["names"]["3"] == "3"
            assert told["metrics"]["val_accuracy"] == member["metrics"]["val_accuracy"]
            assert (told["calibration"] is not None) == (file["precision"] == "int8")
            assert file["facts"]["ops"]
            assert file["parity"]["examples"] == 360
            if file["precision"] == "int8":
                assert len(file["parity"]["layers"]) > 0
            else:
                assert file["parity"]["max_abs_diff"] < 1e-4


def test_a_keras_model_of_ones_own_becomes_files(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    model.save(tmp_path / "mine.keras")
    rng = np.random.default_rng(0)
    x, x_train = (rng.random((count, 6, 6, 1), dtype=np.float32) for count in (50, 200))
    y, y_train = (model.predict(part, verbose=0).argmax(axis=1) for part in (x, x_train))
    np.savez(tmp_path / "mine.npz", x=x, y=y, x_train=x_train, y_train=y_train)
    found = exported(
        str(tmp_path / "mine.keras"), "--data", str(tmp_path / "mine.npz"), "--precision", "fp32",
        "--precision", "int8", "--out", str(tmp_path / "files"),
    )  # fmt: skip
    assert found["keras_accuracy"] == 1.0
    full, small = found["files"]
    assert (full["accuracy"], full["parity"]["max_abs_diff"] < 1e-6) == (1.0, True)
    assert small["parity"]["agreement"] > 0.8
    assert small["bytes"] < full["bytes"] + 3000
