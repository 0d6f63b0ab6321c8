"""Whether a runtime computes with as many threads as it was asked to."""

from __future__ import annotations

import time
from collections.abc import Iterable

from edgebench.agent.cores import affinity
from edgebench.agent.job import ThreadsJob
from edgebench.agent.machine import Machine
from edgebench.agent.models import running, runtime_for, seeded_inputs

WORKING_SHARE = 0.1


def count_threads(job: ThreadsJob, machine: Machine) -> dict[str, object]:
    """Run the model for a while and tell how many threads did the work; ``worked`` is null where not offered."""
    runtime = runtime_for(job)
    session = runtime.open(job.model, job.threads, job.delegate)
    session.set_inputs(seeded_inputs(session.inputs, seed=0))
    with running(job.model):
        session.invoke()
        before = machine.thread_ns()
        end_s = time.monotonic() + job.run_s
        while time.monotonic() < end_s:
            session.invoke()
        after = machine.thread_ns()
    spent_ns = [spent - before.get(thread, 0) for thread, spent in after.items()]
    return {
        "runtime": runtime.name,
        "asked": job.threads,
        "worked": count_working(spent_ns) if after else None,
        "cores": len(affinity() or ()) or None,
    }


def count_working(spent_ns: Iterable[int]) -> int:
    """Return how many threads computed for at least a tenth of the time of the busiest."""
    spent = list(spent_ns)
    least_ns = WORKING_SHARE * max(spent, default=0)
    return sum(0 < each >= least_ns for each in spent)
