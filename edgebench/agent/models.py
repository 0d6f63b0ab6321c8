"""Opening a job's model and feeding it seeded inputs."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from edgebench.agent.job import JobError, ModelJob
from edgebench.agent.limits import check_model_size
from edgebench.runtimes import InferenceError, Runtime, TensorSpec, choose_runtime, load_runtime

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array


def runtime_for(job: ModelJob) -> Runtime:
    """Load the runtime that the job asks for, after a look at the size of the model's file."""
    check_model_size(job.model, job.limits)
    if job.runtime == "auto":
        return choose_runtime(job.model, job.allowed)
    if job.allowed and job.runtime not in job.allowed:
        raise InferenceError(
            "runtime_missing",
            f"the device's runtimes are {', '.join(job.allowed)}, not {job.runtime}",
        )
    return load_runtime(job.runtime)


@contextlib.contextmanager
def running(model: str) -> Iterator[None]:
    """Turn whatever a runtime raises while a model runs into `InferenceError` ``invoke_failed``."""
    try:
        yield
    except (InferenceError, JobError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  the runtimes' errors share no base class
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InferenceError(
            "invoke_failed", f"{os.path.basename(model)} does not run: {reason}"
        ) from None


def seeded_inputs(specs: Sequence[TensorSpec], seed: int) -> list[Array]:
    """Return one array an input: floats in [0, 1), quantised integers over their range, else 0 and 1."""
    if not specs:
        return []
    import numpy as np

    random = np.random.default_rng(seed)
    arrays: list[Array] = []
    for spec in specs:
        kind = np.dtype(spec.dtype)
        if kind.kind == "f":
            arrays.append(random.random(spec.shape).astype(kind))
        elif spec.is_quantised:
            limits = np.iinfo(kind)
            values = random.integers(limits.min, limits.max, spec.shape, endpoint=True)
            arrays.append(values.astype(kind))
        else:
            arrays.append(random.integers(0, 2, spec.shape).astype(kind))
    return arrays


def file_sha256(path: str) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()
