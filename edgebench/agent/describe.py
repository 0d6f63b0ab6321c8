"""Telling what the machine is and which runtimes really run there."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import sys
from importlib import metadata

from edgebench.agent.cores import affinity
from edgebench.agent.job import DescribeJob
from edgebench.agent.machine import Machine
from edgebench.agent.measure import run_a_few_times
from edgebench.agent.models import running
from edgebench.runtimes import DISTRIBUTIONS, FORMATS, InferenceError, load_runtime


def describe(job: DescribeJob, machine: Machine) -> dict[str, object]:
    """Return machine facts, present conditions, and each runtime's version and null run."""
    offered = affinity()
    return {
        "machine": machine.facts(),
        "affinity": offered,
        "conditions": dataclasses.asdict(machine.conditions(offered or ())),
        "numpy": _numpy_version(),
        "glibc": _glibc_version(),
        "libstdcxx": _has_libstdcxx(),
        "runtimes": {name: try_runtime(name, job.models) for name in job.runtimes},
    }


def try_runtime(name: str, models: tuple[str, ...]) -> dict[str, object]:
    """Import a runtime and run the one of ``models`` that it reads; errors become part of the answer."""
    found: dict[str, object] = dict.fromkeys(
        ("version", "run_ns", "delegate", "accelerator", "kind", "message")
    )
    found["wheel_tags"] = _wheel_tags(name)
    try:
        runtime = load_runtime(name)
        found["version"] = runtime.version()
        model = next((m for m in models if m.endswith(FORMATS[name])), None)
        if model is not None:
            session = runtime.open(model, 1, None)
            found.update(delegate=session.delegate, accelerator=session.accelerator)
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


def _wheel_tags(name: str) -> list[str]:
    """Return what the package of a runtime was built for, as its wheel says; empty where there is none."""
    try:
        text = metadata.distribution(DISTRIBUTIONS[name]).read_text("WHEEL") or ""
    except (KeyError, metadata.PackageNotFoundError):
        return []
    return [line[len("Tag: ") :] for line in text.splitlines() if line.startswith("Tag: ")]


def _glibc_version() -> str | None:
    try:
        kind, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, OSError, ValueError):
        return None
    return version if kind == "glibc" else None


def _has_libstdcxx() -> bool | None:
    """Return whether the C++ library that the runtimes need loads; None where they need none of that name."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        ctypes.CDLL("libstdc++.so.6")
    except OSError:
        return False
    return True
