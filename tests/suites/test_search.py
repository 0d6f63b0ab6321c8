"""Suites: everything named is looked up, each mistake has its line and column, and the hash compares runs."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydantic import TypeAdapter

from edgebench import suites
from edgebench.datasets import DATASETS
from edgebench.errors import DocumentError, InputError, UnavailableError
from edgebench.records import (
    Constraint,
    DataPlan,
    ExportTarget,
    FidelityPlan,
    Format,
    Goal,
    LatencyPlan,
    Objective,
    OraclePlan,
    Precision,
    Suite,
    TrainingPlan,
)
from edgebench.suites import Change, suite_hash

pytestmark = pytest.mark.usefixtures("keras")

TEXT = """\
name: mini
template: squeezenet-se-auto
template_options: {initializer: he_normal}
hyperparameters:
  optimizer: [adam]
  dropout: {min: 0.0, max: 0.5}
data: {name: digits, size: [16, 16]}
objectives: {val_accuracy: max, latency_ms: {goal: min, weight: 0.1}}
reference: {val_accuracy: 0.5, latency_ms: 20}
constraints: ["param_bytes<=1500000"]
baseline: squeezenet-1.1
oracle: {name: pareto, max_trials: 10}
training: {max_epochs: 5, batch_size: 16, patience: 2}
devices: [local]
latency: {runtime: auto, precision: int8, blocks: 2, block_s: 0.5}
export: [tflite-int8, onnx]
seed: 7
"""
SMALLEST = "name: tiny\ntemplate: squeezenet-1.1\ndata: {name: digits}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that only what comes with edgebench is known by name."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str, *changes: Change) -> Suite:
    Path("suite.yaml").write_text(text, encoding="utf-8")
    return suites.load("suite.yaml", changes)


def with_line(number: int, line: str) -> str:
    lines = TEXT.splitlines()
    lines[number - 1] = line
    return "\n".join(lines) + "\n"


def change(option: str, value: object, *location: str) -> Change:
    return Change(location=location, value=value, option=option)


def test_every_key_arrives() -> None:
    assert load(TEXT) == Suite(
        name="mini",
        template="squeezenet-se-auto",
        template_options={"initializer": "he_normal"},
        hyperparameters={"optimizer": ["adam"], "dropout": {"min": 0.0, "max": 0.5}},
        data=DataPlan(name="digits", size=(16, 16)),
        objectives=(
            Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.5),
            Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0, weight=0.1),
        ),
        constraints=(Constraint(metric="param_bytes", relation="<=", bound=1.5e6),),
        baseline="squeezenet-1.1",
        oracle=OraclePlan(name="pareto", max_trials=10),
        training=TrainingPlan(max_epochs=5, batch_size=16, patience=2),
        devices=("local",),
        latency=LatencyPlan(precision=Precision.INT8, blocks=2, block_s=0.5),
        export=(
            ExportTarget(format=Format.TFLITE, precision=Precision.INT8),
            ExportTarget(format=Format.ONNX, precision=Precision.FP32),
        ),
        seed=7,
    )


def test_three_lines_are_a_suite() -> None:
    suite = load(SMALLEST)
    assert [(o.metric, o.goal) for o in suite.objectives] == [
        ("val_accuracy", Goal.MAX), ("param_bytes", Goal.MIN), ("latency_ms", Goal.MIN),
    ]  # fmt: skip
    assert suite.data == DataPlan(name="digits")
    assert suite.devices == ("local",)
    assert (suite.baseline, suite.constraints, suite.seed) == (None, (), 0)


def test_data_may_be_a_folder_of_images(tmp_path: Path) -> None:
    from PIL import Image

    for label in ("left", "right"):
        (tmp_path / label).mkdir()
        for number in range(10):
            Image.new("RGB", (40, 40), (number, 0, 0)).save(tmp_path / label / f"{number}.png")
    text = with_line(7, f"data: {{name: {tmp_path}, size: [32, 32]}}")
    assert load(text).data == DataPlan(name=str(tmp_path), size=(32, 32))
    (tmp_path / "left" / "notes.txt").touch()
    with pytest.raises(DocumentError, match=r":7:\d+  .*notes\.txt is in a folder of images"):
        load(text)


def test_every_shipped_suite_loads() -> None:
    names = sorted(path.stem for path in suites.shipped_dir().glob("*.yaml"))
    assert suites.DEFAULT_SUITE in names
    for name in names:
        if not suites.is_of_models(name):
            assert suites.load(name).objectives
    digits = suites.load()
    assert (digits.name, digits.template) == ("digits", "squeezenet-se-auto")
    assert digits.data.size == (32, 32)


MISTAKES = [
    (1, "nmae: mini", 1, "nmae is not a key of this document"),
    (1, "name: 7", 7, "name should be a valid string"),
    (2, "template: squeezenett", 11, "squeezenett is not a template"),
    (2, "template: absent_module:Net", 11, "template absent_module:Net cannot be imported"),
    (2, "template: json:JSONDecoder", 11, "json:JSONDecoder is not a template"),
    (2, "template: json:Absent", 11, "Absent is not a class of json"),
    (3, "template_options: {init: he_normal}", 26,
     "init is not an option of squeezenet-se-auto"),
    (3, "template_options: {initializer: nine}", 33, "nine is not a Keras initializer"),
    (3, "template_options: [he_normal]", 19,
     "template_options should be a mapping of keys to values"),
    (5, "  optimiser: [adam]", 14, "optimiser is not a hyperparameter of squeezenet-se-auto"),
    (5, "  learning_rate: [0.1, quick]", 18, "learning_rate cannot be quick"),
    (5, "  learning_rate: []", 18, "learning_rate has no choices left"),
    (5, "  se_2: maybe", 9, "se_2 cannot be maybe"),
    (6, "  dropout: {min: 0.0}", 12, "dropout cannot be {'min': 0.0}"),
    (6, "  dropout: {min: 0.5, max: 0.1}", 12, "dropout cannot be {'min': 0.5, 'max': 0.1}"),
    (7, "data: {name: digit}", 14, "digit is not a data set"),
    (7, "data: {name: digits, size: [4, 4]}", 28, "data.size 4x4 does not suit digits"),
    (7, "data: {name: digits, sample: 0.01}", 7,
     "of 14 examples of digits, 2 would be for validation"),
    (7, "data: {name: digits, sample: 0}", 30, "sample should be greater than 0"),
    (7, "data: {name: digits, validation: 1.0}", 34, "validation should be less than 1"),
    (7, "data: {name: digits, size: [16]}", 28, "size has too few entries"),
    (7, "data: digits", 7, "data should be a mapping of keys to values"),
    (8, "objectives: {accuracy: max}", 14, "accuracy is not a metric"),
    (8, "objectives: {val_accuracy: up}", 28, "goal should be 'max' or 'min'"),
    (8, "objectives: {val_accuracy: {gaol: max}}", 29,
     "gaol is not a key of objectives.val_accuracy"),
    (8, "objectives: {val_accuracy: {goal: max, weight: -1}}", 48,
     "weight should be greater than 0"),
    (8, "objectives: {}", 13, "objectives should have at least 1 item, not 0"),
    (8, "objectives: {peak_rss_bytes: min}", 14, "peak_rss_bytes has no reference"),
    (9, "reference: {val_acuracy: 0.5}", 13, "val_acuracy is not a metric"),
    (9, "reference: {val_accuracy: half}", 27, "val_accuracy should be a valid number"),
    (9, "reference: {latency_ms: .inf}", 25, "latency_ms should be a finite number"),
    (10, 'constraints: ["latency_ms<20"]', 15, "'latency_ms<20' is not a constraint"),
    (10, 'constraints: ["macs<=1", "speed<=20"]', 26, "speed is not a metric"),
    (10, 'constraints: "macs<=1"', 14, "constraints should be a list"),
    (11, "baseline: squeezenet", 11, "squeezenet is not a template"),
    (11, "baseline: absent_module:Net", 11, "template absent_module:Net cannot be imported"),
    (12, "oracle: {name: pareto, max_trials: -1}", 36, "max_trials should be greater than 0"),
    (12, "oracle: {name: pareto, max_trials: 1.5}", 36, "max_trials should be a valid integer"),
    (12, "oracle: {name: hyperbandit}", 16, "hyperbandit is not an oracle"),
    (12, "oracle: {name: 'absent_module:Oracle'}", 16,
     "oracle absent_module:Oracle cannot be imported"),
    (12, "oracle: {name: 'json:JSONDecoder'}", 16, "json:JSONDecoder is not an oracle"),
    (12, "oracle: {name: 'json:Absent'}", 16, "Absent is not a class of json"),
    (12, "oracle: {trials: 3}", 10, "trials is not a key of oracle"),
    (15, "fidelity: {rungs: [2, 9]}", 19, "rungs cannot be 2, 9"),
    (15, "fidelity: {rungs: [4, 2]}", 19, "rungs cannot be 4, 2"),
    (15, "fidelity: {rungs: [2, 2]}", 19, "rungs cannot be 2, 2"),
    (15, "fidelity: {rungs: []}", 19, "rungs should have at least 1 item, not 0"),
    (15, "fidelity: {rungs: [2], factor: 1}", 32, "factor should be greater than or equal to 2"),
    (13, "training: {max_epochs: 0}", 24, "max_epochs should be greater than 0"),
    (14, "devices: [lokal]", 11, "lokal is not a device"),
    (14, "devices: [local, devices/absent.yaml]", 18, "devices/absent.yaml does not exist"),
    (14, "devices: []", 10, "devices should have at least 1 item, not 0"),
    (15, "latency: {runtime: tflit}", 20, "tflit is not a runtime"),
    (15, "latency: {precision: fp8}", 22, "fp8 is not a precision"),
    (15, "latency: {precision: fp16}", 22, "fp16 is not a precision that a search measures"),
    (15, "latency: {block_s: 31}", 20, "block_s should be less than or equal to 30"),
    (16, "export: [tflite-fp32, tflit]", 23, "tflit is not an export format"),
    (16, "export: [tflite-int4]", 10, "int4 is not a precision"),
    (16, "export: [keras-int8]", 10, "keras-int8 is not an export that is built in"),
    (16, "export: [onnx-int16x8]", 10, "onnx-int16x8 is not an export that is built in"),
    (17, "seed: -1", 7, "seed should be greater than or equal to 0"),
    (17, "seed: 2147483648", 7, "seed should be less than 2147483648"),
    (17, "scale: 1.5", 8, "scale should be less than or equal to 1"),
    (17, "objective: fastest", 12, "fastest is not an objective"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "line", "column", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(
    number: int, line: str, column: int, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        load(with_line(number, line))
    error = caught.value
    assert error.message == f"suite.yaml:{number}:{column}  {message}"
    assert error.exit_code == 2
    assert error.why or error.remedy


@pytest.mark.parametrize(
    ("number", "line", "remedy"),
    [
        (2, "template: squeezenet_1.1", "did you mean squeezenet-1.1?"),
        (8, "objectives: {peak_rss_bytes: min}", "add `peak_rss_bytes: NUMBER` under reference"),
    ],
)
def test_a_mistake_tells_what_to_do(number: int, line: str, remedy: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load(with_line(number, line))
    assert caught.value.remedy == remedy


@pytest.mark.parametrize("key", ["name", "data"])
def test_what_every_suite_needs(key: str) -> None:
    lines = [line for line in SMALLEST.splitlines() if not line.startswith(key)]
    with pytest.raises(DocumentError) as caught:
        load("\n".join(lines))
    assert caught.value.message == f"suite.yaml:1:1  {key} is missing"


def test_a_mistake_in_a_device_file_is_told_too(folder: Path) -> None:
    (folder / "pi.yaml").write_text("name: pi\ntransport: {kind: tin}\n")
    with pytest.raises(DocumentError) as caught:
        load(with_line(14, "devices: [./pi.yaml]"))
    assert caught.value.message.startswith("suite.yaml:14:11  pi.yaml:2:19  kind should be")


def test_the_first_of_two_unknown_metrics_is_told_in_every_process(folder: Path) -> None:
    """Names are hashed differently in every process, so a set must not decide."""
    (folder / "suite.yaml").write_text(with_line(9, "reference: {b: 1, a: 2, d: 3, c: 4, e: 5}"))
    code = "from edgebench import suites\nfrom edgebench.errors import InputError\n"
    code += "try: suites.load('suite.yaml')\nexcept InputError as error: print(error)"
    for seed in ("1", "2", "3"):
        told = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
        assert told == "suite.yaml:9:13  b is not a metric\n"


def test_changes_are_laid_over() -> None:
    suite = load(
        TEXT,
        change("--max-trials", 3, "oracle", "max_trials"),
        change("--objective", "weighted", "objective"),
        change("--constraint", ["latency_ms<=9"], "constraints"),
        change("--set", "rmsprop", "hyperparameters", "optimizer"),
        change("--precision", "32", "latency", "precision"),
    )
    assert suite.oracle.max_trials == 3
    assert suite.objective == "weighted"
    assert [str(c) for c in suite.constraints] == ["latency_ms<=9"]
    assert suite.hyperparameters["optimizer"] == "rmsprop"
    assert suite.latency == replace(load(TEXT).latency, precision=Precision.FP32)


@pytest.mark.parametrize("text", [TEXT, SMALLEST])
def test_a_weight_is_laid_over_a_goal_that_stands_alone_or_by_default(text: str) -> None:
    suite = load(text, change("--weight", 0.25, "objectives", "val_accuracy", "weight"))
    before = load(text)
    assert suite.objectives[0] == replace(before.objectives[0], weight=0.25)
    assert suite.objectives[1:] == before.objectives[1:]


def test_data_chosen_in_place_keeps_what_it_can_heed() -> None:
    chosen = change("--data", "mnist", "data", "name")
    text = with_line(7, "data: {name: digits, size: [16, 16], sample: 0.5}")
    assert load(text, chosen).data == DataPlan(name="mnist", size=(16, 16), sample=0.5)
    chosen = change("--data", "cifar10", "data", "name")
    assert load(text, chosen).data == DataPlan(name="cifar10", sample=0.5)
    with pytest.raises(InputError, match=r"data\.size does not suit cifar10"):
        load(with_line(7, "data: {name: cifar10, size: [16, 16]}"))


def test_functions_of_one_s_own_are_hashed_by_what_they_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    hashes = []
    for value in (0, 1, 0):
        (tmp_path / "hashed_data.py").write_text(
            f"def data():\n    return [[[[{value}.0]] * 16] * 16] * 90, [0, 1, 2] * 30\n"
        )
        sys.modules.pop("hashed_data", None)
        importlib.invalidate_caches()
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        suite = load(with_line(7, "data: {name: 'hashed_data:data'}"))
        hashes.append(suite_hash(suite))
    assert hashes[0] == hashes[2] != hashes[1]


def test_folders_of_images_are_hashed_by_what_is_in_them(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / ("cat" if number % 2 else "dog") / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (16, 16), number).save(path)
    suite = load(with_line(7, f"data: {{name: '{tmp_path}'}}"))
    hashes = []
    for shade in (0, 1, 0):
        Image.new("L", (16, 16), shade).save(tmp_path / "dog" / "0.png")
        hashes.append(suite_hash(suite))
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_weight_over_objectives_that_are_none() -> None:
    weight = change("--weight", 0.25, "objectives", "val_accuracy", "weight")
    with pytest.raises(InputError, match="goal is missing"):
        load(with_line(8, "objectives: 3"), weight)


def test_what_is_not_there_keeps_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(plan: DataPlan) -> None:
        raise UnavailableError(f"{plan.name} is not on this machine", remedy="get it")

    monkeypatch.setitem(DATASETS, "far", absent)
    with pytest.raises(InputError, match=r"^suite\.yaml:7:7  far is not") as caught:
        load(with_line(7, "data: {name: far}"))
    assert (caught.value.exit_code, caught.value.remedy) == (3, "get it")


@pytest.mark.parametrize(
    ("option", "value", "location", "message"),
    [
        ("--max-trials", 0, ("oracle", "max_trials"), "max_trials should be greater than 0"),
        ("--device", ["local", "pi9"], ("devices",), "pi9 is not a device"),
        ("--constraint", ["macs"], ("constraints",), "'macs' is not a constraint"),
        ("--set", "quick", ("hyperparameters", "learning_rate"), "learning_rate cannot be quick"),
        ("--set", "x", ("hyperparameters", "lr"), "lr is not a hyperparameter of squeezenet-se-auto"),
        ("--template", "vgg", ("template",), "vgg is not a template"),
        ("--data", "imagenet", ("data", "name"), "imagenet is not a data set"),
        ("--objective", "speed", ("objective",), "speed is not an objective"),
        ("--precision", "fp8", ("latency", "precision"), "fp8 is not a precision"),
        ("--scale", 2.0, ("scale",), "scale should be less than or equal to 1"),
        ("--weight", -0.1, ("objectives", "latency_ms", "weight"), "weight should be greater than 0"),
        ("--weight", 0.1, ("objectives", "macs", "weight"), "macs is not an objective of this suite"),
        ("--weight", 0.1, ("objectives", "speed", "weight"), "speed is not an objective of this suite"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_option_names_the_option(
    option: str, value: object, location: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(TEXT, change(option, value, *location))
    assert caught.value.message == f"{option}  {message}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("scale", "trials", "epochs"), [(1.0, 10, 5), (0.5, 5, 2), (0.1, 1, 1), (0.001, 1, 1)]
)
def test_scale_shrinks_trials_and_epochs_but_not_to_nothing(
    scale: float, trials: int, epochs: int
) -> None:
    suite = load(TEXT, change("--scale", scale, "scale"))
    assert (suite.oracle.max_trials, suite.training.max_epochs) == (trials, epochs)
    assert suite.scale == scale
    assert suite.training.patience == load(TEXT).training.patience


@pytest.mark.parametrize(
    ("rungs", "scale", "kept"),
    [([1, 2], 1.0, (1, 2)), ([2, 5], 1.0, (2,)), ([2, 4], 0.5, (1,)), ([1, 2], 0.2, None)],
)
def test_rungs_are_below_the_last_epoch_and_scaled_with_it(
    rungs: list[int], scale: float, kept: tuple[int, ...] | None
) -> None:
    text = f"{TEXT}fidelity: {{rungs: {rungs}}}\n"
    suite = load(text, change("--scale", scale, "scale"))
    assert suite.fidelity == (FidelityPlan(rungs=kept) if kept else None)


def test_rungs_of_an_option_and_of_no_use() -> None:
    assert load(TEXT, change("--rungs", [2], "fidelity", "rungs")).fidelity == FidelityPlan(
        rungs=(2,)
    )
    with pytest.raises(InputError, match="--rungs  rungs cannot be 2, 9"):
        load(TEXT, change("--rungs", [2, 9], "fidelity", "rungs"))
    with pytest.raises(DocumentError, match="hyperband") as caught:
        load(with_line(12, "oracle: {name: hyperband}") + "fidelity: {rungs: [2]}\n")
    assert (caught.value.line, caught.value.column) == (18, 1)


def test_a_suite_without_rungs_keeps_its_hash() -> None:
    assert suite_hash(load(SMALLEST)) == "310204a38471d07a"
    rungs = change("--rungs", [2], "fidelity", "rungs")
    assert suite_hash(load(SMALLEST, rungs)) != suite_hash(load(SMALLEST))


def test_repeats_are_in_the_hash_above_one_alone() -> None:
    thrice = load(SMALLEST, change("--repeats", 3, "repeats"))
    assert thrice.repeats == 3
    assert suite_hash(thrice) != suite_hash(load(SMALLEST))
    assert suite_hash(load(f"{SMALLEST}\nrepeats: 1\n")) == suite_hash(load(SMALLEST))
    with pytest.raises(InputError, match="--repeats"):
        load(SMALLEST, change("--repeats", 0, "repeats"))


def test_devices_named_twice_are_one() -> None:
    assert load(with_line(14, "devices: [local, local]")).devices == ("local",)


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (12, "oracle: {name: pareto, max_trials: 99}"),
        (14, "devices: [local, local]"),
        (15, "latency: {precision: int8, blocks: 2, block_s: 0.5, winner_blocks: 9}"),
        (16, "export: []"),
        (3, "template_options: {'initializer': \"he_normal\"} # the same"),
    ],
)
def test_what_does_not_change_the_question_keeps_the_hash(number: int, line: str) -> None:
    assert suite_hash(load(with_line(number, line))) == suite_hash(load(TEXT))


def test_further_devices_keep_the_hash_and_another_first_one_does_not() -> None:
    suite = load(TEXT)
    assert suite_hash(replace(suite, devices=("local", "pi4"))) == suite_hash(suite)
    elsewhere = {suite_hash(replace(suite, devices=(name,))) for name in ("local", "pi4", "pi5")}
    assert len(elsewhere) == 3


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, "name: other"),
        (2, "template: squeezenet-auto"),
        (3, "template_options: {initializer: glorot_uniform}"),
        (5, "  optimizer: [adam, rmsprop]"),
        (6, "  dropout: {min: 0.0, max: 0.4}"),
        (7, "data: {name: digits, size: [32, 32]}"),
        (7, "data: {name: digits, size: [16, 16], sample: 0.5}"),
        (8, "objectives: {val_accuracy: max}"),
        (9, "reference: {val_accuracy: 0.6, latency_ms: 20}"),
        (10, "constraints: []"),
        (11, "baseline: squeezenet-1.0"),
        (13, "training: {max_epochs: 6, batch_size: 16, patience: 2}"),
        (15, "latency: {precision: fp32, blocks: 2, block_s: 0.5}"),
        (15, "latency: {precision: int8, blocks: 3, block_s: 0.5}"),
        (17, "seed: 8"),
        (17, "seed: 7\nobjective: weighted"),
        (17, "seed: 7\nscale: 0.5"),
    ],
)
def test_what_changes_the_question_changes_the_hash(number: int, line: str) -> None:
    assert suite_hash(load(with_line(number, line))) != suite_hash(load(TEXT))


def test_a_suite_keeps_its_hash_through_the_store() -> None:
    adapter = TypeAdapter(Suite)
    suite = load(TEXT)
    kept = adapter.validate_json(adapter.dump_json(suite))
    assert kept == suite
    assert suite_hash(kept) == suite_hash(suite)
