"""The agent's entry: one JSON job in, exactly one JSON document out on standard output."""

from __future__ import annotations

import errno
import json
import os
import select
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from edgebench.agent import AGENT_VERSION
from edgebench.agent.describe import describe
from edgebench.agent.infer import infer
from edgebench.agent.job import (
    DescribeJob,
    InferJob,
    Job,
    JobError,
    MeasureJob,
    MemoryJob,
    OpsJob,
    PairJob,
    SustainedJob,
    ThreadsJob,
    read_job,
)
from edgebench.agent.limits import apply_limits, exclusive
from edgebench.agent.machine import Machine
from edgebench.agent.measure import measure, measure_memory, sustain
from edgebench.agent.models import file_sha256
from edgebench.agent.ops import tell_ops
from edgebench.agent.pair import measure_pair
from edgebench.agent.threads import count_threads
from edgebench.runtimes import InferenceError

ARGUMENTS = 2
STORAGE = (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.EACCES)


def main(argv: Sequence[str]) -> int:
    """Do the job named by the one argument: a file, ``-`` for standard input, or the JSON itself.

    Returns:
        0 with a result, 1 with ``{"error": {"kind", "message"}}``.
    """
    output = _keep_output_for_the_result()
    _end_with_the_caller(os.dup(output), argv)
    answer: dict[str, object] = {}
    try:
        answer["agent"] = {"version": AGENT_VERSION, "sha256": own_sha256()}
        answer.update(perform(read_job(_job_text(argv)), Machine()))
    except (JobError, InferenceError) as error:
        answer["error"] = {"kind": error.kind, "message": error.message}
    except MemoryError:
        answer["error"] = {"kind": "out_of_memory", "message": "the agent ran out of memory"}
    except OSError as error:
        is_storage = error.errno in STORAGE
        answer["error"] = {"kind": "storage" if is_storage else "internal", "message": str(error)}
    except Exception as error:  # noqa: BLE001  the caller must get a document whatever happens
        message = f"{type(error).__name__}: {error}"
        answer["error"] = {"kind": "internal", "message": message}
    failure = answer.get("error")
    if isinstance(failure, dict) and _is_gone(_archive()):
        failure["kind"] = "storage"
    with os.fdopen(output, "w", encoding="utf-8") as file:
        json.dump(answer, file)
        file.write("\n")
    return 1 if "error" in answer else 0


def perform(job: Job, machine: Machine) -> dict[str, object]:
    """Apply the job's limits, wait for the device to be free, and do the job."""
    tasks: dict[type, Callable[[Any, Machine], dict[str, object]]] = {
        MeasureJob: measure,
        PairJob: lambda job, machine: measure_pair(job, machine, own_command()),
        SustainedJob: sustain,
        MemoryJob: measure_memory,
        ThreadsJob: count_threads,
        OpsJob: lambda job, machine: tell_ops(job),
        InferJob: lambda job, machine: infer(job),
        DescribeJob: describe,
    }
    with exclusive(job.lock, job.lock_wait_s):
        apply_limits(job.limits)
        return tasks[type(job)](job, machine)


def own_command() -> list[str]:
    """Return what starts another agent; a job is to follow."""
    archive = _archive()
    return [sys.executable, "-E", archive] if archive else [sys.executable, "-m", __package__]


def own_sha256() -> str | None:
    """Return the SHA-256 of the one file this runs from; None when it runs from a folder."""
    archive = _archive()
    return None if archive is None or _is_gone(archive) else file_sha256(archive)


def _archive() -> str | None:
    found: str | None = getattr(__loader__, "archive", None)  # type: ignore[name-defined]
    return found


def _is_gone(archive: str | None) -> bool:
    """Return whether the file this runs from was there and is no more: what then does not import is not at fault."""
    return archive is not None and not os.path.exists(archive)


def _job_text(argv: Sequence[str]) -> str:
    if len(argv) != ARGUMENTS:
        raise JobError("job_invalid", "the agent takes one argument: a job")
    argument = argv[1]
    if argument.lstrip().startswith("{"):
        return argument
    if argument == "-":
        return sys.stdin.read()
    try:
        with open(argument, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise JobError("job_invalid", f"the job cannot be read: {error}") from None


def _end_with_the_caller(output: int, argv: Sequence[str]) -> None:
    """End this process when nobody waits for the answer any more: the caller was killed, or the connection broke.

    The other end of standard output is closed then, or that of standard input where it carries no job.
    """
    poll = select.poll()
    poll.register(output, 0)  # a closed other end is told of unasked
    if argv[1:] != ["-"] and _is_open(0):
        poll.register(0, getattr(select, "POLLRDHUP", 0))

    def watch() -> None:
        poll.poll()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _keep_output_for_the_result() -> int:
    """Return a copy of standard output, which from now on goes where standard error goes."""
    output = os.dup(1)
    os.dup2(2, 1)
    return output
