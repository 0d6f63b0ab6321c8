"""The profiler against the real agent on this machine, and against a fake device where the case must be made."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgebench import stats
from edgebench.agent.job import MeasureJob
from edgebench.agent.limits import exclusive
from edgebench.devices import Budget, Completed, Device, DeviceDocument, LocalDevice, upload
from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.errors import DeviceError, InputError, UnavailableError, UnknownNameError, WorkError
from edgebench.profiling import MeasurePlan, Profiler
from edgebench.profiling.check import ASSETS
from edgebench.profiling.link import AgentLink
from edgebench.runtimes import Op

SHORT = MeasurePlan(blocks=2, block_s=0.05)


def model_file(folder: Path, name: str, latency_ms: float) -> Path:
    path = folder / name
    path.write_text(str(latency_ms))
    return path


def written_latency(model: bytes) -> float:
    return float(model)


def test_each_block_is_a_fresh_process(device: Device, null_model: Path) -> None:
    measurement = Profiler(device).measure(null_model, SHORT)
    assert len(measurement.blocks) == 2
    assert all(len(block.samples_ns) >= 64 for block in measurement.blocks)
    assert measurement.p50_ms >= 0.3
    assert measurement.p50_low_ms <= measurement.p50_ms <= measurement.p50_high_ms
    assert measurement.p90_ms is not None
    assert measurement.valid
    assert measurement.model_sha256 == hashlib.sha256(null_model.read_bytes()).hexdigest()
    assert (measurement.model_name, measurement.device) == ("model.null", "local")
    assert measurement.environment.runtime == "null"
    assert measurement.peak_rss_bytes is None
    assert measurement.environment.agent_sha256


def test_the_two_of_a_pair_take_turns_in_fresh_processes(
    device: Device, null_model: Path, tmp_path: Path
) -> None:
    slower = model_file(tmp_path, "slower.null", 0)
    slower.write_text('{"invoke_us": 900}')
    first, second = Profiler(device).pair(null_model, slower, SHORT)
    assert stats.median(second.block.samples_ns) > 2 * stats.median(first.block.samples_ns)
    assert first.environment.affinity == second.environment.affinity
    assert first.invalid_reasons == second.invalid_reasons == ()
    (own, other) = Profiler(device).pair(slower, slower, dataclasses.replace(SHORT, cores=(0,)))
    assert own.environment.affinity == other.environment.affinity == (0,)
    assert own.model_sha256 == other.model_sha256 == hashlib.sha256(slower.read_bytes()).hexdigest()


def test_memory_comes_from_a_run_of_its_own(device: Device, null_model: Path) -> None:
    plan = MeasurePlan(blocks=1, block_s=0.02, memory=True)
    peak = Profiler(device).measure(null_model, plan).peak_rss_bytes
    assert peak is not None
    assert 5_000_000 < peak < 100_000_000


@pytest.mark.parametrize(
    ("runtime", "package", "asset", "delegate"),
    [
        ("litert", "ai_edge_litert", "tiny.tflite", "xnnpack"),
        ("tflite", "tflite_runtime", "tiny.tflite", "xnnpack"),
        ("ort", "onnxruntime", "tiny.onnx", "CPUExecutionProvider"),
    ],
)
def test_every_runtime_measures_and_infers(
    device: Device, runtime: str, package: str, asset: str, delegate: str
) -> None:
    pytest.importorskip(package)
    profiler = Profiler(device)
    plan = MeasurePlan(runtime=runtime, blocks=1, block_s=0.05)
    measurement = profiler.measure(ASSETS / asset, plan)
    assert measurement.environment.runtime == runtime
    assert measurement.environment.delegate == delegate
    assert measurement.blocks[0].invokes_per_sample > 1
    (outputs,) = profiler.infer(ASSETS / asset, np.zeros((3, 8), np.float32), plan)
    bias = np.maximum(np.linspace(-0.5, 0.5, 4, dtype=np.float32), 0)
    np.testing.assert_allclose(outputs, np.tile(bias, (3, 1)))


def test_operations_come_from_a_run_of_their_own(device: Device, null_model: Path) -> None:
    profiler = Profiler(device)
    (op,) = profiler.per_op(ASSETS / "tiny.tflite", MeasurePlan(runtime="litert"))
    assert op == Op("FULLY_CONNECTED_0", "FULLY_CONNECTED", invokes=1, ns=None, delegated=True)
    assert profiler.per_op(null_model) == ()


def test_infer_leaves_no_results_on_the_device(device: Device, tmp_path: Path) -> None:
    Profiler(device).infer(ASSETS / "tiny.onnx", np.zeros((1, 8), np.float32))
    (inputs,) = (tmp_path / "cache" / "edgebench" / "uploads").glob("*/inputs.npz*")
    assert inputs.name == "inputs.npz"


def test_real_model_is_measured_in_both_precisions(device: Device, mlperf_tiny: Path) -> None:
    files = [mlperf_tiny / "pretrainedResnet.tflite", mlperf_tiny / "pretrainedResnet_quant.tflite"]
    plan = MeasurePlan(runtime="litert", blocks=1, block_s=0.2)
    exact, quantised = Profiler(device).measure_interleaved(files, plan)
    assert 0.01 < quantised.p50_ms < exact.p50_ms * 2 < 1000
    assert exact.environment.delegate == quantised.environment.delegate == "xnnpack"


def test_blocks_of_several_models_run_in_turns_there_and_back(tmp_path: Path) -> None:
    device = FakeDevice(simulated_agent(written_latency))
    files = [model_file(tmp_path, name, ms) for name, ms in (("a.null", 1.0), ("b.null", 2.0))]
    first, second = Profiler(device).measure_interleaved(files, MeasurePlan(blocks=3))
    order = [json.loads(argv[-1])["model"].rpartition("/")[2][0] for argv in device.ran]
    assert "".join(order) == "abbaab"
    assert first.p50_ms == pytest.approx(1.0)
    assert second.p50_ms == pytest.approx(2.0)
    assert len(first.blocks) == len(second.blocks) == 3


def test_all_blocks_share_the_cores_that_the_first_was_given(tmp_path: Path) -> None:
    device = FakeDevice(simulated_agent(written_latency))
    Profiler(device).measure(model_file(tmp_path, "a.null", 1.0), MeasurePlan(blocks=3))
    assert [json.loads(argv[-1])["cores"] for argv in device.ran] == [[], [0], [0]]


def test_device_file_s_cores_budget_and_runtimes_reach_the_agent(
    tmp_path: Path, local_document: DeviceDocument
) -> None:
    document = local_document.model_copy(
        update={"cores": (2, 3), "runtimes": ("ort",), "budget": Budget(peak_rss_mb=1, timeout_s=9)}
    )
    device = FakeDevice(simulated_agent(written_latency), document)
    Profiler(device).measure(model_file(tmp_path, "a.null", 1.0), MeasurePlan(blocks=1))
    job = json.loads(device.ran[0][-1])
    assert (job["cores"], job["allowed"]) == ([2, 3], ["ort"])
    assert (job["limits"]["wall_s"], job["limits"]["peak_rss_bytes"]) == (9, 1024 * 1024)


def test_file_that_is_not_what_was_put_there_is_not_measured(tmp_path: Path) -> None:
    device = FakeDevice(simulated_agent(written_latency, {"model_sha256": "0" * 64}))
    with pytest.raises(DeviceError, match=r"a\.null on fake is not the file that was put there"):
        Profiler(device).measure(model_file(tmp_path, "a.null", 1.0), MeasurePlan(blocks=1))


def unsteady(latencies_ms: Sequence[float]) -> FakeDevice:
    readings = iter(latencies_ms)
    return FakeDevice(simulated_agent(lambda model: next(readings)))


def test_wide_interval_is_measured_once_more_with_twice_the_blocks(tmp_path: Path) -> None:
    device = unsteady([1.0, 1.2, 1.0, 1.01, 1.0, 1.01])
    plan = MeasurePlan(blocks=2, remeasure=True)
    measurement = Profiler(device).measure(model_file(tmp_path, "a.null", 0.0), plan)
    assert len(measurement.blocks) == 4
    assert measurement.p50_high_ms == pytest.approx(1.01)
    assert measurement.reasons == ()


def test_interval_still_wide_is_marked_not_measured_again(tmp_path: Path) -> None:
    device = unsteady([1.0, 1.2] * 3)
    plan = MeasurePlan(blocks=2, remeasure=True)
    measurement = Profiler(device).measure(model_file(tmp_path, "a.null", 0.0), plan)
    assert len(device.ran) == 6
    assert measurement.reasons == ("interval_wide",)
    assert measurement.valid


def test_wide_interval_stands_where_nobody_asked_for_more(tmp_path: Path) -> None:
    device = unsteady([1.0, 1.2])
    Profiler(device).measure(model_file(tmp_path, "a.null", 0.0), MeasurePlan(blocks=2))
    assert len(device.ran) == 2


def test_invalid_block_makes_the_measurement_invalid(tmp_path: Path) -> None:
    device = FakeDevice(simulated_agent(written_latency, {"cooled": False, "warmup_stable": False}))
    measurement = Profiler(device).measure(
        model_file(tmp_path, "a.null", 1.0), MeasurePlan(blocks=2)
    )
    assert not measurement.valid
    assert measurement.reasons == ("too_hot", "warmup_unstable")


def test_the_simulated_agent_answers_as_the_real_one_does(device: Device, null_model: Path) -> None:
    answers = []
    fake = FakeDevice(simulated_agent(lambda model: 1.0))
    for each in (device, fake):
        job = MeasureJob(model=upload(each, null_model), block_s=0.01)
        answers.append(AgentLink(each).ask(job, timeout_s=30.0))
    real, simulated = answers
    assert simulated.keys() == real.keys()
    assert simulated["before"].keys() == real["before"].keys()


@pytest.mark.parametrize(
    ("name", "content", "plan", "error", "message"),
    [
        ("absent.tflite", None, SHORT, InputError, "absent.tflite does not exist"),
        ("m.pkl", b"x", SHORT, InputError, "no runtime reads .pkl files"),
        ("m.onnx", b"x", MeasurePlan(runtime="litert"), InputError, r"litert reads \.tflite files"),
        ("m.tflite", b"not a model", SHORT, InputError, r"m\.tflite cannot be opened"),
        ("m.null", b"{}", MeasurePlan(delegate="gpu"), UnavailableError, "no delegate gpu"),
        ("m.null", b"{}", MeasurePlan(cores=(4000,)), InputError, "core 4000 is not among"),
    ],
)
def test_what_cannot_be_measured_is_told_in_the_user_s_terms(
    device: Device,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    plan: MeasurePlan,
    error: type[Exception],
    message: str,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):
        Profiler(device).measure(tmp_path / name, plan)


def test_inputs_that_do_not_fit_are_an_input_error(device: Device) -> None:
    with pytest.raises(InputError, match=r"an example of shape \(5,\) does not fit"):
        Profiler(device).infer(ASSETS / "tiny.onnx", np.zeros((2, 5), np.float32))


def test_run_over_the_memory_budget_is_a_work_error(
    local_document: DeviceDocument, null_model: Path
) -> None:
    document = local_document.model_copy(update={"budget": Budget(peak_rss_mb=1)})
    with (
        LocalDevice(document) as device,
        pytest.raises(WorkError, match="over the 1048576 allowed"),
    ):
        Profiler(device).measure(null_model, MeasurePlan(blocks=1, block_s=0.01))


@pytest.mark.parametrize(
    "wrong",
    [{"threads": 0}, {"blocks": 0}, {"block_s": 0.0}, {"block_s": 31.0}],
    ids=str,
)
def test_plan_out_of_bounds_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"at least 1|at most 30"):
        MeasurePlan(**wrong)


def test_plan_with_an_unknown_runtime_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        MeasurePlan(runtime="tflight")
    assert caught.value.remedy == "did you mean tflite?"


def test_device_that_runs_another_agent_is_refused(null_model: Path) -> None:
    respond = simulated_agent(lambda model: 1.0)

    def swap(device: FakeDevice, argv: Sequence[str]) -> Completed:
        device.files[argv[-2]] = b"another agent"
        return respond(device, argv)

    with pytest.raises(UnavailableError, match="not the one that was put there"):
        Profiler(FakeDevice(swap)).block(null_model)


def test_no_two_agents_work_on_a_device_at_once(
    device: Device, null_model: Path, tmp_path: Path
) -> None:
    plan = MeasurePlan(blocks=1, block_s=0.01, lock_wait_s=0.1)
    lock = str(tmp_path / "cache" / "edgebench" / "agent.lock")
    with exclusive(lock, 0.0), pytest.raises(UnavailableError, match="still running"):
        Profiler(device).measure(null_model, plan)
    assert Profiler(device).measure(null_model, plan).valid
