"""What is looked at on a device before it is trusted with measuring, and what to do about what is found."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgebench.agent.job import MemoryJob, ThreadsJob
from edgebench.devices import Device, upload
from edgebench.errors import DeviceError, EdgebenchError
from edgebench.profiling import benchmark_model
from edgebench.profiling.check import (
    ASSETS,
    CHECK_TIMEOUT_S,
    CHECKED_RUNTIMES,
    DeviceCheck,
    RuntimeCheck,
    check_device,
)
from edgebench.profiling.link import AgentLink
from edgebench.runtimes import DISTRIBUTIONS

BUSY_MODELS = {"litert": "busy.tflite", "tflite": "busy.tflite", "ort": "busy.onnx"}
THREADS = (1, 2)
LEGACY_GLIBC = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
NVIDIA_SMI = ("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``remedy`` says what to do where it is not ``ok``."""

    subject: str
    ok: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCount:
    """How many threads a runtime was asked to use and how many did the work.

    ``worked`` is None where the platform does not tell, or where the run ended with ``problem``.
    """

    runtime: str
    asked: int
    worked: int | None
    problem: str = ""


def look_at(device: Device, runtimes: Sequence[str] = ()) -> list[Finding]:
    """Try everything on an open device; each try is a process of its own.

    Args:
        device: Where to look.
        runtimes: Which to try; where empty those of the device file, else all.

    Raises:
        DeviceError: The device could not be reached or the agent does not start there.
    """
    name = device.document.name
    if benchmark_model.stands_in(device):
        return _of_native(name, check_device(device, (benchmark_model.RUNTIME,)))
    check = check_device(device, runtimes or device.document.runtimes or CHECKED_RUNTIMES)
    counts = [count for each in check.runtimes if each.works for count in _counted(device, each)]
    return [
        *of_machine(name, check),
        *(of_runtime(name, runtime) for runtime in check.runtimes),
        of_instructions(name, check.runtimes),
        *of_libraries(name, check),
        *of_delegates(name, check.runtimes),
        *of_threads(name, counts),
        of_gpu(name, _gpus(device), check.runtimes, _cuda_problem(device, check.runtimes)),
    ]


def of_machine(name: str, check: DeviceCheck) -> list[Finding]:
    """Tell what the device is, and whether its clock is held steady."""
    steady = check.governor in {None, "performance"}
    return [
        Finding(
            subject=f"device {name}",
            ok=True,
            found=f"{check.info.model or check.info.machine}, {check.info.system}",
        ),
        Finding(
            subject=f"{name} governor",
            ok=steady,
            found=check.governor or "not told by this platform",
            remedy="" if steady else "sudo cpupower frequency-set -g performance",
        ),
    ]


def of_runtime(name: str, runtime: RuntimeCheck) -> Finding:
    """Tell whether a runtime ran a tiny model; one that is not installed is no fault."""
    subject = f"{name} {runtime.name}"
    if runtime.run_ms is not None:
        by = f" by {runtime.delegate}" if runtime.delegate else ""
        on = f" on {runtime.accelerator}" if runtime.accelerator else ""
        return Finding(
            subject=subject,
            ok=True,
            found=f"{runtime.version}, null run {runtime.run_ms:.3f} ms{by}{on}",
        )
    return Finding(
        subject=subject,
        ok=False,
        found=str(runtime.problem),
        remedy=f"pip install {DISTRIBUTIONS[runtime.name]} for the device's Python, or use another runtime",
    )


def of_instructions(name: str, runtimes: Sequence[RuntimeCheck]) -> Finding:
    """Tell whether a runtime was ended for an instruction that the processor lacks."""
    ended = [runtime.name for runtime in runtimes if runtime.is_illegal]
    ran = [runtime.name for runtime in runtimes if runtime.works]
    if ended:
        return Finding(
            subject=f"{name} SIGILL",
            ok=False,
            found=f"{_listed(ended)} used an instruction that this processor lacks",
            remedy="install a build for this processor, or choose another runtime",
        )
    found = f"none: {_listed(ran)} ran, each in a process of its own" if ran else "nothing ran"
    return Finding(subject=f"{name} SIGILL", ok=True, found=found)


def of_libraries(name: str, check: DeviceCheck) -> Iterator[Finding]:
    """Tell of NumPy, the C++ library and the C library, against what the runtimes were built for."""
    installed = {runtime.name for runtime in check.runtimes if runtime.wheel_tags}
    too_new = _is_version_2(check.numpy) and "tflite" in installed
    yield Finding(
        subject=f"{name} numpy ABI",
        ok=check.numpy is not None and not too_new,
        found=f"numpy {check.numpy}" if check.numpy else "no numpy",
        remedy="tflite-runtime needs numpy < 2: pip install 'numpy<2'"
        if too_new
        else ("" if check.numpy else "pip install 'numpy<2' for the device's Python"),
    )
    if check.libstdcxx is not None:
        yield Finding(
            subject=f"{name} libstdc++",
            ok=check.libstdcxx,
            found="present" if check.libstdcxx else "missing",
            remedy="" if check.libstdcxx else "sudo apt install libstdc++6",
        )
    if check.glibc is None:
        return
    needed = {
        runtime.name: least
        for runtime in check.runtimes
        if (least := glibc_needed(runtime.wheel_tags)) is not None
    }
    old = [n for n, least in needed.items() if least > _version(check.glibc)]
    wants = ", ".join(f"{n} {major}.{minor}" for n, (major, minor) in needed.items())
    yield Finding(
        subject=f"{name} glibc",
        ok=not old,
        found=f"{check.glibc}; the runtimes need {wants}" if wants else check.glibc,
        remedy=f"{_listed(old)} needs a newer system, or an older build" if old else "",
    )


def of_delegates(name: str, runtimes: Sequence[RuntimeCheck]) -> Iterator[Finding]:
    """Tell whether XNNPACK ran the tiny model, which is float: quantised ones may fare otherwise."""
    for runtime in runtimes:
        if runtime.works and runtime.name in {"litert", "tflite"}:
            active = runtime.delegate == "xnnpack"
            yield Finding(
                subject=f"{name} {runtime.name} XNNPACK",
                ok=active,
                found="active" if active else "not active: the plain kernels ran",
                remedy="" if active else "install a build with XNNPACK, or expect slower runs",
            )


def of_threads(name: str, counts: Sequence[ThreadCount]) -> Iterator[Finding]:
    """Tell for each runtime whether as many threads computed as were asked for."""
    for runtime in dict.fromkeys(count.runtime for count in counts):
        own = [count for count in counts if count.runtime == runtime]
        wrong = any(count.problem or count.worked not in {None, count.asked} for count in own)
        told = [
            count.problem or f"{count.worked} of {count.asked} asked for"
            for count in own
            if count.problem or count.worked is not None
        ]
        yield Finding(
            subject=f"{name} {runtime} threads",
            ok=not wrong,
            found=", ".join(told) or "not told by this platform",
            remedy="measure with one thread, or free more cores" if wrong else "",
        )


def of_gpu(
    name: str, gpus: Sequence[str], runtimes: Sequence[RuntimeCheck], cuda_problem: str | None
) -> Finding:
    """Tell which GPU is there and which runtime ran a model on it; none is fine.

    Args:
        name: The device's.
        gpus: What its driver lists.
        runtimes: What ran; one whose accelerator is not the processor ran on the GPU.
        cuda_problem: Why ort's CUDA provider did not run a model; empty where it did, None where it was not tried.
    """
    users = [r.name for r in runtimes if r.accelerator not in {None, "cpu"}]
    if cuda_problem == "":
        users.append("ort")
    subject = f"{name} GPU"
    if not gpus and not users:
        return Finding(subject=subject, ok=True, found="none, which is fine: all runs on the CPU")
    found = _listed(gpus) or "a GPU"
    if users:
        return Finding(subject=subject, ok=True, found=f"{found}; {_listed(users)} ran on it")
    return Finding(
        subject=subject,
        ok=False,
        found=f"{found}, but no runtime ran on it" + (f": {cuda_problem}" if cuda_problem else ""),
        remedy="pip install onnxruntime-gpu, or a Keras backend built for CUDA: 'jax[cuda12]'",
    )


def glibc_needed(tags: Iterable[str]) -> tuple[int, int] | None:
    """Return the oldest glibc that one of a wheel's tags asks for; None where none names a glibc."""
    found = []
    for tag in tags:
        platform = tag.rpartition("-")[2]
        match = re.match(r"manylinux_(\d+)_(\d+)_", platform)
        if match:
            found.append((int(match.group(1)), int(match.group(2))))
        elif platform.partition("_")[0] in LEGACY_GLIBC:
            found.append(LEGACY_GLIBC[platform.partition("_")[0]])
    return min(found, default=None)


def _of_native(name: str, check: DeviceCheck) -> list[Finding]:
    """Tell of a device that benchmark_model measures: all else that is looked at needs Python there."""
    (runtime,) = check.runtimes
    found = of_runtime(name, runtime)
    if not runtime.works:
        found = dataclasses.replace(
            found, remedy="name a benchmark_model that was built for this device in its file"
        )
    return [*of_machine(name, check), found]


def _counted(device: Device, runtime: RuntimeCheck) -> Iterator[ThreadCount]:
    if runtime.name not in BUSY_MODELS:
        return
    link = AgentLink(device)
    model = upload(device, ASSETS / BUSY_MODELS[runtime.name])
    for threads in THREADS:
        job = ThreadsJob(model=model, runtime=runtime.name, threads=threads)
        worked, problem = None, ""
        try:
            worked = link.ask(job, CHECK_TIMEOUT_S)["worked"]
        except EdgebenchError as error:
            problem = error.message
        yield ThreadCount(runtime=runtime.name, asked=threads, worked=worked, problem=problem)


def _gpus(device: Device) -> list[str]:
    try:
        done = device.run(NVIDIA_SMI, timeout_s=20.0)
    except DeviceError:
        return []
    return [
        line.strip() for line in done.stdout.splitlines() if line.strip() and not done.returncode
    ]


def _cuda_problem(device: Device, runtimes: Sequence[RuntimeCheck]) -> str | None:
    if not any(runtime.name == "ort" and runtime.works for runtime in runtimes):
        return None
    job = MemoryJob(model=upload(device, ASSETS / "tiny.onnx"), runtime="ort", delegate="cuda")
    try:
        AgentLink(device).ask(job, CHECK_TIMEOUT_S)
    except EdgebenchError as error:
        return error.message
    return ""


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def _is_version_2(numpy: str | None) -> bool:
    return numpy is not None and int(numpy.split(".", maxsplit=1)[0]) >= 2


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
