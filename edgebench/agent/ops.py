"""Telling of a model's operations, in a run that is not measured."""

from __future__ import annotations

import dataclasses

from edgebench.agent.job import OpsJob
from edgebench.agent.models import running, runtime_for, seeded_inputs
from edgebench.runtimes import Session

OPS_INVOKES = 21


def tell_ops(job: OpsJob) -> dict[str, object]:
    """Return one row an operation, in the order the runtime tells them; ``ns`` is null where it has no times."""

    def feed(session: Session) -> None:
        session.set_inputs(seeded_inputs(session.inputs, job.seed))
        with running(job.model):
            for _ in range(OPS_INVOKES):
                session.invoke()

    runtime = runtime_for(job)
    ops = runtime.ops(job.model, job.threads, job.delegate, feed)
    return {
        "runtime": runtime.name,
        "runtime_version": runtime.version(),
        "ops": [dataclasses.asdict(op) for op in ops],
    }
