from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from edgebench.devices import Completed, Device, DeviceDocument, Transport, open_device
from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.errors import WorkError
from edgebench.profiling import MeasurePlan, Profiler, Reference, check_agreement, profile_all
from edgebench.profiling.agreement import largest_difference
from edgebench.profiling.check import TINY_MODELS
from edgebench.profiling.reference import MODELS as REFERENCES


@pytest.mark.parametrize(
    ("found", "expected", "difference"),
    [
        ([[1.0, 2.0]], [[1.0, 2.5]], 0.5),
        ([[math.nan]], [[math.nan]], 0.0),
        ([[math.inf]], [[math.inf]], 0.0),
        ([[math.nan]], [[1.0]], math.inf),
        ([[math.inf]], [[-math.inf]], math.inf),
        ([[1.0]], [[1.0, 1.0]], math.inf),
        ([[1.0]], [[1.0], [1.0]], math.inf),
        ([[]], [[]], 0.0),
    ],
)
def test_largest_difference(found: list, expected: list, difference: float) -> None:
    assert (
        largest_difference(list(map(np.array, found)), list(map(np.array, expected))) == difference
    )


@pytest.mark.parametrize("model", [TINY_MODELS[0], REFERENCES[0], REFERENCES[1]])
def test_one_device_agrees_with_itself(device: Device, model: Path) -> None:
    plan = MeasurePlan(blocks=1, block_s=0.01)
    profiler = Profiler(device)
    agreement = check_agreement(model, profiler, profiler, plan, profiler.measure(model, plan))
    assert agreement is not None
    assert (agreement.max_abs_diff, agreement.examples) == (0.0, 4)
    assert agreement.holds


def test_two_files_that_differ_do_not_agree(device: Device, tmp_path: Path) -> None:
    """The other side runs another file in the first one's place."""

    class Other(Profiler):
        def infer_drawn(self, model, plan, *, examples):
            return [2.0 * array for array in super().infer_drawn(model, plan, examples=examples)]

    plan = MeasurePlan(blocks=1, block_s=0.01)
    measured = Profiler(device).measure(REFERENCES[0], plan)
    agreement = check_agreement(REFERENCES[0], Other(device), Profiler(device), plan, measured)
    assert agreement is not None
    assert not agreement.holds


def test_runtime_that_is_not_here_leaves_it_open(device: Device) -> None:
    import dataclasses

    plan = MeasurePlan(blocks=1, block_s=0.01)
    measured = Profiler(device).measure(TINY_MODELS[0], plan)
    elsewhere = dataclasses.replace(
        measured, environment=dataclasses.replace(measured.environment, runtime="ort")
    )
    lacking = Profiler(device)
    device.document = device.document.model_copy(update={"runtimes": ("litert",)})
    assert check_agreement(REFERENCES[1], lacking, lacking, plan, elsewhere) is None


def test_measurement_is_kept_where_its_comparison_fails(
    null_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = DeviceDocument(name="board", transport=Transport(kind="ssh", host="board"))
    fake = FakeDevice(simulated_agent(lambda model: 1.0), board)
    monkeypatch.setattr(
        "edgebench.profiling.files.open_device",
        lambda name: fake if name == "board" else open_device(name),
    )
    measured = profile_all([null_model], device="board", blocks=1)
    assert next(measured).p50_ms == pytest.approx(1.0)
    with pytest.raises(WorkError, match="does no infer job"):
        next(measured)


def test_reference_that_does_not_run_fails_no_other_measurement() -> None:
    answer = {"agent": {}, "error": {"kind": "over_budget", "message": "too much memory"}}
    fake = FakeDevice(lambda device, argv: Completed(returncode=1, stdout=json.dumps(answer)))
    assert Reference(Profiler(fake)).latency_ms() is None


def test_sustained_run_may_be_shorter_than_a_window(device: Device, null_model: Path) -> None:
    (window,) = Profiler(device).sustained(null_model, MeasurePlan(runtime="null"), for_s=0.2)
    assert window.invokes > 10


def test_sustained_run_tells_window_after_window(device: Device, null_model: Path) -> None:
    windows = Profiler(device).sustained(null_model, MeasurePlan(runtime="null"), for_s=10.5)
    assert len(windows) == 3
    assert [window.at_s // 5 for window in windows] == [0, 1, 2]
    assert all(window.invokes > 100 and window.median_ns >= 300_000 for window in windows)
