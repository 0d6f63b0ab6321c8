"""Which files of a run's winners are measured where; devices and exports may be added to a run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgebench.datasets import DatasetSpec, Floats, Part
from edgebench.devices import LinkLostError
from edgebench.executors import InlineExecutor
from edgebench.export import ExportedFile
from edgebench.records import (
    DataPlan,
    ExportTarget,
    Goal,
    Measurement,
    Metric,
    Objective,
    Run,
    Status,
    Suite,
    Trial,
)
from edgebench.store import SqliteStore
from edgebench.testing.store import example_measurement
from edgebench.tuning.observer import SilentObserver
from edgebench.tuning.runs import Stop
from edgebench.tuning.winners import ExportedWinner, WinnerJob, Winners

TFLITE, ONNX = ExportTarget.parse("tflite"), ExportTarget.parse("onnx")
SUITE = Suite(
    name="s",
    template="mlp-auto",
    data=DataPlan(name="digits"),
    objectives=(Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),),
    export=(TFLITE,),
)
SPEC = DatasetSpec(
    name="digits", task="classification", input_shapes=((8, 8, 1),), classes=10,
    labels=tuple("0123456789"), normalisation="none", source="test",
)  # fmt: skip
HELDOUT = Part(x=np.zeros((1, 8, 8, 1), np.float32), y=np.zeros(1, np.int64))
DATASET = SimpleNamespace(spec=SPEC, test=lambda: HELDOUT)


class Exporter(InlineExecutor):
    """Names each file after its target, and writes none."""

    def submit(self, fn, job: WinnerJob, *, near: str = "") -> Future:
        del fn, near
        return super().submit(self._export, job)

    def _export(self, job: WinnerJob) -> ExportedWinner:
        files = tuple((t, ExportedFile(path="", sha256=str(t), size_bytes=1)) for t in job.targets)
        return ExportedWinner(files=files, keras_outputs=np.zeros((1, 10), np.float32))


class Bench:
    """Tells one number for each file; the devices in ``away`` tell none."""

    def __init__(self, *names: str, away: Sequence[str] = ()) -> None:
        self.names = names
        self.measured: list[tuple[str, str]] = []
        self._away = away

    def infer(self, path: Path, inputs: Floats) -> Floats:
        return np.zeros((len(inputs), 10), np.float32)

    def measure_winner(self, paths: Sequence[Path], name: str) -> list[Measurement]:
        if name in self._away:
            raise LinkLostError(f"the connection to {name} failed")
        self.measured += [(path.stem, name) for path in paths]
        return [
            replace(example_measurement(), model_sha256=path.stem, device=name) for path in paths
        ]


@pytest.fixture
def store(tmp_path: Path):
    with SqliteStore(tmp_path) as opened:
        opened.save_run(Run(run_id="r", suite=SUITE, suite_hash="h"))
        metrics = (Metric(name="val_accuracy", value=0.9, n=287),)
        opened.record_trial(
            "r",
            Trial(trial_id="t001", status=Status.COMPLETED, hyperparameters={}, metrics=metrics),
        )
        yield opened


def make(store: SqliteStore, bench: Bench, suite: Suite = SUITE) -> tuple[str, ...]:
    run = Run(run_id="r", suite=suite, suite_hash="h")
    winners = Winners(run, store, Exporter(), bench, SilentObserver(), Stop())
    while winners.make(DATASET):
        pass
    return winners.notes


def test_device_that_was_away_measures_alone_the_next_time(store: SqliteStore) -> None:
    (note,) = make(store, Bench("local", "pi4", away=["pi4"]))
    assert note.startswith("t001 was not measured on pi4: the connection to pi4 failed")
    back = Bench("local", "pi4")
    assert make(store, back) == ()
    assert back.measured == [("tflite-fp32", "pi4")]
    idle = Bench("local", "pi4")
    make(store, idle)
    assert idle.measured == []


def test_file_that_was_added_is_measured_too(store: SqliteStore) -> None:
    make(store, Bench("local"))
    bench = Bench("local")
    make(store, bench, replace(SUITE, export=(TFLITE, ONNX)))
    assert ("onnx-fp32", "local") in bench.measured


def test_file_that_is_no_longer_asked_for_is_not_waited_for(store: SqliteStore) -> None:
    make(store, Bench("local"), replace(SUITE, export=(TFLITE, ONNX)))
    bench = Bench("local", "pi4")
    make(store, bench)
    assert bench.measured == [("tflite-fp32", "pi4")]
