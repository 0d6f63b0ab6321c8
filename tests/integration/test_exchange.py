"""The programs that runs are written for, started for real on what was written, and asked for a run by its name."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgebench.cli.app import run
from edgebench.records import Status
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run, example_trial

RUN = "1121-cedar"
UP_WITHIN_S = 240
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with SqliteStore(tmp_path / ".edgebench") as store:
        store.save_run(example_run(RUN))
        for number in (1, 2):
            store.record_trial(RUN, example_trial(number))
        store.record_trial(RUN, example_trial(3, status=Status.FAILED))
    return tmp_path


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def served(program: str, *words: str) -> Iterator[int]:
    """Start a program of this environment on a free port, wait until it answers, and end it afterwards."""
    port = free_port()
    command = [str(Path(sys.executable).with_name(program)), *words, "--port", str(port)]
    with Path("server.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "DO_NOT_TRACK": "true"},
        )
    try:
        until_s = time.monotonic() + UP_WITHIN_S
        while not is_up(port):
            assert server.poll() is None, Path("server.log").read_text()
            assert time.monotonic() < until_s, Path("server.log").read_text()
            time.sleep(0.5)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=60)


def is_up(port: int) -> bool:
    try:
        return ask(port, "GET", "/")[0] < 500
    except OSError:
        return False


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=UP_WITHIN_S)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def asked(port: int, method: str, path: str, body: Any = None) -> Any:
    status, text = ask(port, method, path, body)
    assert status == 200, text
    return json.loads(text)


def test_optuna_dashboard_shows_the_study_and_its_trials() -> None:
    assert run(["report", RUN, "--format", "optuna", "--out", "optuna.journal"]) == 0
    with served("optuna-dashboard", "optuna.journal", "--host", "127.0.0.1") as port:
        (study,) = asked(port, "GET", "/api/studies")["study_summaries"]
        assert study["study_name"] == RUN
        shown = asked(port, "GET", f"/api/studies/{study['study_id']}?after=0")
    states = [trial["state"] for trial in shown["trials"]]
    assert states == ["Complete", "Complete", "Fail"]
    names = [
        attribute["value"]
        for trial in shown["trials"]
        for attribute in trial["user_attrs"]
        if attribute["key"] == "trial"
    ]
    assert [name.strip('"') for name in names] == ["t001", "t002", "t003"]


def test_mlflow_shows_the_run_and_its_trials() -> None:
    pytest.importorskip("mlflow", reason="MLflow is an extra: pip install 'edgebench[mlflow]'")
    store = "sqlite:///mlflow.db"
    assert run(["report", RUN, "--format", "mlflow", "--out", store]) == 0
    words = ("--backend-store-uri", store, "--host", "127.0.0.1", "--workers", "1")
    with served("mlflow", "server", *words) as port:
        api = "/api/2.0/mlflow"
        name = "experiment_name=edgebench%20example"
        found = asked(port, "GET", f"{api}/experiments/get-by-name?{name}")["experiment"]
        body = {"experiment_ids": [found["experiment_id"]]}
        runs = asked(port, "POST", f"{api}/runs/search", body)["runs"]
    assert sorted(one["info"]["run_name"] for one in runs) == [RUN, "t001", "t002", "t003"]


def test_tensorboard_shows_the_trials_curves_and_hyperparameters() -> None:
    pytest.importorskip(
        "tensorboard", reason="TensorBoard is an extra: pip install 'edgebench[tensorboard]'"
    )
    pytest.importorskip(
        "pkg_resources", reason="TensorBoard 2.19 does not start without it: setuptools<82 has it"
    )
    assert run(["report", RUN, "--format", "tensorboard", "--out", "events"]) == 0
    with served("tensorboard", "--logdir", "events", "--host", "127.0.0.1") as port:
        until_s = time.monotonic() + UP_WITHIN_S
        while len(runs := asked(port, "GET", "/data/runs")) < 4 and time.monotonic() < until_s:
            time.sleep(0.5)
        curves = asked(port, "GET", "/data/plugin/scalars/tags")
        plugin = "/data/plugin/hparams"
        sessions = asked(
            port, "POST", f"{plugin}/session_groups",
            {
                "experimentName": "", "allowedStatuses": ["STATUS_SUCCESS", "STATUS_FAILURE"],
                "colParams": [], "startIndex": 0, "sliceSize": 10,
            },
        )  # fmt: skip
    assert sorted(runs) == [RUN, f"{RUN}/t001", f"{RUN}/t002", f"{RUN}/t003"]
    assert "epoch/val_accuracy" in curves[f"{RUN}/t001"]
    groups = {group["name"]: group["hparams"] for group in sessions["sessionGroups"]}
    assert sorted(groups) == [f"{RUN}/t001", f"{RUN}/t002", f"{RUN}/t003"]
    assert groups[f"{RUN}/t001"]["optimizer"] == "adam"
