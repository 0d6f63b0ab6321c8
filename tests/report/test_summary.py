"""The summary document, against the contract."""

import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgebench.records import Metric, Repeat, RunResult
from edgebench.report import as_json, as_plain, summarise

REPORT_DIR = Path("reports/1121-cedar")
KEYS = {
    "schema_version", "run_id", "suite", "objective", "oracle", "seed", "status", "trials", "epochs_trained", "wall_s",
    "hypervolume", "front", "pick", "baseline", "report",
}  # fmt: skip
METRICS = {
    "val_accuracy", "test_accuracy", "trainable_params", "param_bytes", "macs", "latency_ms",
}  # fmt: skip
MEMBER = {"trial_id", "arch_id", "hyperparameters", "certain", "metrics", "pick", "artifacts"}
ARTIFACT = {
    "format",
    "precision",
    "path",
    "sha256",
    "bytes",
    "accuracy",
    "max_abs_diff",
    "flagged",
    "parity",
    "facts",
    "latency",
}
LATENCY = {"device", "runtime", "p50_ms", "p50_low_ms", "p50_high_ms", "p90_ms", "valid"}


def test_the_keys_are_those_of_the_contract(result: RunResult) -> None:
    summary = summarise(result, report_dir=REPORT_DIR)

    assert set(summary) == KEYS
    assert set(summary["trials"]) == {"completed", "pruned", "infeasible", "failed"}
    assert set(summary["baseline"]) == {"template", "metrics", "artifacts"}
    for member in summary["front"]:
        assert set(member) == MEMBER
        assert set(member["metrics"]) == METRICS
        assert set(member["metrics"]["latency_ms"]) == {
            "value", "low", "high", "device", "runtime", "precision",
        }  # fmt: skip
        for artifact in member["artifacts"]:
            assert set(artifact) == ARTIFACT
            assert all(set(row) == LATENCY for row in artifact["latency"])


def test_a_repeated_accuracy_is_a_mean_with_its_ends(result: RunResult) -> None:
    repeats = tuple(
        Repeat(trial_id="t008", seed=seed, accuracy=accuracy, epochs=8)
        for seed, accuracy in ((1007, 0.970), (2007, 0.968))
    )
    summary = summarise(replace(result, repeats=repeats), report_dir=REPORT_DIR)
    members = {member["trial_id"]: member["metrics"] for member in summary["front"]}
    mean = members["t008"]
    assert set(mean) == METRICS | {"val_accuracy_low", "val_accuracy_high", "val_accuracy_n"}
    assert mean["val_accuracy"] == pytest.approx(0.970)
    reach = 2.920 * 0.002 / 3**0.5
    ends = (mean["val_accuracy_low"], mean["val_accuracy_high"])
    assert ends == pytest.approx((0.970 - reach, 0.970 + reach), abs=1e-5)
    assert mean["val_accuracy_n"] == 3
    assert set(members["t004"]) == METRICS
    assert summary["epochs_trained"] == 51 + 16


def test_the_values_are_those_of_the_records(result: RunResult) -> None:
    summary = summarise(result, report_dir=REPORT_DIR)

    assert summary["schema_version"] == 1
    assert (summary["run_id"], summary["suite"], summary["oracle"]) == (
        "1121-cedar",
        "digits",
        "pareto",
    )
    assert summary["trials"] == {"completed": 5, "pruned": 1, "infeasible": 1, "failed": 1}
    assert summary["epochs_trained"] == 51
    assert summary["pick"] == "t008"
    assert [m["trial_id"] for m in summary["front"] if m["pick"]] == ["t008"]
    assert len(summary["hypervolume"]) == 8
    assert summary["hypervolume"] == sorted(summary["hypervolume"])
    assert summary["report"] == "reports/1121-cedar/index.html"
    metrics = summary["front"][0]["metrics"]
    assert metrics["trainable_params"] == 301_118
    assert metrics["test_accuracy"] == 0.956
    assert summary["front"][2]["metrics"]["test_accuracy"] is None
    assert summary["baseline"]["template"] == "squeezenet-1.1"


def test_latency_is_the_confirmed_one_and_names_where_it_was_measured(result: RunResult) -> None:
    latency = summarise(result, report_dir=REPORT_DIR)["front"][0]["metrics"]["latency_ms"]
    (confirmed,) = result.confirmed["t008"]

    assert (latency["value"], latency["low"], latency["high"]) == (
        confirmed.value, confirmed.low, confirmed.high,
    )  # fmt: skip
    assert (latency["device"], latency["runtime"], latency["precision"]) == (
        "pi5",
        "litert",
        "fp32",
    )


def test_latency_names_the_runtime_of_the_very_measurement(result: RunResult) -> None:
    (onnx,) = [a for a in result.artifacts if a.file_name == "t008-int8.onnx"]
    (measured,) = result.measurements["t008", onnx.sha256]
    changed = replace(result, confirmed={"t008": (measured.as_metric(),)})

    latency = summarise(changed, report_dir=REPORT_DIR)["front"][0]["metrics"]["latency_ms"]

    assert latency["runtime"] == "ort"


def test_artifacts_are_scored_files_at_their_place_in_the_report(result: RunResult) -> None:
    (_, _, _, int8, *_) = summarise(result, report_dir=REPORT_DIR)["front"][0]["artifacts"]

    assert int8["path"] == "reports/1121-cedar/models/t008-int8.tflite"
    assert (int8["format"], int8["precision"]) == ("tflite", "int8")
    (row,) = int8["latency"]
    (measured,) = result.measurements["t008", int8["sha256"]]
    assert row["p50_ms"] == measured.p50_ms
    assert row["p50_low_ms"] <= row["p50_ms"] <= row["p50_high_ms"] <= row["p90_ms"]
    assert row["valid"] is True


def test_the_document_is_strict_json_of_plain_types(result: RunResult) -> None:
    summary = summarise(result, report_dir=REPORT_DIR)

    assert json.loads(as_json(summary)) == summary


def test_odd_values_become_plain_ones(build: SimpleNamespace) -> None:
    class Colour(StrEnum):
        RED = "red"

    odd = {
        "n": np.int64(3),
        "x": np.float32(0.5),
        "inf": float("inf"),
        "c": Colour.RED,
        "p": Path("a/b"),
        1: (1, 2),
    }

    assert json.loads(as_json(odd)) == {
        "n": 3,
        "x": 0.5,
        "inf": None,
        "c": "red",
        "p": "a/b",
        "1": [1, 2],
    }
    assert json.loads(as_json(Metric(name="macs", value=2.0)))["value"] == 2.0


def test_a_run_that_lacks_something_is_summarised(poor_result: RunResult) -> None:
    summary = summarise(poor_result, report_dir=REPORT_DIR)

    assert set(summary) == KEYS
    assert len(summary["hypervolume"]) == sum(summary["trials"].values())
    assert (summary["pick"] is None) == (summary["front"] == [])
    assert json.loads(as_json(summary)) == as_plain(summary)
