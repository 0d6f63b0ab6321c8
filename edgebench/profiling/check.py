"""Is a device there, what is it, and which runtimes really run on it?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.agent.job import DescribeJob
from edgebench.devices import Device, LinkLostError, upload
from edgebench.errors import EdgebenchError
from edgebench.profiling import benchmark_model
from edgebench.profiling.link import AgentLink, IllegalInstructionError
from edgebench.profiling.plan import MeasurePlan
from edgebench.records import DeviceInfo

ASSETS = Path(__file__).parent / "assets"
TINY_TFLITE = ASSETS / "tiny.tflite"
TINY_MODELS = (TINY_TFLITE, ASSETS / "tiny.onnx", ASSETS / "tiny.keras")
CHECKED_RUNTIMES = ("litert", "tflite", "ort", "keras")
CHECK_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeCheck:
    """One runtime: it works when it ran a tiny model; else ``problem`` says why not.

    Args:
        name: The runtime.
        version: Of the installed build.
        run_ms: The fastest of a few runs.
        problem: One sentence.
        kind: The agent's word for the problem, such as ``runtime_missing``.
        delegate: What ran the model.
        accelerator: The hardware it ran on.
        wheel_tags: What the package was built for.
        is_illegal: It used an instruction that the processor lacks.
    """

    name: str
    version: str | None
    run_ms: float | None
    problem: str | None
    kind: str | None = None
    delegate: str | None = None
    accelerator: str | None = None
    wheel_tags: tuple[str, ...] = ()
    is_illegal: bool = False

    @property
    def works(self) -> bool:
        return self.run_ms is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCheck:
    """What a device told about itself; what its platform does not offer is None."""

    info: DeviceInfo
    runtimes: tuple[RuntimeCheck, ...]
    affinity: tuple[int, ...] | None
    governor: str | None
    frequency_khz: int | None
    temperature_c: float | None
    load_1m: float | None
    numpy: str | None
    glibc: str | None
    libstdcxx: bool | None
    agent_version: str
    agent_sha256: str


def check_device(device: Device, runtimes: Sequence[str] = CHECKED_RUNTIMES) -> DeviceCheck:
    """Run the agent on an open device: facts, then each runtime in a process of its own.

    A runtime that crashes (an instruction the processor lacks, say) spoils only its own line.

    Raises:
        DeviceError: The device could not be reached or the agent does not start there.
    """
    if benchmark_model.stands_in(device):
        return _check_native(device, runtimes)
    link = AgentLink(device)
    facts = link.ask(DescribeJob(), CHECK_TIMEOUT_S)
    models = tuple(upload(device, model) for model in TINY_MODELS)
    checks = tuple(_check_runtime(link, name, models) for name in runtimes)
    machine, conditions = dict(facts["machine"]), facts["conditions"]
    features = machine.pop("cpu_features")
    return DeviceCheck(
        info=DeviceInfo(
            name=device.document.name,
            transport=device.document.transport.kind,
            runtimes={c.name: c.version for c in checks if c.works and c.version},
            cpu_features=None if features is None else tuple(features),
            **machine,
        ),
        runtimes=checks,
        affinity=None if facts["affinity"] is None else tuple(facts["affinity"]),
        governor=conditions["governor"],
        frequency_khz=conditions["frequency_khz"],
        temperature_c=conditions["temperature_c"],
        load_1m=conditions["load_1m"],
        numpy=facts["numpy"],
        glibc=facts["glibc"],
        libstdcxx=facts["libstdcxx"],
        agent_version=facts["agent"]["version"],
        agent_sha256=facts["agent"]["sha256"],
    )


def _check_native(device: Device, runtimes: Sequence[str]) -> DeviceCheck:
    """Check a device that benchmark_model measures: it is one runtime, and tells nothing of the device."""
    checks = tuple(_check_native_runtime(device, name) for name in runtimes)
    return DeviceCheck(
        info=dataclasses.replace(
            device.describe(), runtimes={c.name: c.version for c in checks if c.version}
        ),
        runtimes=checks,
        affinity=None,
        governor=None,
        frequency_khz=None,
        temperature_c=None,
        load_1m=None,
        numpy=None,
        glibc=None,
        libstdcxx=None,
        agent_version=benchmark_model.PROGRAM,
        agent_sha256=benchmark_model.program_sha256(device),
    )


def _check_native_runtime(device: Device, name: str) -> RuntimeCheck:
    plan = MeasurePlan(runtime=name, block_s=0.1)
    try:
        timed = benchmark_model.time_block(device, TINY_TFLITE, plan)
    except LinkLostError:
        raise
    except EdgebenchError as error:
        return RuntimeCheck(name=name, version=None, run_ms=None, problem=error.message)
    return RuntimeCheck(
        name=name,
        version=timed.environment.runtime_version,
        run_ms=timed.block.samples_ns[0] / 1e6,
        problem=None,
    )


def _check_runtime(link: AgentLink, name: str, models: tuple[str, ...]) -> RuntimeCheck:
    try:
        job = DescribeJob(runtimes=(name,), models=models)
        found: dict[str, Any] = link.ask(job, CHECK_TIMEOUT_S)["runtimes"][name]
    except LinkLostError:
        raise
    except EdgebenchError as error:
        return RuntimeCheck(
            name=name,
            version=None,
            run_ms=None,
            problem=error.message,
            is_illegal=isinstance(error, IllegalInstructionError),
        )
    run_ns = found["run_ns"]
    return RuntimeCheck(
        name=name,
        version=found["version"],
        run_ms=None if run_ns is None else run_ns / 1e6,
        problem=found["message"],
        kind=found["kind"],
        delegate=found["delegate"],
        accelerator=found["accelerator"],
        wheel_tags=tuple(found["wheel_tags"]),
    )
