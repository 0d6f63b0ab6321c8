"""What the agent can be asked: one frozen record a kind of job, the same on both sides of the wire."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any


class JobError(Exception):
    """The agent could not do its job.

    Args:
        kind: A stable word: ``abandoned``, ``job_invalid``, ``cores_unavailable``, ``device_busy``, ``storage``,
            ``model_too_large``, ``out_of_memory``, ``over_budget`` or ``internal``; those of `InferenceError` besides.
        message: One sentence.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Limits:
    """Caps on the agent's own process; None is no cap."""

    wall_s: float | None = None
    cpu_s: int | None = None
    address_space_bytes: int | None = None
    peak_rss_bytes: int | None = None
    model_bytes: int | None = None


@dataclass(frozen=True)
class Job:
    """What all jobs have. ``lock`` is a file that only one agent may hold; empty for none."""

    limits: Limits = Limits()
    lock: str = ""
    lock_wait_s: float = 0.0


@dataclass(frozen=True)
class ModelJob(Job):
    """What all jobs on a model file have. ``allowed`` narrows what ``auto`` may choose."""

    model: str = ""
    runtime: str = "auto"
    allowed: tuple[str, ...] = ()
    delegate: str | None = None
    threads: int = 1

    def __post_init__(self) -> None:
        if not self.model:
            raise JobError("job_invalid", "the job names no model")
        if self.threads < 1:
            raise JobError("job_invalid", f"threads must be at least 1, not {self.threads}")


@dataclass(frozen=True)
class MeasureJob(ModelJob):
    """Time one block. No ``cores``: the quietest are chosen. ``max_start_c``: wait until it is cooler.

    ``turns`` are the two descriptors of `edgebench.agent.turns`, where it is one of a pair.
    """

    cores: tuple[int, ...] = ()
    block_s: float = 2.0
    seed: int = 0
    max_start_c: float | None = None
    cool_wait_s: float = 0.0
    turns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.block_s <= 30.0:
            raise JobError("job_invalid", f"block_s must lie in (0, 30], not {self.block_s}")


@dataclass(frozen=True)
class PairJob(Job):
    """Time two blocks that take turns, on the cores of the first."""

    first: MeasureJob | None = None
    second: MeasureJob | None = None

    def __post_init__(self) -> None:
        self.both()

    def both(self) -> tuple[MeasureJob, MeasureJob]:
        if self.first is None or self.second is None:
            raise JobError("job_invalid", "a pair is of two measure jobs, first and second")
        return self.first, self.second


@dataclass(frozen=True)
class SustainedJob(ModelJob):
    """Run a model without a pause for ``for_s``, and tell the median of each window."""

    cores: tuple[int, ...] = ()
    seed: int = 0
    for_s: float = 60.0
    window_s: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.window_s <= self.for_s:
            raise JobError(
                "job_invalid", f"for_s must be at least {self.window_s}, not {self.for_s}"
            )


@dataclass(frozen=True)
class MemoryJob(ModelJob):
    """Run a model a few times, untimed, and tell the peak resident memory."""

    seed: int = 0


@dataclass(frozen=True)
class OpsJob(ModelJob):
    """Run a model a few times, watched, and tell what is known of each of its operations."""

    seed: int = 0


@dataclass(frozen=True)
class ThreadsJob(ModelJob):
    """Run a model for ``run_s`` seconds and count the threads that worked."""

    run_s: float = 0.5


@dataclass(frozen=True)
class InferJob(ModelJob):
    """Run every example of ``inputs`` (.npy or .npz) and write ``outputs`` (.npz).

    Without ``inputs`` so many ``examples`` are drawn, of the model's own types: the same for a seed on every device.
    """

    inputs: str = ""
    outputs: str = ""
    examples: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.outputs or bool(self.inputs) == (self.examples > 0):
            raise JobError(
                "job_invalid",
                "an infer job names outputs, and either inputs or a count of examples",
            )


@dataclass(frozen=True)
class DescribeJob(Job):
    """Tell the machine's facts, and try each of ``runtimes`` on the one of ``models`` that it reads."""

    runtimes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


JOBS = {
    "measure": MeasureJob,
    "pair": PairJob,
    "memory": MemoryJob,
    "sustained": SustainedJob,
    "ops": OpsJob,
    "threads": ThreadsJob,
    "infer": InferJob,
    "describe": DescribeJob,
}


NESTED = {"limits": Limits, "first": MeasureJob, "second": MeasureJob}


def write_job(job: Job) -> str:
    """Return the job as one line of JSON."""
    kind = next(name for name, record in JOBS.items() if type(job) is record)
    return json.dumps({"kind": kind, **dataclasses.asdict(job)})


def read_job(text: str) -> Job:
    """Return the job that a JSON text holds; raises `JobError` ``job_invalid``."""
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise JobError("job_invalid", f"the job is not JSON: {error}") from None
    if not isinstance(fields, dict) or fields.get("kind") not in JOBS:
        raise JobError("job_invalid", f"the job's kind must be one of {', '.join(sorted(JOBS))}")
    job: Job = _build(JOBS[fields.pop("kind")], fields)
    return job


def _build(record: Any, fields: Any) -> Any:
    if not isinstance(fields, dict):
        raise JobError("job_invalid", f"{record.__name__} must be a JSON object")
    fields = {k: _build(NESTED[k], v) if k in NESTED else v for k, v in fields.items()}
    unknown = set(fields) - {field.name for field in dataclasses.fields(record)}
    if unknown:
        raise JobError("job_invalid", f"{sorted(unknown)[0]} is not a field of {record.__name__}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    try:
        return record(**values)
    except TypeError as error:
        raise JobError("job_invalid", f"{record.__name__}: {error}") from None
