"""A run as runs of MLflow, read again by its client from a database of its own."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mlflow", reason="MLflow is an extra: pip install 'edgebench[mlflow]'")

from edgebench.errors import InputError
from edgebench.exchange.mlflow import write_runs
from edgebench.records import RunResult, Status
from edgebench.report import RunView

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mlflow import MlflowClient
    from mlflow.entities import ViewType


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What MLflow stands on warns of MLflow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture
def report_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    (folder / "models").mkdir(parents=True)
    (folder / "index.html").write_text("<html>")
    (folder / "models/t001.md").write_text("# t001")
    (folder / "models/t001-int8.tflite").write_bytes(b"file")
    return folder


def runs(uri: str) -> dict[str, Any]:
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("edgebench example")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ACTIVE_ONLY)
    assert len({run.info.run_name for run in found}) == len(found)
    return {run.info.run_name: run for run in found}


def artifacts(uri: str, run: Any) -> set[str]:
    return {file.path for file in MlflowClient(uri).list_artifacts(run.info.run_id)}


def test_a_search_is_a_run_with_a_run_in_it_for_each_trial(
    uri: str, report_dir: Path, result: RunResult
) -> None:
    parent_id = write_runs(RunView.of(result), report_dir, uri)
    found = runs(uri)
    parent = found.pop("1121-cedar")
    assert parent.info.run_id == parent_id
    assert {run.data.tags["mlflow.parentRunId"] for run in found.values()} == {parent_id}
    assert sorted(found) == ["t001", "t002", "t003", "t004", "t005", "t006"]
    states = [found[name].info.status for name in sorted(found)]
    assert states == ["FINISHED", "FINISHED", "KILLED", "FINISHED", "FAILED", "FINISHED"]
    assert parent.data.params["objectives"] == "val_accuracy max, param_bytes min, latency_ms min"
    assert parent.data.metrics["trials/completed"] == 2.0
    assert parent.data.tags["mlflow.source.git.commit"] == "a" * 40
    assert artifacts(uri, parent) == {"index.html"}

    first = found["t001"]
    assert first.data.params["se_ratio_2"] == "16"
    assert first.data.metrics["latency_ms/pi4"] == 4.5
    assert first.data.metrics["latency_ms_high"] == 2.0
    assert first.data.tags["edgebench.architecture"] == "fire2 3 SE8 | max | 4 5"
    assert (first.info.start_time, first.info.end_time) == (1735787045000, 1735787056000)
    assert artifacts(uri, first) == {"t001.md", "t001-int8.tflite"}
    history = MlflowClient(uri).get_metric_history(first.info.run_id, "epoch/val_accuracy")
    assert sorted((m.step, m.value) for m in history) == [(1, 0.1), (2, 0.2), (3, 1 / 3)]
    assert found["t005"].data.tags["edgebench.reason"] == "out of memory"

    again = write_runs(RunView.of(result), report_dir, uri)
    assert again == parent_id
    assert {name: run.info.run_id for name, run in runs(uri).items() if name != "1121-cedar"} == {
        name: run.info.run_id for name, run in found.items()
    }

    changed = replace(result.trials[2], status=Status.COMPLETED)
    further = replace(result, trials=(*result.trials[:2], changed, *result.trials[3:]))
    moved = write_runs(RunView.of(further), report_dir, uri)
    now = runs(uri)
    assert len(now) == 7
    assert now["1121-cedar"].info.run_id == moved != parent_id
    assert now["t003"].info.run_id != found["t003"].info.run_id
    assert now["t002"].info.run_id == found["t002"].info.run_id
    assert now["t002"].data.tags["mlflow.parentRunId"] == moved


def test_what_mlflow_refuses_is_one_sentence(
    tmp_path: Path, report_dir: Path, result: RunResult
) -> None:
    with pytest.raises(InputError, match="MLflow cannot write to nowhere://") as caught:
        write_runs(RunView.of(result), report_dir, "nowhere://")
    assert "sqlite:///mlflow.db" in caught.value.remedy


def test_a_server_that_is_not_there_is_said_soon(
    result: RunResult, report_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert int(os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]) <= 3
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError, match=r"MLflow cannot write to http://127\.0\.0\.1:9"):
        write_runs(RunView.of(result), report_dir, "http://127.0.0.1:9")
