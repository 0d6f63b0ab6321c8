"""Timing a pair of blocks: two fresh processes, each with its model, that take turns on the same cores."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

from edgebench.agent.cores import pin
from edgebench.agent.job import JobError, PairJob, write_job
from edgebench.agent.machine import Machine
from edgebench.agent.turns import ABANDONED, pipes


def measure_pair(job: PairJob, machine: Machine, command: Sequence[str]) -> dict[str, object]:
    """Return what two measure jobs answer, ``first`` and ``second``; the first has the first turn.

    Args:
        job: Both, on the cores of the first.
        machine: Where they run.
        command: Starts another agent.

    Raises:
        JobError: What ended one of them. A signal that ended one ends this process, too.
    """
    first, second = job.both()
    cores = pin(first.cores, first.threads, machine) or ()
    turns = pipes()
    processes = [
        subprocess.Popen(
            [*command, write_job(dataclasses.replace(each, cores=cores, turns=ends, lock=""))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=ends,
        )
        for each, ends in ((first, turns[0]), (second, turns[1]))
    ]
    for end in (*turns[0], *turns[1]):
        os.close(end)
    told = [process.communicate()[0] for process in processes]
    answers = [_answer(process, text) for process, text in zip(processes, told)]  # noqa: B905
    errors = [answer["error"] for answer in answers if "error" in answer]
    if errors:
        error = min(errors, key=lambda error: error["kind"] == ABANDONED)
        raise JobError(error["kind"], error["message"])
    return {"first": answers[0], "second": answers[1]}


def _answer(process: subprocess.Popen[bytes], told: bytes) -> dict[str, Any]:
    if process.returncode < 0:
        with contextlib.suppress(OSError):  # nothing else can be done at SIGKILL
            signal.signal(-process.returncode, signal.SIG_DFL)
        os.kill(os.getpid(), -process.returncode)
    answer: dict[str, Any] = json.loads(told)
    return answer
