from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgebench.devices import Completed, Device, DeviceTimeoutError
from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.testing.devices import DeviceContract


def respond(device: FakeDevice, argv: Sequence[str]) -> Completed:
    if "sleep" in argv[-1]:
        raise DeviceTimeoutError("python3 took longer than 0.3 s")
    return Completed(returncode=3, stdout="said\n", stderr="wept\n")


class TestFakeDevice(DeviceContract):
    @pytest.fixture
    def device(self) -> Device:
        return FakeDevice(respond)


def test_programs_are_remembered() -> None:
    device = FakeDevice(respond)
    device.run(["a", "b"], timeout_s=1.0)
    assert device.ran == [("a", "b")]


def test_simulated_agent_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    device = FakeDevice(simulated_agent(lambda model: 1.0))
    device.files |= {"agent.pyz": b"agent", "m.tflite": b"model"}
    completed = device.run(
        ["python3", "agent.pyz", json.dumps({"kind": "infer", "model": "m.tflite"})], timeout_s=1.0
    )
    assert json.loads(completed.stdout)["error"]["kind"] == "job_invalid"
