"""The devices of a search: nothing of the search disturbs a measurement on them."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from edgebench.devices import DeviceDocument, LocalDevice, Transport
from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.devices.inventory import LOCAL
from edgebench.errors import UnavailableError
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


def test_each_measurement_is_undisturbed(tmp_path):
    model = tmp_path / "model.null"
    model.write_text('{"invoke_us": 10}')
    plan = LatencyPlan(runtime="null", block_s=0.01, winner_blocks=2)
    suite = replace(example_run().suite, devices=("local",), latency=plan)
    executor = Watching()
    with Bench(suite, Crew(trainers=executor, exporters=executor)) as bench:
        assert bench.measure(model, blocks=1).p50_ms > 0
        assert executor.held == [("local", True)]


def test_files_are_scored_on_the_first_device_that_gives_outputs(monkeypatch):
    phone = FakeDevice(
        simulated_agent(lambda model: 1.0),
        DeviceDocument(name="phone", transport=Transport(kind="adb"), benchmark_model="there"),
    )
    phone.python = ""
    devices = {"phone": phone, "local": LocalDevice(LOCAL)}
    monkeypatch.setattr("edgebench.tuning.bench.open_device", devices.get)
    suite = replace(example_run().suite, devices=("phone",))
    crew = Crew(trainers=InlineExecutor(), exporters=InlineExecutor())
    with pytest.raises(UnavailableError, match="no device of the suite gives outputs"):
        Bench(suite, crew).__enter__()
    with Bench(replace(suite, devices=("phone", "local")), crew) as bench:
        outputs = bench.infer(ASSETS / "tiny.tflite", np.zeros((2, 8), np.float32))
    assert outputs.shape == (2, 4)
    assert phone.ran == []
