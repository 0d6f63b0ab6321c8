"""Pinning the agent to cores: those it is told, else the quietest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from edgebench.agent.job import JobError
from edgebench.agent.machine import Machine

TRIAL_S = 0.2


def pin(asked: Sequence[int], threads: int, machine: Machine) -> tuple[int, ...] | None:
    """Pin this process, and all threads it will start, to cores.

    Args:
        asked: Core numbers; empty to choose the ``threads`` quietest by a short trial.
        threads: How many cores to choose, from 1.
        machine: Where the trial reads.

    Returns:
        The cores pinned to, or None where the platform cannot pin.

    Raises:
        JobError: ``cores_unavailable`` where an asked core is not there.
    """
    offered = affinity()
    if offered is None:
        return None
    missing = sorted(set(asked) - set(offered))
    if missing:
        raise JobError(
            "cores_unavailable", f"core {missing[0]} is not among those offered: {list(offered)}"
        )
    cores = tuple(sorted(set(asked))) or quietest(offered, threads, machine.busy_ticks, time.sleep)
    os.sched_setaffinity(0, cores)
    return cores


def affinity() -> tuple[int, ...] | None:
    """Return the cores this process may run on, or None where the platform does not tell."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return tuple(sorted(os.sched_getaffinity(0)))


def quietest(
    offered: Sequence[int],
    count: int,
    busy_ticks: Callable[[], dict[int, int]],
    sleep: Callable[[float], None],
) -> tuple[int, ...]:
    """Return the ``count`` cores that did least during a short trial; of equal ones the highest numbered.

    Systems tend to put interrupts and their own work on the lowest numbered cores.
    """
    before = busy_ticks()
    sleep(TRIAL_S)
    after = busy_ticks()
    ranked = sorted(offered, key=lambda core: (after.get(core, 0) - before.get(core, 0), -core))
    return tuple(sorted(ranked[:count]))
