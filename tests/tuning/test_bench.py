"""The devices of a search: nothing of the search disturbs a measurement on them."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from edgebench.devices import LocalDevice
from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.errors import InputError, UnavailableError
from edgebench.executors import InlineExecutor
from edgebench.profiling.check import ASSETS
from edgebench.records import LatencyPlan
from edgebench.testing.store import example_run
from edgebench.tuning.bench import Bench
from edgebench.tuning.crew import Crew


class Watching(InlineExecutor):
    def __init__(self):
        self.held = []

    @contextlib.contextmanager
    def measuring(self, device, *, is_local):
        self.held.append((device, is_local))
        yield


def null_suite(**changes):
    plan = LatencyPlan(runtime="null", block_s=0.01, winner_blocks=2)
    return replace(example_run().suite, **{"devices": ("local",), "latency": plan, **changes})


def null_model(tmp_path):
    model = tmp_path / "model.null"
    model.write_text('{"invoke_us": 10}')
    return model


def test_each_measurement_is_undisturbed(tmp_path):
    executor = Watching()
    crew = Crew(trainers=executor, exporters=executor)
    with Bench(null_suite(), crew) as bench:
        (reading,) = bench.measure(null_model(tmp_path), bench.names)
        assert reading.measurement.p50_ms > 0
        assert reading.ratio == pytest.approx(
            reading.measurement.as_metric().value / bench._references["local"].latency_ms()
        )
        assert executor.held == [("local", True)]


def test_a_device_is_called_by_its_name_and_not_by_its_file(tmp_path):
    path = tmp_path / "here.yaml"
    path.write_text("name: somewhere\ntransport: {kind: local}\n")
    executor = InlineExecutor()
    suite = null_suite(devices=(str(path),))
    with Bench(suite, Crew(trainers=executor, exporters=executor)) as bench:
        assert bench.names == ("somewhere",)
        assert bench.describe()[0].name == "somewhere"
        (measured,) = bench.measure_winner([null_model(tmp_path)], "somewhere")
        assert (measured.device, len(measured.blocks)) == ("somewhere", 2)
        assert measured.peak_rss_bytes > 1_000_000


def test_two_devices_of_one_name_are_refused(tmp_path):
    path = tmp_path / "here.yaml"
    path.write_text("name: local\ntransport: {kind: local}\n")
    executor = InlineExecutor()
    with pytest.raises(InputError, match="have one name"):
        Bench(null_suite(devices=("local", str(path))), Crew(trainers=executor, exporters=executor))


def test_a_device_that_gives_nothing_is_told_and_asked_again(tmp_path, monkeypatch):
    executor = InlineExecutor()
    path = tmp_path / "here.yaml"
    path.write_text(
        "name: here\ntransport: {kind: local}\npython: /no/such/python\nbudget: {reconnect_s: 0}\n"
    )
    suite = null_suite(devices=("local", str(path)))
    with Bench(suite, Crew(trainers=executor, exporters=executor)) as bench:
        first, second = bench.measure(null_model(tmp_path), bench.names)
    assert first.measurement is not None
    assert second.measurement is None
    assert "could not be started on here" in second.why


def test_later_reaches_no_device(tmp_path):
    path = tmp_path / "pi.yaml"
    path.write_text("name: pi\ntransport: {kind: ssh, host: nobody.invalid}\n")
    executor = InlineExecutor()
    crew = Crew(trainers=executor, exporters=executor)
    with Bench(null_suite(devices=(str(path),)), crew, later=True) as bench:
        assert [info.name for info in bench.describe()] == ["pi"]
        (reading,) = bench.measure(null_model(tmp_path), bench.names)
    assert (reading.measurement, reading.why) == (None, "to be measured later")


def test_files_are_scored_on_the_first_device_that_gives_outputs(tmp_path, monkeypatch):
    def open_device(document):
        if document.name == "local":
            return LocalDevice(document)
        phone = FakeDevice(simulated_agent(lambda model: 1.0), document)
        phone.python = ""
        return phone

    monkeypatch.setattr("edgebench.tuning.bench.open_device", open_device)
    path = tmp_path / "phone.yaml"
    path.write_text("name: phone\ntransport: {kind: adb}\nbenchmark_model: there\n")
    executor = InlineExecutor()
    crew = Crew(trainers=executor, exporters=executor)
    with pytest.raises(UnavailableError, match="no device of the suite gives outputs"):
        Bench(null_suite(devices=(str(path),)), crew).__enter__()
    with Bench(null_suite(devices=(str(path), "local")), crew) as bench:
        (outputs,) = bench.infer(ASSETS / "tiny.tflite", [np.zeros((2, 8), np.float32)])
    assert outputs.shape == (2, 4)


def test_core_that_a_device_lacks_is_told_before_the_search(tmp_path):
    path = tmp_path / "here.yaml"
    path.write_text("name: here\ntransport: {kind: local}\ncores: [4000]\n")
    executor = InlineExecutor()
    suite = null_suite(devices=(str(path),))
    with (
        Bench(suite, Crew(trainers=executor, exporters=executor)) as bench,
        pytest.raises(InputError, match="here has no core 4000"),
    ):
        bench.describe()


def test_files_are_scored_on_the_next_device_where_the_first_is_lost(tmp_path):
    path = tmp_path / "gone.yaml"
    path.write_text(
        "name: gone\ntransport: {kind: local}\npython: /no/such/python\nbudget: {reconnect_s: 0}\n"
    )
    executor = InlineExecutor()
    latency = LatencyPlan(runtime="auto")
    suite = null_suite(devices=(str(path), "local"), latency=latency)
    with Bench(suite, Crew(trainers=executor, exporters=executor)) as bench:
        (outputs,) = bench.infer(ASSETS / "tiny.tflite", [np.zeros((2, 8), np.float32)])
    assert outputs.shape == (2, 4)
