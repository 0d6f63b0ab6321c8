"""Measuring through a real adb: with the agent, and with benchmark_model where there is no Python."""

from __future__ import annotations

import hashlib
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from adb_daemon import AdbDaemon

from edgebench.devices import AdbDevice, Budget, Cooling, DeviceDocument, Transport
from edgebench.errors import InputError, UnavailableError, WorkError
from edgebench.profiling import MeasurePlan, Profiler, check_device
from edgebench.profiling.check import ASSETS

SHORT = MeasurePlan(blocks=2, block_s=0.05)
SAID = """\
INFO: STARTING!
INFO: XNNPACK delegate created.
INFO: Explicitly applied XNNPACK delegate, and the model graph will be completely executed by the delegate w/ 1 delegate kernels.
INFO: Initialized session in 12.3ms.
INFO: count=10 first=905 curr=901 min=899 max=905 avg=902.5 std=2
INFO: count=64 first=900 curr=898 min=897 max=906 avg=899.641 std=1
INFO: Inference timings in us: Init: 12300, First inference: 905, Warmup (avg): 902.5, Inference (avg): 899.641
INFO: Overall peak memory footprint (MB) via periodic monitoring: 12.5
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def program(tmp_path: Path):
    """Write a program in the place of benchmark_model, which keeps its arguments and says what it is given to say."""

    def program(end: str = "exit 0") -> str:
        path = tmp_path / "benchmark_model"
        path.write_text(
            '#!/bin/sh\nfor argument; do echo "$argument"; done >arguments\n'
            f"cat <<'END'\n{SAID}END\n{end}\n"
        )
        return str(path)

    return program


def test_agent_measures_and_infers_through_adb(
    phone: AdbDaemon, open_phone, tmp_path: Path
) -> None:
    (tmp_path / "model.null").write_text('{"invoke_us": 300}')
    with open_phone(phone) as device:
        profiler = Profiler(device)
        measurement = profiler.measure(tmp_path / "model.null", SHORT)
        (outputs,) = profiler.infer(ASSETS / "tiny.tflite", np.zeros((3, 8), np.float32))
    assert (measurement.device, measurement.valid) == ("phone", True)
    assert measurement.p50_ms >= 0.3
    assert all(len(block.samples_ns) >= 64 for block in measurement.blocks)
    bias = np.maximum(np.linspace(-0.5, 0.5, 4, dtype=np.float32), 0)
    np.testing.assert_allclose(outputs, np.tile(bias, (3, 1)))


def test_block_that_a_lost_connection_broke_is_measured_again(
    phone: AdbDaemon, open_phone, tmp_path: Path
) -> None:
    (tmp_path / "model.null").write_text('{"invoke_us": 300}')
    said = []

    def plug_in_again(sentence: str) -> None:
        said.append(sentence)
        for verb in ("disconnect", "connect"):
            subprocess.run(["adb", verb, phone.serial], capture_output=True, check=True)

    with open_phone(phone, budget=Budget(reconnect_s=30.0)) as device:
        profiler = Profiler(device, plug_in_again)
        profiler.block(tmp_path / "model.null", SHORT)
        threading.Timer(0.7, phone.drop).start()
        block = profiler.block(tmp_path / "model.null", MeasurePlan(block_s=1.0))
    assert len(block.block.samples_ns) >= 64
    assert said


def test_board_is_measured_with_tflite_through_adb(android_board: tuple[AdbDaemon, str]) -> None:
    daemon, folder = android_board
    document = DeviceDocument(
        name="board", transport=Transport(kind="adb", serial=daemon.serial), work_dir=folder
    )
    plan = MeasurePlan(runtime="tflite", blocks=1, block_s=0.05)
    with AdbDevice(document) as device:
        assert device.describe().machine == "aarch64"
        assert device.run(["sh", "-c", "kill -9 $$"], timeout_s=30.0).returncode == -9
        measurement = Profiler(device).measure(ASSETS / "tiny.tflite", plan)
        pair = Profiler(device).pair(ASSETS / "tiny.tflite", ASSETS / "tiny.tflite", plan)
    assert {block.environment.runtime for block in pair} == {"tflite"}
    assert pair[0].invalid_reasons == pair[1].invalid_reasons == ()
    assert measurement.environment.runtime == "tflite"
    assert measurement.valid
    assert measurement.p50_ms > 0


def test_phone_without_python_is_measured_by_benchmark_model(
    bare_phone: AdbDaemon, open_phone, program, tmp_path: Path
) -> None:
    model = ASSETS / "tiny.tflite"
    with open_phone(bare_phone, benchmark_model=program(), cores=(0,)) as device:
        measurement = Profiler(device).measure(model, MeasurePlan(blocks=2, block_s=0.5))
    environment = measurement.environment
    assert [block.samples_ns for block in measurement.blocks] == [(pytest.approx(899_641.0),)] * 2
    assert measurement.blocks[0].invokes_per_sample == 64
    assert measurement.blocks[0].warmup_invokes == 10
    assert (measurement.blocks[0].init_ns, measurement.blocks[0].first_ns) == (12_300_000, 905_000)
    assert (environment.runtime, environment.runtime_version) == ("tflite", "benchmark_model")
    assert (environment.delegate, environment.threads) == ("xnnpack", 1)
    assert environment.affinity == (0,)
    assert (environment.governor, environment.temperature_c) == (None, None)
    binary = (tmp_path / "benchmark_model").read_bytes()
    assert environment.agent_sha256 == hashlib.sha256(binary).hexdigest()
    assert measurement.model_sha256 == hashlib.sha256(model.read_bytes()).hexdigest()
    assert measurement.valid
    assert measurement.p90_ms is None
    arguments = dict(
        line.split("=") for line in (tmp_path / "work" / "arguments").read_text().splitlines()
    )
    graph = tmp_path / "work" / arguments.pop("--graph")
    assert graph.read_bytes() == model.read_bytes()
    assert arguments == {
        "--num_threads": "1",
        "--use_xnnpack": "true",
        "--warmup_runs": "10",
        "--warmup_min_secs": "0.5",
        "--num_runs": "64",
        "--min_secs": "0.5",
        "--max_secs": "30",
    }


def test_memory_comes_from_benchmark_model_s_own_watch(
    bare_phone: AdbDaemon, open_phone, program, tmp_path: Path
) -> None:
    with open_phone(bare_phone, benchmark_model=program()) as device:
        peak = Profiler(device).peak_rss_bytes(ASSETS / "tiny.tflite")
    assert peak == 12.5 * 1024 * 1024
    arguments = (tmp_path / "work" / "arguments").read_text().split()
    assert "--report_peak_memory_footprint=true" in arguments


def test_other_delegate_than_asked_makes_the_block_invalid(
    bare_phone: AdbDaemon, open_phone, program
) -> None:
    plan = MeasurePlan(blocks=1, delegate="none")
    with open_phone(bare_phone, benchmark_model=program()) as device:
        measurement = Profiler(device).measure(ASSETS / "tiny.tflite", plan)
    assert measurement.invalid_reasons == ("wrong_delegate",)


def test_phone_without_python_gives_no_outputs(bare_phone: AdbDaemon, open_phone, program) -> None:
    with (
        open_phone(bare_phone, benchmark_model=program()) as device,
        pytest.raises(UnavailableError, match="phone cannot give outputs"),
    ):
        Profiler(device).infer(ASSETS / "tiny.tflite", np.zeros((1, 8), np.float32))


def test_check_tells_benchmark_model_as_the_runtime_that_it_is(
    bare_phone: AdbDaemon, open_phone, program
) -> None:
    with open_phone(bare_phone, benchmark_model=program()) as device:
        check = check_device(device, ["litert", "tflite", "ort"])
    assert [(each.name, each.works) for each in check.runtimes] == [
        ("litert", False),
        ("tflite", True),
        ("ort", False),
    ]
    assert check.runtimes[1].run_ms == pytest.approx(0.899641)
    assert "phone has no litert" in str(check.runtimes[0].problem)
    assert check.info.runtimes == {"tflite": "benchmark_model"}
    assert (check.agent_version, check.info.transport) == ("benchmark_model", "adb")


def test_phone_with_neither_is_told_both_ways_out(bare_phone: AdbDaemon, open_phone) -> None:
    with open_phone(bare_phone) as device:
        for use in (Profiler, check_device):
            with pytest.raises(UnavailableError, match="phone has no Python") as caught:
                use(device)
            assert "python:" in caught.value.remedy
            assert "benchmark_model:" in caught.value.remedy


@pytest.mark.parametrize(
    ("model", "document", "plan", "error", "message"),
    [
        ("tiny.onnx", {}, {}, InputError, r"reads \.tflite files, not tiny\.onnx"),
        ("absent.tflite", {}, {}, InputError, r"absent\.tflite does not exist"),
        ("tiny.tflite", {"benchmark_model": "/absent"}, {}, InputError, "/absent does not exist"),
        ("tiny.tflite", {}, {"runtime": "litert"}, UnavailableError, "phone has no litert"),
        ("tiny.tflite", {"runtimes": ("ort",)}, {}, UnavailableError, "phone has no ort"),
        ("tiny.tflite", {}, {"delegate": "gpu"}, UnavailableError, "no delegate gpu"),
        ("tiny.tflite", {}, {"cores": (4000,)}, InputError, r"cannot be pinned to cores \[4000\]"),
        ("tiny.tflite", {"cooling": Cooling(max_start_c=40)}, {}, InputError, "cooling"),
        ("tiny.tflite", {"budget": Budget(peak_rss_mb=1)}, {}, InputError, "peak_rss_mb"),
    ],
)
def test_what_benchmark_model_cannot_do_is_told(
    bare_phone: AdbDaemon, open_phone, program, model, document, plan, error, message
) -> None:
    with (
        open_phone(bare_phone, **{"benchmark_model": program(), **document}) as device,
        pytest.raises(error, match=message),
    ):
        Profiler(device).measure(ASSETS / model, MeasurePlan(blocks=1, **plan))


@pytest.mark.parametrize(
    ("end", "message", "why"),
    [
        ("echo 'Failed to mmap model' >&2; exit 1", "does not run", "Failed to mmap model"),
        ("kill -9 $$", "was ended by SIGKILL", ""),
    ],
)
def test_run_that_fails_is_a_work_error(
    bare_phone: AdbDaemon, open_phone, program, end: str, message: str, why: str
) -> None:
    with (
        open_phone(bare_phone, benchmark_model=program(end)) as device,
        pytest.raises(WorkError, match=message) as caught,
    ):
        Profiler(device).block(ASSETS / "tiny.tflite")
    assert caught.value.why == why
