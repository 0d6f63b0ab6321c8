"""One batch split over several devices makes the update of the whole batch on one; the devices are two halves of a processor."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("on_two_devices.py")


@pytest.fixture(scope="module")
def on_two_devices() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", PROGRAM],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_two_devices_move_the_weights_as_one_does(
    rule: str, on_two_devices: dict[str, Any]
) -> None:
    found = on_two_devices[rule]
    assert found["is_mirrored"]
    assert found["moved"] > 1e-3
    assert found["loss"] < 1e-5
    assert found["weights"] < 1e-5
    assert found["outputs"] < 1e-5
    first, second = found["again"]
    assert first == pytest.approx(second, rel=1e-6)


def test_a_network_that_brings_its_own_loss_is_refused(on_two_devices: dict[str, Any]) -> None:
    assert "cannot train on several GPUs" in on_two_devices["compiled"]["message"]


def test_a_candidate_is_built_for_its_devices_and_goes_on_from_its_checkpoint(
    on_two_devices: dict[str, Any],
) -> None:
    found = on_two_devices["jobs"]
    assert found["two"] < 1e-4
    assert found["parts"] < 1e-6
    assert (found["epochs"], found["note"]) == (1, "")
