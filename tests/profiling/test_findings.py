from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from edgebench.devices import Completed, Device, DeviceDocument, Transport
from edgebench.devices.fake import FakeDevice
from edgebench.errors import DeviceError
from edgebench.profiling import DeviceCheck, RuntimeCheck, look_at
from edgebench.profiling.findings import (
    ThreadCount,
    glibc_needed,
    of_delegates,
    of_gpu,
    of_instructions,
    of_libraries,
    of_machine,
    of_runtime,
    of_threads,
)
from edgebench.records import DeviceInfo


def runtime(name: str, **changes: Any) -> RuntimeCheck:
    facts = {"version": "1.0", "run_ms": 0.1, "problem": None, "accelerator": "cpu"}
    return RuntimeCheck(name=name, **{**facts, **changes})


def check(*runtimes: RuntimeCheck, **changes: Any) -> DeviceCheck:
    facts: dict[str, Any] = {
        "info": DeviceInfo(name="pi4", transport="ssh", machine="aarch64", system="Linux 6.1"),
        "affinity": (0, 1), "governor": None, "frequency_khz": None, "temperature_c": None,
        "load_1m": None, "numpy": "1.26.4", "glibc": "2.36", "libstdcxx": True,
        "agent_version": "1", "agent_sha256": "ab" * 32,
    }  # fmt: skip
    return DeviceCheck(runtimes=runtimes, **{**facts, **changes})


def test_this_machine_is_looked_at_with_real_runs(device: Device) -> None:
    found = {f.subject: f for f in look_at(device, ["litert", "ort"])}
    assert found["local litert"].ok
    assert "by xnnpack on cpu" in found["local litert"].found
    assert found["local litert XNNPACK"].found == "active"
    assert found["local SIGILL"].found.startswith("none: litert and ort ran")
    assert {"local numpy ABI", "local libstdc++", "local glibc", "local GPU"} <= found.keys()
    for name in ("litert", "ort"):
        assert found[f"local {name} threads"].found == "1 of 1 asked for, 2 of 2 asked for"


def test_device_that_cannot_be_reached_is_an_error() -> None:
    def refuse(device: FakeDevice, argv: Sequence[str]) -> Completed:
        raise DeviceError("pi4 does not answer")

    with pytest.raises(DeviceError, match="does not answer"):
        look_at(FakeDevice(refuse))


TIMED = "Initialized session in 12.3ms.\ncount=64 first=900 curr=898 min=897 max=906 avg=899.641 std=1\n"


@pytest.mark.parametrize(("said", "works"), [(TIMED, True), ("not executable", False)])
def test_phone_without_python_is_looked_at_by_its_benchmark_model(
    tmp_path: Path, said: str, works: bool
) -> None:
    program = tmp_path / "benchmark_model"
    program.write_text("")
    document = DeviceDocument(
        name="phone", transport=Transport(kind="adb"), benchmark_model=str(program)
    )
    device = FakeDevice(lambda device, argv: Completed(returncode=0, stdout=said), document)
    device.python = ""
    found = {f.subject: f for f in look_at(device)}
    assert found.keys() == {"device phone", "phone governor", "phone tflite"}
    assert found["phone tflite"].ok is works
    assert works or "benchmark_model" in found["phone tflite"].remedy


def test_clock_that_may_change_says_what_to_do() -> None:
    _, governor = of_machine("pi4", check(governor="ondemand"))
    assert (governor.ok, governor.found) == (False, "ondemand")
    assert "cpupower" in governor.remedy


def test_runtime_that_does_not_run_is_told_with_its_package() -> None:
    missing = runtime("tflite", run_ms=None, problem="the runtime tflite is not installed")
    found = of_runtime("pi4", missing)
    assert not found.ok
    assert "pip install tflite-runtime" in found.remedy


def test_illegal_instruction_is_a_finding_of_its_own() -> None:
    ended = runtime("tflite", run_ms=None, problem="...", is_illegal=True)
    found = of_instructions("pi4", [runtime("ort"), ended])
    assert not found.ok
    assert found.found == "tflite used an instruction that this processor lacks"
    assert of_instructions("pi4", [runtime("ort")]).ok


@pytest.mark.parametrize(
    ("tags", "least"),
    [
        (["cp311-cp311-manylinux2014_x86_64"], (2, 17)),
        (["cp311-cp311-manylinux_2_28_aarch64"], (2, 28)),
        (["cp311-cp311-manylinux_2_34_x86_64", "cp311-cp311-manylinux_2_17_x86_64"], (2, 17)),
        (["py3-none-any"], None),
        (["cp311-cp311-macosx_11_0_arm64"], None),
        ([], None),
    ],
)
def test_oldest_glibc_of_a_wheel(tags: list[str], least: tuple[int, int] | None) -> None:
    assert glibc_needed(tags) == least


def libraries(*runtimes: RuntimeCheck, **changes: Any) -> dict[str, Any]:
    return {f.subject: f for f in of_libraries("pi4", check(*runtimes, **changes))}


def test_system_older_than_a_wheel_is_told() -> None:
    ort = runtime("ort", wheel_tags=("cp311-cp311-manylinux_2_28_aarch64",))
    found = libraries(ort, glibc="2.9")["pi4 glibc"]
    assert (found.ok, found.found) == (False, "2.9; the runtimes need ort 2.28")
    assert libraries(ort, glibc="2.31")["pi4 glibc"].ok
    assert "pi4 glibc" not in libraries(ort, glibc=None)


def test_numpy_2_is_a_fault_only_beside_tflite_runtime() -> None:
    tflite = runtime("tflite", wheel_tags=("cp311-cp311-manylinux2014_aarch64",))
    assert not libraries(tflite, numpy="2.1.0")["pi4 numpy ABI"].ok
    assert libraries(tflite)["pi4 numpy ABI"].ok
    assert libraries(runtime("ort"), numpy="2.1.0")["pi4 numpy ABI"].ok
    assert not libraries(numpy=None)["pi4 numpy ABI"].ok


def test_missing_cpp_library_says_what_to_install() -> None:
    assert "libstdc++6" in libraries(libstdcxx=False)["pi4 libstdc++"].remedy


def test_plain_kernels_are_told() -> None:
    plain, active = (runtime("tflite", delegate=name) for name in ("none", "xnnpack"))
    assert [f.ok for f in of_delegates("pi4", [plain, runtime("ort")])] == [False]
    assert [f.ok for f in of_delegates("pi4", [active])] == [True]


def test_threads_that_did_not_work_are_told() -> None:
    def counts(*worked: int | None) -> list[ThreadCount]:
        return [
            ThreadCount(runtime="ort", asked=n, worked=w)
            for n, w in zip((1, 2), worked, strict=True)
        ]

    (good,) = of_threads("pi4", counts(1, 2))
    (bad,) = of_threads("pi4", counts(1, 1))
    (silent,) = of_threads("pi4", counts(None, None))
    assert (good.ok, bad.ok, silent.ok) == (True, False, True)
    assert bad.found == "1 of 1 asked for, 1 of 2 asked for"
    assert silent.found == "not told by this platform"
    ended = ThreadCount(runtime="ort", asked=2, worked=None, problem="ended by SIGSEGV")
    (broken,) = of_threads("pi4", [ended])
    assert (broken.ok, broken.found) == (False, "ended by SIGSEGV")


def test_gpu_that_no_runtime_uses_is_a_fault_and_none_is_fine() -> None:
    cpu = [runtime("keras"), runtime("ort")]
    assert of_gpu("host", [], cpu, "no CUDAExecutionProvider").ok
    unused = of_gpu("host", ["NVIDIA H200"], cpu, "no CUDAExecutionProvider")
    assert not unused.ok
    assert unused.found == "NVIDIA H200, but no runtime ran on it: no CUDAExecutionProvider"
    assert of_gpu("host", ["NVIDIA H200"], cpu, "").found == "NVIDIA H200; ort ran on it"
    on_gpu = [runtime("keras", accelerator="NVIDIA H200")]
    assert of_gpu("host", ["NVIDIA H200"], on_gpu, None).found == "NVIDIA H200; keras ran on it"
