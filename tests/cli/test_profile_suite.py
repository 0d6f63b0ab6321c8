"""`edgebench profile SUITE`: files named by a suite, those that have data scored, the rest not."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from typer.testing import CliRunner

from edgebench import api
from edgebench.cli import app
from edgebench.errors import DeviceError, InputError
from edgebench.profiling import SuiteProfile
from edgebench.profiling import suite as profiling_suite

MODELS = Path(__file__).parents[2] / "edgebench" / "profiling" / "assets"
SUITE = """\
name: mixed
models:
  - {file: models/busy.tflite, data: none}
  - models/tiny.tflite
  - {file: models/busy.onnx, data: none}
  - {file: models/tiny.onnx}
data: {name: mine.npz}
latency: {winner_blocks: 1, block_s: 0.1}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a suite of four files, of which the second and the fourth are one network with data."""
    from edgebench.runtimes import load_runtime, run_examples

    (tmp_path / "models").mkdir()
    for name in ("busy.tflite", "busy.onnx", "tiny.tflite", "tiny.onnx"):
        copy(MODELS / name, tmp_path / "models")
    session = load_runtime("litert").open(str(MODELS / "tiny.tflite"), 1, None)
    x = np.random.default_rng(0).random((40, *session.inputs[0].shape[1:]), dtype=np.float32)
    (outputs,) = run_examples(session, [x])
    y = outputs.reshape(40, -1).argmax(axis=1)
    y[-2:] = (y[-2:] + 1) % max(2, outputs.reshape(40, -1).shape[1])
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    (tmp_path / "mixed.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGEBENCH_DATA", raising=False)
    return tmp_path


def typed(*arguments: str) -> str:
    done = CliRunner().invoke(app.app, [*arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_each_score_stands_beside_its_own_measurement() -> None:
    rows = json.loads(typed("profile", "mixed.yaml", "--json"))["measurements"]
    assert [row["model"] for row in rows] == [
        "busy.tflite", "tiny.tflite", "busy.onnx", "tiny.onnx",
    ]  # fmt: skip
    assert [row.get("score", {}).get("model_name") for row in rows] == [
        None, "tiny.tflite", None, "tiny.onnx",
    ]  # fmt: skip
    assert [rows[1]["score"]["value"], rows[3]["score"]["value"]] == [38 / 40, 38 / 40]
    assert rows[3]["score"]["against"] == "tiny.tflite"
    assert [row["bytes"] for row in rows] == [
        (MODELS / row["model"]).stat().st_size for row in rows
    ]


def test_options_lie_over_the_suite_and_a_page_is_written(folder: Path) -> None:
    options = ("--examples", "10", "--threads", "2", "--out", "out/deep")
    shown = json.loads(typed("profile", "mixed.yaml", *options, "--per-op", "--json"))
    assert json.loads((folder / "out/deep/profile.json").read_text()) == shown
    rows = shown["measurements"]
    assert {row["threads"] for row in rows} == {2}
    assert all(row["ops"] for row in rows)
    assert [row["score"]["examples"] for row in rows if "score" in row] == [10, 10]
    page = (folder / "out/deep/profile.md").read_text()
    assert page.startswith("# mixed\n")
    assert "| model | device | runtime | p50 ms |" in page
    cells = [line.split(" | ") for line in page.splitlines() if line.startswith("| tiny.tflite")]
    assert cells[0][7:9] == ["1.0000", "10 of mine"]
    assert page.count("not scored") == 2
    assert "\n- local: " in page
    assert str(folder) not in page
    view = (folder / "out/deep/index.html").read_text()
    assert "<h1>4 models on 1 device</h1>" in view
    assert str(folder) not in view
    written = {file.name for file in (folder / "out/deep").iterdir()}
    assert {name for name in written if not name.endswith(".node-data.json")} == {
        "profile.json", "profile.md", "index.html",
    }  # fmt: skip
    assert "busy.onnx.node-data.json" in written


def test_a_name_is_a_suite_of_the_working_folder(folder: Path) -> None:
    (folder / "suites").mkdir()
    (folder / "suites" / "here.yaml").write_text(
        "name: h\nmodels: [models/tiny.onnx]\ndata: none\n"
    )
    (folder / "here").mkdir()
    typed("profile", "here", "--blocks", "1", "--block-s", "0.1", "--out", "here")
    (row,) = api.profile_suite("here", blocks=1, block_s=0.1)
    assert (row.measurement.model_name, row.score, row.ops) == ("tiny.onnx", None, None)
    with pytest.raises(InputError, match=r"^hree does not exist$") as caught:
        typed("profile", "hree")
    assert caught.value.remedy == "did you mean here?"


def test_what_is_missing_is_a_warning_of_check_and_an_error_of_profile(folder: Path) -> None:
    (folder / "models" / "tiny.onnx").unlink()
    (folder / "mine.npz").rename("there.npz")
    (folder / "mixed.yaml").write_text(SUITE.replace("mine.npz", "there.npz"))
    document = json.loads(typed("check", "mixed.yaml", "--json"))
    assert document["valid"] is True
    (warning,) = document["warnings"]
    assert warning.startswith("models/tiny.onnx does not exist | looked for in .")
    assert document["resolved"]["models"][1]["data"]["name"] == "there.npz"
    with pytest.raises(InputError, match=r"^models/tiny\.onnx does not exist$") as caught:
        typed("profile", "mixed.yaml")
    assert (caught.value.exit_code, caught.value.why) == (2, "looked for in .")


def test_check_says_what_is_scored() -> None:
    shown = typed("check", "mixed.yaml")
    assert "mixed.yaml is valid" in shown
    assert "models/tiny.onnx    scored on the test part of mine.npz" in shown
    assert "models/busy.onnx    not scored" in shown


def test_missing_data_is_told_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = SUITE.replace("{name: mine.npz}", "{name: mnist}")
    Path("mixed.yaml").write_text(text)
    measured: list[object] = []
    monkeypatch.setattr(profiling_suite, "profile_all", measured.append)
    with pytest.raises(InputError, match="mnist is not here"):
        typed("profile", "mixed.yaml")
    assert not measured
    assert len(json.loads(typed("check", "mixed.yaml", "--json"))["warnings"]) == 1


def test_what_was_measured_is_shown_where_scoring_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_arguments: object, **_options: object) -> None:
        raise DeviceError("the device went away")

    monkeypatch.setattr(profiling_suite, "score_all", lost)
    command = ["profile", "mixed.yaml", "--json", "--out", "out"]
    done = CliRunner().invoke(app.app, command)
    assert isinstance(done.exception, DeviceError)
    rows = json.loads(done.stdout)["measurements"]
    assert ["score" in row for row in rows] == [False] * 4
    assert not list((folder / "out").iterdir())


def test_files_and_a_suite_do_not_mix(folder: Path) -> None:
    with pytest.raises(InputError, match=r"^mixed\.yaml is profiled alone$"):
        typed("profile", "models/tiny.onnx", "mixed.yaml")
    (folder / "taken").touch()
    with pytest.raises(InputError, match=r"^taken cannot be made a folder$"):
        typed("profile", "mixed.yaml", "--out", "taken")


def test_a_device_is_looked_up_before_anything_is_measured() -> None:
    loaded = api.prepare_profile("mixed.yaml").suite
    assert isinstance(api.prepare_profile("mixed.yaml"), SuiteProfile)
    assert loaded.devices == ("local",)
    with pytest.raises(InputError, match="pi9 is not a device"):
        api.prepare_profile("mixed.yaml", devices=["pi9"])
    with pytest.raises(TypeError, match="unexpected option 'blokcs'"):
        api.profile_suite("mixed.yaml", blokcs=1)
