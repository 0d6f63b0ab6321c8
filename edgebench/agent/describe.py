"""Telling what the machine is and which runtimes really run there."""

from __future__ import annotations

import dataclasses

from edgebench.agent.cores import affinity
from edgebench.agent.job import DescribeJob
from edgebench.agent.machine import Machine
from edgebench.agent.measure import run_a_few_times
from edgebench.agent.models import running
from edgebench.runtimes import FORMATS, InferenceError, load_runtime


def describe(job: DescribeJob, machine: Machine) -> dict[str, object]:
    """Return machine facts, present conditions, and each runtime's version and null run."""
    offered = affinity()
    return {
        "machine": machine.facts(),
        "affinity": offered,
        "conditions": dataclasses.asdict(machine.conditions(offered or ())),
        "numpy": _numpy_version(),
        "runtimes": {name: try_runtime(name, job.models) for name in job.runtimes},
    }


def try_runtime(name: str, models: tuple[str, ...]) -> dict[str, object]:
    """Import a runtime and run the one of ``models`` that it reads; errors become part of the answer."""
    found: dict[str, object] = {"version": None, "run_ns": None, "kind": None, "message": None}
    try:
        runtime = load_runtime(name)
        found["version"] = runtime.version()
        model = next((m for m in models if m.endswith(FORMATS[name])), None)
        if model is not None:
            session = runtime.open(model, 1, None)
            with running(model):
                found["run_ns"] = min(run_a_few_times(session, seed=0))
    except InferenceError as error:
        found.update(kind=error.kind, message=error.message)
    return found


def _numpy_version() -> str | None:
    try:
        import numpy as np
    except ImportError:
        return None
    return str(np.__version__)
