"""The command line as a user types it: start-up, errors, exit codes, documents.

Most is typed in this process, where the frameworks are loaded once; in one of its own, what asks how a process starts.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Typed = Callable[..., subprocess.CompletedProcess[str]]
SUITE = """\
name: mine
template: squeezenet-auto
data: {name: digits}
training: {max_epochs: 2}
"""


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgebench", *arguments],
        cwd=cwd,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def typed(tmp_path: Path, typed_in: Typed) -> Typed:
    """Type a command in the test's folder, in this process."""
    return functools.partial(typed_in, tmp_path)


def test_help_starts_without_any_framework(tmp_path):
    done = run("--help", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    assert "search" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {
        "tensorflow", "keras", "numpy", "pandas", "pydantic", "optuna", "onnxruntime",
    }  # fmt: skip


@pytest.mark.parametrize(
    "verb",
    [
        "check", "search", "template list", "template show", "profile", "device list",
        "device check", "report", "runs list", "runs show", "doctor",
    ],
)  # fmt: skip
def test_every_verb_has_help(verb, typed):
    done = typed(*verb.split(), "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout


def mistakes():
    yield "misspelt key", SUITE.replace("training", "trianing"), "mine.yaml:4:1", "training"
    yield (
        "misspelt inner key",
        SUITE.replace("max_epochs", "max_epoch"),
        "mine.yaml:4:12",
        "max_epochs",
    )
    yield "unknown template", SUITE.replace("-auto", "-aut0"), "mine.yaml:2:11", "squeezenet-auto"
    yield "unknown data", SUITE.replace("digits", "digitz"), "mine.yaml:3:14", "digits"
    yield "wrong type", SUITE.replace("2}", "two}"), "mine.yaml:4:24", "integer"
    yield "bad metric", SUITE + "objectives: {latancy_ms: min}\n", "mine.yaml:5:14", "latency_ms"
    yield (
        "bad limit",
        SUITE + "constraints: ['latency_ms<20']\n",
        "mine.yaml:5:15",
        "METRIC<=NUMBER",
    )
    yield "bad device", SUITE + "devices: [pi9]\n", "mine.yaml:5:11", "local"
    yield "not YAML", "name: [mine\n", "mine.yaml", "YAML"
    yield "key twice", SUITE + "name: again\n", "mine.yaml:5:1", "twice"
    yield "missing key", SUITE.replace("template: squeezenet-auto\n", ""), "mine.yaml", "template"


@pytest.mark.parametrize(
    ("content", "place", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in mistakes()],
)
@pytest.mark.parametrize("verb", ["check", "search"])
def test_a_wrong_suite_is_one_sentence_with_its_place(
    verb, content, place, expected, typed, tmp_path
):
    (tmp_path / "mine.yaml").write_text(content)
    done = typed(verb, "mine.yaml")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error   {place}")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["search", "nothere.yaml"], 2, "nothere.yaml does not exist"),
        (["search", "dgits"], 2, "did you mean digits?"),
        (["search", "--max-trials", "0"], 2, "--max-trials"),
        (["search", "--objective", "speed"], 2, "--objective"),
        (["search", "--constraint", "latancy_ms<=3"], 2, "latency_ms"),
        (["search", "--template", "resnet"], 2, "--template"),
        (["search", "--time-budget", "soon"], 2, "--time-budget"),
        (["search", "--set", "se_2"], 2, "NAME=VALUE"),
        (["search", "--rungs", "2,four"], 2, "--rungs 2,4"),
        (["search", "--rungs", "4,2"], 2, "--rungs  rungs cannot be 4, 2"),
        (["search", "--oracle", "hyperband", "--rungs", "2"], 2, "hyperband has rungs of its own"),
        (["search", "--oracle", "absent:Oracle"], 2, "--oracle  oracle absent:Oracle cannot be"),
        (["search", "--executor", "cloud"], 2, "local"),
        (["search", "--strategy", "mirored"], 2, "did you mean mirrored?"),
        (["search", "--strategy", "mirrored", "--workers", "2"], 2, "one trial at a time"),
        (["search", "--no-such-option"], 2, "no-such-option"),
        (["search", "--resume", "0101-none"], 2, "holds no runs"),
        (["report", "0101-none"], 2, "holds no runs"),
        (["runs", "list"], 2, "holds no runs"),
        (["profile", "nothere.tflite"], 2, "nothere.tflite does not exist"),
        (["profile", "--device", "pi9", "x.tflite"], 2, "pi9 is not a device"),
        (["device", "check", "pi9"], 2, "pi9 is not a device"),
        (["template", "show", "squeezenet"], 2, "did you mean"),
        (["template", "show", "squeezenet-auto", "--input", "big"], 2, "--input 32,32,3"),
        (["nonsense"], 2, "nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_has_its_exit_code_and_a_sentence(arguments, code, expected, typed):
    done = typed(*arguments)
    assert done.returncode == code
    assert expected in done.stderr
    assert done.stderr.startswith("error   ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("environment", "arguments", "code", "expected"),
    [
        ({"KERAS_BACKEND": "jaxx"}, [], 2, "jaxx is not a Keras backend that trains"),
        ({"KERAS_BACKEND": "jaxx"}, ["--executor", "ray"], 2, "did you mean jax?"),
        ({}, ["--strategy", "mirrored"], 2, "needs several GPUs; found 0"),
    ],
)
def test_where_a_search_cannot_run_is_a_sentence(environment, arguments, code, expected, tmp_path):
    no_gpu = {"CUDA_VISIBLE_DEVICES": "-1"}
    done = run("search", *arguments, "--json", cwd=tmp_path, **no_gpu, **environment)
    assert done.returncode == code
    assert done.stderr.startswith("error   ")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("backend", "arguments", "code", "expected"),
    [
        ("torch", [], 3, "the Keras backend torch cannot be used here"),
        ("jax", ["--strategy", "mirrored"], 2, "--strategy mirrored needs TensorFlow"),
    ],
)
def test_a_backend_that_does_not_fit_is_a_sentence(backend, arguments, code, expected, tmp_path):
    if (importlib.util.find_spec(backend) is None) is not (code == 3):
        pytest.skip(f"whether {backend} is installed decides what is said")
    done = run("search", *arguments, cwd=tmp_path, KERAS_BACKEND=backend)
    assert done.returncode == code
    assert done.stderr.startswith("error   ")
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_adds_the_traceback(tmp_path):
    done = run("--debug", "check", "nothere.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "nothere.yaml does not exist" in done.stderr


@pytest.mark.parametrize("name", ["not_a_model.tflite", "not_a_model.onnx", "model.bin"])
def test_a_damaged_model_is_one_sentence(name, tmp_path, typed):
    (tmp_path / name).write_bytes(b"this is no model" * 10)
    done = typed("profile", name, "--blocks", "1")
    assert done.returncode == 2
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_check_json_resolves_the_embedded_suite(typed):
    done = typed("check", "digits", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["valid"] is True
    assert document["data"]["train"] == 1150
    assert document["resolved"]["oracle"]["max_trials"] == 16
    assert done.stderr == ""


def test_template_show_gives_the_published_count(typed):
    done = typed(
        "template", "show", "squeezenet-se-auto", "--input", "32,32,3", "--classes", "8", "--json",
        "--set", "set1_pairs=2", "--set", "set2_pairs=0", "--set", "se_2=true", "--set", "se_3=true",
        "--set", "se_skip_2=true", "--set", "se_skip_3=true", "--set", "se_ratio_1=8",
        "--set", "se_ratio_2=8", "--set", "se_skip_9=true",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["trainable_params"] == 145_032
    assert document["input"] == [32, 32, 3]
    assert document["classes"] == 8
    assert sum(layer["params"] for layer in document["layers"]) == document["total_params"]
    assert {"name", "version", "hyperparameters", "param_bytes", "macs", "arch_id"} <= set(document)
    assert document["peak_activation_bytes"] > 0
    assert done.stderr == ""


def test_template_list(typed):
    done = typed("template", "list", "--json")
    names = [row["name"] for row in json.loads(done.stdout)["templates"]]
    assert "squeezenet-se-auto" in names
    assert typed("template", "list").stdout.split() == names


def test_device_list_and_check(typed):
    listed = json.loads(typed("device", "list", "--json").stdout)
    assert "local" in {device["name"] for device in listed["devices"]}
    checked = json.loads(typed("device", "check", "local", "--json").stdout)
    assert any(runtime["works"] for runtime in checked["runtimes"])
    assert checked["info"]["cores"] == os.cpu_count()


def test_doctor_looks_at_every_runtime(tmp_path):
    done = run("doctor", "--json", cwd=tmp_path)
    assert done.returncode == 0
    findings = json.loads(done.stdout)["findings"]
    assert all(f.keys() == {"subject", "ok", "found", "remedy"} for f in findings)
    assert {
        "python", "tensorflow", "device local", "local litert", "local keras", "local numpy ABI",
        "local libstdc++", "local glibc", "local SIGILL", "local litert XNNPACK", "local GPU",
        "local ort threads",
    } <= {finding["subject"] for finding in findings}  # fmt: skip


def test_doctor_looks_at_every_device_of_the_folder_and_ends_well(tmp_path, typed):
    (tmp_path / "devices").mkdir()
    for name, python in (("here", sys.executable), ("broken", "/no/such/python")):
        text = f"name: {name}\ntransport: {{kind: local}}\npython: {python}\nruntimes: [ort]\n"
        (tmp_path / "devices" / f"{name}.yaml").write_text(text)
    done = typed("doctor", "--all-devices", "--json")
    assert done.returncode == 0, done.stderr
    found = {f["subject"]: f for f in json.loads(done.stdout)["findings"]}
    assert found["device here"]["ok"]
    assert not found["device broken"]["ok"]
    assert "could not be started" in found["device broken"]["found"]
    assert "device local" not in found
    assert "here litert" not in found, "only the device file's runtimes are tried"


def test_profile_json_has_the_contracts_keys(typed):
    model = Path(__file__).parents[2] / "edgebench" / "profiling" / "assets" / "tiny.onnx"
    done = typed("profile", str(model), "--blocks", "2", "--block-s", "0.2", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["measurements"]
    assert set(row) >= {
        "model", "sha256", "device", "runtime", "runtime_version", "delegate", "threads", "blocks",
        "p50_ms", "p50_low_ms", "p50_high_ms", "p90_ms", "p99_ms", "init_ms", "first_ms",
        "peak_rss_bytes", "valid", "reasons", "environment",
    }  # fmt: skip
    assert row["runtime"] == "ort"
    assert 0 < row["p50_low_ms"] <= row["p50_ms"] <= row["p50_high_ms"]
    assert row["blocks"] in (2, 4)
