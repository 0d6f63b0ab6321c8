"""Suites of models: what a file says, what an option lays over it, and where each mistake is."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench import suites
from edgebench.errors import DocumentError, InputError
from edgebench.records import DataPlan
from edgebench.suites import Change, ModelPlan, ModelSuite

TEXT = """\
name: mine
models:
  - float.tflite
  - {file: int8.tflite, input_range: [0, 255], examples: 5}
  - {file: words.onnx, data: none}
  - {file: other.onnx, data: {name: mnist, size: [14, 14]}}
data: {name: digits, size: [16, 16]}
devices: [local]
latency: {runtime: ort, delegate: cpu, threads: 2, winner_blocks: 3, block_s: 0.5}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str, *changes: Change) -> ModelSuite:
    Path("suite.yaml").write_text(text, encoding="utf-8")
    return suites.load_models("suite.yaml", changes)


def with_line(number: int, line: str) -> str:
    lines = TEXT.splitlines()
    lines[number - 1] = line
    return "\n".join(lines) + "\n"


def test_every_key_arrives() -> None:
    digits = DataPlan(name="digits", size=(16, 16))
    assert load(TEXT) == ModelSuite(
        name="mine",
        models=(
            ModelPlan(file="float.tflite", data=digits),
            ModelPlan(file="int8.tflite", data=digits, input_range=(0.0, 255.0), examples=5),
            ModelPlan(file="words.onnx"),
            ModelPlan(file="other.onnx", data=DataPlan(name="mnist", size=(14, 14))),
        ),
        runtime="ort",
        delegate="cpu",
        threads=2,
        blocks=3,
        block_s=0.5,
    )


def test_three_lines_are_a_suite() -> None:
    suite = load("name: tiny\nmodels: [a.tflite]\ndata: none\n")
    assert suite == ModelSuite(name="tiny", models=(ModelPlan(file="a.tflite"),))
    assert (suite.runtime, suite.threads, suite.blocks, suite.block_s) == ("auto", 1, 6, 2.0)
    assert suites.is_of_models("suite.yaml")


def test_the_suite_that_ships() -> None:
    suite = suites.load_models("mlperf-tiny")
    scored = [model for model in suite.models if model.data is not None]
    assert [len(suite.models), len(scored)] == [4, 2]
    assert {(model.data, model.input_range) for model in scored} == {
        (DataPlan(name="cifar10"), (0.0, 255.0))
    }


@pytest.mark.parametrize(
    ("number", "line", "column", "message"),
    [
        (1, "name: 7", 7, "name should be a valid string"),
        (8, "seed: 7", 1, "seed is not a key of this document"),
        (3, "  - 7", 5, "models entry 1 should be a mapping of keys to values"),
        (3, '  - ""', 5, "file should have at least 1 character"),
        (4, "  - {input_range: [0, 255]}", 5, "file is missing"),
        (4, "  - {file: a.onnx, range: [0, 1]}", 20, "range is not a key of models"),
        (4, "  - {file: a.onnx, input_range: [255, 0]}", 33,
         "input_range should be two numbers, the lower first"),
        (4, "  - {file: a.onnx, input_range: [0]}", 33, "input_range has too few entries"),
        (4, "  - {file: a.onnx, examples: 0}", 30, "examples should be greater than 0"),
        (6, "  - {file: a.onnx, data: {name: mnits}}", 33, "mnits is not a data set"),
        (6, "  - {file: a.onnx, data: all}", 26, "data should be a mapping of keys to values"),
        (6, "  - {file: a.onnx, data: {name: mnist, sise: 3}}", 40, "sise is not a key of models"),
        (7, "data: {name: digit}", 14, "digit is not a data set"),
        (7, "data: {name: digits, size: [4, 4]}", 7, "data.size 4x4 does not suit digits"),
        (8, "devices: [local, pi9]", 18, "pi9 is not a device"),
        (9, "latency: {runtime: tf}", 20, "tf is not a runtime"),
        (9, "latency: {blocks: 2}", 11, "blocks is not a key of latency"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(
    number: int, line: str, column: int, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        load(with_line(number, line))
    assert caught.value.message.startswith(f"suite.yaml:{number}:{column}  {message}")


@pytest.mark.parametrize("text", ["name: a\nmodels: []\ndata: none\n", "name: a\nmodels: x\ndata: none\n"])  # fmt: skip
def test_no_models_are_no_suite(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^suite\.yaml:2:9  models should"):
        load(text)


def test_a_template_and_models_and_neither() -> None:
    for read in (suites.load, suites.load_models):
        Path("suite.yaml").write_text(f"template: mlp-auto\n{TEXT}")
        with pytest.raises(DocumentError, match=r"^suite\.yaml:3:1  a suite has a template or"):
            read("suite.yaml")
        Path("suite.yaml").write_text("name: a\ndata: {name: digits}\n")
        with pytest.raises(DocumentError, match=r"^suite\.yaml:1:1  template is missing, or"):
            read("suite.yaml")


def test_each_kind_names_the_command_of_the_other() -> None:
    with pytest.raises(InputError) as caught:
        suites.load("mlperf-tiny")
    assert caught.value.remedy == "edgebench profile mlperf-tiny"
    with pytest.raises(InputError) as caught:
        suites.load_models("digits")
    assert caught.value.remedy == "edgebench search digits"


def test_options_lie_over_the_suite() -> None:
    def laid(option: str, value: object, *location: str) -> ModelSuite:
        return load(TEXT, Change(location=location, value=value, option=option))

    assert laid("--blocks", 9, "latency", "winner_blocks").blocks == 9
    other = laid("--data", "mnist", "data", "name")
    assert [model.data and model.data.name for model in other.models] == [
        "mnist", "mnist", None, "mnist",
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"^--device  pi9 is not a device"):
        laid("--device", ["pi9"], "devices")
    with pytest.raises(InputError, match=r"^--data  digit is not a data set"):
        laid("--data", "digit", "data", "name")


def test_files_are_found_beside_the_suite_then_here_then_with_the_data(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEBENCH_DATA", str(folder / "data"))
    (folder / "below").mkdir()
    (folder / "below" / "suite.yaml").write_text("name: a\nmodels: [m/a.onnx]\ndata: none\n")
    suite = suites.load_models("below/suite.yaml")
    with pytest.raises(InputError, match=r"^m/a\.onnx does not exist$") as caught:
        suite.paths()
    assert caught.value.why == f"looked for in below, ., {folder / 'data'}"
    for home in (folder / "data", Path(), Path("below")):
        (home / "m").mkdir(parents=True)
        (home / "m" / "a.onnx").touch()
        assert suite.paths() == (home / "m" / "a.onnx",)
    absolute = str(folder / "m" / "a.onnx")
    assert suites.find_model(absolute, Path("below")) == Path(absolute)
