"""A run as event files, read again by TensorBoard's own reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip(
    "tensorboard", reason="TensorBoard is an extra: pip install 'edgebench[tensorboard]'"
)
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from edgebench.exchange.tensorboard import write_events
from edgebench.records import RunResult
from edgebench.report import RunView

RUN = "1121-cedar"


@pytest.fixture
def logdir(tmp_path: Path, result: RunResult) -> Path:
    write_events(RunView.of(result), tmp_path)
    return tmp_path


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder)).Reload()


def hparams(folder: Path) -> dict[str, Any]:
    told = read(folder).summary_metadata
    return {
        tag: metadata.parse_experiment_plugin_data(data.plugin_data.content)
        if tag == metadata.EXPERIMENT_TAG
        else data.plugin_data.content
        for tag, data in told.items()
        if data.plugin_data.plugin_name == metadata.PLUGIN_NAME
    }


def test_each_trial_has_a_folder_with_its_curve_and_its_numbers(logdir: Path) -> None:
    folders = sorted(path.name for path in (logdir / RUN).iterdir() if path.is_dir())
    assert folders == ["t001", "t002", "t003", "t004", "t005", "t006"]
    found = read(logdir / RUN / "t001")
    curve = found.Scalars("epoch/val_accuracy")
    assert [(event.step, round(event.value, 6)) for event in curve] == [
        (1, 0.1), (2, 0.2), (3, 0.333333),
    ]  # fmt: skip
    (latency,) = found.Scalars("latency_ms@pi4")
    assert (latency.step, latency.value) == (3, 4.5)
    assert latency.wall_time == 1735787056.0
    assert "epoch/val_accuracy" not in read(logdir / RUN / "t004").Tags()["scalars"]


def test_the_hparams_tab_knows_what_was_searched_and_the_objectives_first(logdir: Path) -> None:
    experiment = hparams(logdir / RUN)[metadata.EXPERIMENT_TAG]
    assert [info.name.tag for info in experiment.metric_infos][:3] == [
        "val_accuracy", "param_bytes", "latency_ms",
    ]  # fmt: skip
    known = {info.name: info for info in experiment.hparam_infos}
    assert known.keys() == {"optimizer", "learning_rate", "dropout", "se_2", "se_ratio_2"}
    assert known["dropout"].domain_interval.max_value == 0.5
    assert [value.string_value for value in known["optimizer"].domain_discrete.values] == [
        "adam",
        "sgd",
    ]


@pytest.mark.parametrize(("trial", "status"), [("t001", "SUCCESS"), ("t005", "FAILURE")])
def test_a_trial_is_a_session_of_its_own(logdir: Path, trial: str, status: str) -> None:
    told = hparams(logdir / RUN / trial)
    start = metadata.parse_session_start_info_plugin_data(told[metadata.SESSION_START_INFO_TAG])
    end = metadata.parse_session_end_info_plugin_data(told[metadata.SESSION_END_INFO_TAG])
    assert start.group_name == f"{RUN}/{trial}"
    assert start.hparams["se_2"].bool_value is True
    assert start.hparams["learning_rate"].number_value == 0.001
    assert f"STATUS_{status}" in str(end)


def test_writing_again_doubles_nothing(logdir: Path, result: RunResult) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in logdir.rglob("*") if path.is_file()}

    before = files()
    write_events(RunView.of(result), logdir)
    assert files() == before
    assert len(before) == 7


def test_tensorflow_is_not_imported() -> None:
    code = "import edgebench.exchange.tensorboard, sys; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
