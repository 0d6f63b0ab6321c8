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
from edgebench.errors import WorkError
from edgebench.executors import InlineExecutor
from edgebench.export import ExportedFile
from edgebench.records import (
    DataPlan,
    ExportTarget,
    FileFacts,
    Format,
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
from edgebench.tuning.shipping import ShippedFile, ShippedNetwork, WinnerJob
from edgebench.tuning.winners import Winners

TFLITE, ONNX, KERAS = map(ExportTarget.parse, ("tflite", "onnx", "keras"))
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

    def _export(self, job: WinnerJob) -> ShippedNetwork:
        answers = [np.zeros((1, 10), np.float32)]
        files = tuple(
            ShippedFile(
                target=target,
                file=ExportedFile(path="", sha256=str(target), size_bytes=1),
                facts=FileFacts(),
                outputs=answers if target.format is Format.KERAS else None,
            )
            for target in job.targets
        )
        return ShippedNetwork(files=files, keras_outputs=answers)


class Bench:
    """Tells one number for each file; the devices in ``away`` tell none."""

    def __init__(self, *names: str, away: Sequence[str] = ()) -> None:
        self.names = names
        self.measured: list[tuple[str, str]] = []
        self._away = away

    def infer(self, path: Path, inputs: Floats) -> list[Floats]:
        return [np.zeros((len(inputs[0]), 10), np.float32)]

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


def test_a_keras_file_is_scored_and_measured_nowhere(store: SqliteStore) -> None:
    bench = Bench("local")
    make(store, bench, replace(SUITE, export=(TFLITE, KERAS)))
    assert bench.measured == [("tflite-fp32", "local")]
    kept = {artifact.target: artifact for artifact in store.load("r").artifacts}
    assert kept[KERAS].parity is not None
    assert kept[KERAS].parity.agreement == 1.0
    again = Bench("local")
    assert make(store, again, replace(SUITE, export=(TFLITE, KERAS))) == ()
    assert again.measured == []


def test_a_file_that_fails_takes_no_other_with_it(store: SqliteStore) -> None:
    class Picky(Bench):
        def infer(self, path: Path, inputs: Floats) -> list[Floats]:
            self.asked = getattr(self, "asked", 0) + 1
            if self.asked == 1:
                raise WorkError("it does not run")
            return super().infer(path, inputs)

    bench = Picky("local")
    (note,) = make(store, bench, replace(SUITE, export=(ONNX, TFLITE)))
    assert note == "t001 lacks 1 of its files: onnx-fp32: it does not run"
    assert bench.measured == [("tflite-fp32", "local")]
    assert [artifact.target for artifact in store.load("r").artifacts] == [TFLITE]
    assert make(store, Bench("local"), replace(SUITE, export=(ONNX, TFLITE))) == ()
