from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from edgebench.agent.job import DescribeJob, Limits, MeasureJob
from edgebench.devices import Completed, Device, DeviceDocument, DeviceTimeoutError, LocalDevice
from edgebench.devices.fake import FakeDevice
from edgebench.errors import DeviceError, EdgebenchError, InputError, UnavailableError, WorkError
from edgebench.profiling.link import AgentLink


def ask_of(completed: Completed) -> None:
    AgentLink(FakeDevice(lambda device, argv: completed)).ask(DescribeJob(), timeout_s=1.0)


@pytest.mark.parametrize(
    ("kind", "error", "exit_code"),
    [
        ("model_missing", InputError, 2),
        ("model_rejected", InputError, 2),
        ("runtime_missing", UnavailableError, 3),
        ("delegate_missing", UnavailableError, 3),
        ("device_busy", UnavailableError, 3),
        ("over_budget", WorkError, 5),
        ("invoke_failed", WorkError, 5),
        ("a_kind_of_the_future", WorkError, 5),
    ],
)
def test_agent_s_errors_in_the_user_s_terms(
    kind: str, error: type[EdgebenchError], exit_code: int
) -> None:
    stdout = json.dumps({"agent": {}, "error": {"kind": kind, "message": "what happened"}})
    with pytest.raises(error, match="what happened") as caught:
        ask_of(Completed(returncode=1, stdout=stdout))
    assert caught.value.exit_code == exit_code


@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (signal.SIGILL, UnavailableError, "instructions that the processor of fake lacks"),
        (signal.SIGALRM, DeviceTimeoutError, "took longer than 1 s"),
        (signal.SIGKILL, DeviceError, "ended by SIGKILL"),
        (signal.SIGTERM, DeviceError, "ended by SIGTERM"),
        (signal.SIGSEGV, WorkError, "ended by SIGSEGV"),
    ],
)
def test_signal_that_ended_the_agent_is_told(
    number: int, error: type[EdgebenchError], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask_of(Completed(returncode=-number))


@pytest.mark.parametrize("stdout", ["", "Segmentation", "[1]", "{}"])
def test_no_answer_is_a_device_error_with_the_last_words(stdout: str) -> None:
    with pytest.raises(DeviceError, match=r"gave no answer \(exit 1\)") as caught:
        ask_of(Completed(returncode=1, stdout=stdout, stderr="SyntaxError: invalid syntax"))
    assert "SyntaxError" in caught.value.why


def test_agent_past_its_time_ends_itself(device: Device, null_model: Path) -> None:
    null_model.write_text('{"invoke_us": 3000000}')
    device.push(null_model, "slow.null")
    job = MeasureJob(model="slow.null", block_s=0.1, limits=Limits(wall_s=0.5))
    with pytest.raises(DeviceTimeoutError, match=r"longer than 0\.5 s"):
        AgentLink(device).ask(job, timeout_s=0.5)


def test_runtime_that_its_user_alone_installed_is_found(
    local_document: DeviceDocument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    package = tmp_path / ".local" / "lib" / version / "site-packages" / "onnxruntime"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('it was found')")
    monkeypatch.setenv("HOME", str(tmp_path))
    base = {"python": sys._base_executable}
    with LocalDevice(local_document.model_copy(update=base)) as device:
        answer = AgentLink(device).ask(DescribeJob(runtimes=("ort",)), timeout_s=30.0)
    assert "it was found" in answer["runtimes"]["ort"]["message"]


def test_device_file_s_variables_reach_the_agent(local_document: DeviceDocument) -> None:
    """The runtime keras takes its backend from such a variable, and refuses one that it cannot time."""
    document = local_document.model_copy(update={"environment": {"KERAS_BACKEND": "numpy"}})
    with LocalDevice(document) as device:
        found = AgentLink(device).ask(DescribeJob(runtimes=("keras",)), timeout_s=60.0)
    assert "its backend numpy is not one of" in found["runtimes"]["keras"]["message"]


def test_interpreter_that_is_not_there_is_a_device_error(local_document: DeviceDocument) -> None:
    document = local_document.model_copy(update={"python": "/no/such/python"})
    with LocalDevice(document) as device, pytest.raises(DeviceError, match="could not be started"):
        AgentLink(device).ask(DescribeJob(), timeout_s=1.0)
