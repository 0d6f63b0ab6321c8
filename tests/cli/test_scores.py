"""`edgebench profile --data`: files scored where they run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edgebench.cli import app
from edgebench.errors import InputError

MODELS = Path(__file__).parents[2] / "edgebench" / "profiling" / "assets"
QUICK = ["--blocks", "1", "--block-s", "0.1"]


def profiled(*arguments: str) -> str:
    done = CliRunner().invoke(app.app, ["profile", *arguments, *QUICK], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Held-out inputs of the tiny models, whose classes are what one of them answers but for the last two."""
    from edgebench.runtimes import load_runtime, run_examples

    model = str(MODELS / "tiny.tflite")
    session = load_runtime("litert").open(model, 1, None)
    x = np.random.default_rng(0).random((40, *session.inputs[0].shape[1:]), dtype=np.float32)
    (outputs,) = run_examples(session, [x])
    y = outputs.reshape(40, -1).argmax(axis=1)
    y[-2:] = (y[-2:] + 1) % max(2, outputs.reshape(40, -1).shape[1])
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    return tmp_path / "mine.npz"


def test_each_file_is_scored_and_compared_with_the_first(data: Path) -> None:
    files = [str(MODELS / "tiny.tflite"), str(MODELS / "tiny.onnx")]
    first, second = json.loads(profiled(*files, "--data", str(data), "--json"))["measurements"]
    assert first["score"]["value"] == second["score"]["value"] == 38 / 40
    assert (first["score"]["metric"], first["score"]["examples"]) == ("accuracy", 40)
    assert (first["score"]["against"], first["score"]["parity"]) == (None, None)
    assert second["score"]["against"] == "tiny.tflite"
    assert second["score"]["parity"]["agreement"] == 1.0
    assert second["score"]["parity"]["mcnemar_p"] == 1.0
    assert 0 <= second["score"]["parity"]["max_abs_diff"] < 1e-4


def test_scores_stand_in_a_table_of_their_own(data: Path) -> None:
    shown = profiled(str(MODELS / "tiny.tflite"), "--data", str(data), "--examples", "10")
    assert "of mine" in shown
    assert "100.00%" in shown
    other = profiled(str(MODELS / "tiny.tflite"), "--data", str(data), "--input-range", "-300,300")
    assert "95.00%" not in other


def test_data_of_another_network_is_one_sentence(tmp_path: Path, data: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros((4, 9, 9, 7), np.float32), y=np.zeros(4, int))
    with pytest.raises(InputError, match="does not fit"):
        profiled(str(MODELS / "tiny.tflite"), "--data", str(tmp_path / "other.npz"))
    with np.load(data) as arrays:
        np.savez(tmp_path / "more.npz", x=arrays["x"], y=arrays["y"] + 90)
    with pytest.raises(InputError, match=r"the outputs of tiny\.tflite are no answers to more"):
        profiled(str(MODELS / "tiny.tflite"), "--data", str(tmp_path / "more.npz"))


def test_what_goes_with_data_alone_is_said() -> None:
    with pytest.raises(InputError, match="go with --data"):
        profiled(str(MODELS / "tiny.tflite"), "--examples", "3")
