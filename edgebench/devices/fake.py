"""A device in memory, for tests of what uses devices: files are kept, programs are answered by a function."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edgebench.agent import AGENT_VERSION
from edgebench.agent.sampling import MIN_SAMPLES
from edgebench.devices.base import Completed
from edgebench.devices.document import DeviceDocument, Transport
from edgebench.devices.uploads import UPLOADS
from edgebench.errors import DeviceError, InputError
from edgebench.records import DeviceInfo

FAKE = DeviceDocument(name="fake", transport=Transport(kind="local"))
JITTER = (0.0, 0.002, -0.001, 0.001, -0.002)


class FakeDevice:
    """Keeps what is pushed in ``files`` and what is run in ``ran``.

    Args:
        respond: Called with the device and a program's arguments; returns how it ended, or raises.
        document: What the device file would say.
    """

    def __init__(
        self,
        respond: Callable[[FakeDevice, Sequence[str]], Completed],
        document: DeviceDocument = FAKE,
    ) -> None:
        self.document = document
        self.python = document.python or "python3"
        self.files: dict[str, bytes] = {}
        self.ran: list[tuple[str, ...]] = []
        self._respond = respond

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def describe(self) -> DeviceInfo:
        return DeviceInfo(
            name=self.document.name,
            transport=self.document.transport.kind,
            machine="fake",
            system="fake",
        )

    def push(self, local: Path, remote: str) -> None:
        if not local.is_file():
            raise InputError(f"{local} does not exist", why="expected a file there")
        name, content = self._inside(remote), local.read_bytes()
        is_there = len(self.files.get(name, b"")) == len(content)
        if not (name.startswith(f"{UPLOADS}/") and name in self.files and is_there):
            self.files[name] = content

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        self.ran.append(tuple(argv))
        return self._respond(self, argv)

    def pull(self, remote: str, local: Path) -> None:
        name = self._inside(remote)
        if name not in self.files:
            raise DeviceError(f"{remote} is not on {self.document.name}")
        local.write_bytes(self.files[name])

    def _inside(self, remote: str) -> str:
        name = posixpath.normpath(remote)
        if name.startswith(("/", "..")):
            raise DeviceError(f"{remote} leaves the working folder of {self.document.name}")
        return name


def simulated_agent(
    latency_ms: Callable[[bytes], float], changes: Mapping[str, Any] | None = None
) -> Callable[[FakeDevice, Sequence[str]], Completed]:
    """Return a ``respond`` that answers the agent's jobs ``measure``, ``pair`` and ``memory`` without measuring.

    Args:
        latency_ms: The latency of a model, from the bytes of its file.
        changes: Fields of the answer to a measure job to replace, such as ``{"warmup_stable": False}``.
    """

    def respond(device: FakeDevice, argv: Sequence[str]) -> Completed:
        job = json.loads(argv[-1])
        agent = {"version": AGENT_VERSION, "sha256": _sha256(device.files[argv[-2]])}

        def block(job: Mapping[str, Any]) -> dict[str, Any]:
            model = device.files[job["model"]]
            facts = _block(job, model, latency_ms(model) * 1e6)
            return {"agent": agent, **facts, **(changes or {})}

        if job["kind"] == "memory":
            size_bytes = len(device.files[job["model"]])
            return _answered({"agent": agent, "peak_rss_bytes": size_bytes})
        if job["kind"] == "measure":
            return _answered(block(job))
        if job["kind"] == "pair":
            blocks = {name: block(job[name]) for name in ("first", "second")}
            return _answered({"agent": agent, **blocks})
        error = {"kind": "job_invalid", "message": f"a fake device does no {job['kind']} job"}
        return Completed(returncode=1, stdout=json.dumps({"agent": agent, "error": error}))

    return respond


def _block(job: Mapping[str, Any], model: bytes, latency_ns: float) -> dict[str, Any]:
    cores = list(job["cores"]) or [0]
    conditions = {
        "governor": None,
        "frequency_khz": None,
        "max_frequency_khz": None,
        "temperature_c": None,
        "load_1m": None,
        "throttle_count": None,
        "throttled_now": None,
    }
    return {
        "model_sha256": _sha256(model),
        "runtime": "null" if job["runtime"] == "auto" else job["runtime"],
        "runtime_version": "fake",
        "delegate": job["delegate"],
        "accelerator": None,
        "delegated_ops": None,
        "other_ops": None,
        "threads": job["threads"],
        "pinned": cores,
        "affinity": cores,
        "cooled": None,
        "virtual": None,
        "before": conditions,
        "after": conditions,
        "init_ns": int(latency_ns),
        "first_ns": int(latency_ns),
        "warmup_invokes": 21,
        "warmup_stable": True,
        "invokes_per_sample": 1,
        "samples_ns": [latency_ns * (1 + JITTER[i % len(JITTER)]) for i in range(MIN_SAMPLES)],
    }


def _answered(answer: Mapping[str, Any]) -> Completed:
    return Completed(returncode=0, stdout=json.dumps(answer))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
