from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgebench.agent.machine import Machine
from edgebench.devices import Completed, Device
from edgebench.devices.fake import FakeDevice
from edgebench.errors import DeviceError
from edgebench.profiling import check_device


def test_this_machine_is_told_and_its_runtimes_are_run(device: Device) -> None:
    check = check_device(device, ["litert", "ort"])
    assert check.info.name == "local"
    assert check.info.python == sys.version.split()[0]
    assert (
        check.info.cpu_features
        == device.describe().cpu_features
        == Machine().facts()["cpu_features"]
    )
    assert check.numpy == np.__version__
    assert [(r.name, r.works, r.problem) for r in check.runtimes] == [
        ("litert", True, None),
        ("ort", True, None),
    ]
    assert all(r.version == check.info.runtimes[r.name] for r in check.runtimes)
    assert len(check.agent_sha256) == 64


def test_runtime_that_crashes_spoils_only_its_own_line(device: Device, tmp_path: Path) -> None:
    """All but the crash is the real agent: the fake's files are laid out and run here."""

    def respond(fake: FakeDevice, argv: Sequence[str]) -> Completed:
        if json.loads(argv[-1])["runtimes"] == ["tflite"]:
            return Completed(returncode=-4)
        for remote, content in fake.files.items():
            path = tmp_path / remote
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return device.run([sys.executable, "-I", str(tmp_path / argv[-2]), argv[-1]], 60.0)

    check = check_device(FakeDevice(respond), ["tflite", "null"])
    crashed, untried = check.runtimes
    assert not crashed.works
    assert crashed.problem is not None
    assert "instructions that the processor of fake lacks" in crashed.problem
    assert untried.version == "1"


def test_device_without_a_python_is_told() -> None:
    silent = FakeDevice(lambda device, argv: Completed(returncode=127, stderr="not found"))
    with pytest.raises(DeviceError, match="gave no answer"):
        check_device(silent)
