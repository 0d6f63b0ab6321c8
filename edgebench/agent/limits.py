"""Caps on the agent itself, and the lock that keeps two agents from measuring on one device at once."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator

from edgebench.agent.job import JobError, Limits

LOCK_POLL_S = 0.05


def apply_limits(limits: Limits) -> None:
    """Cap this process. Past ``wall_s`` or ``cpu_s`` the system ends it with a signal."""
    if limits.wall_s is not None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, limits.wall_s)
    caps = {"RLIMIT_CPU": limits.cpu_s, "RLIMIT_AS": limits.address_space_bytes}
    if any(caps.values()):
        import resource

        for name, cap in caps.items():
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            if cap and (hard == resource.RLIM_INFINITY or cap < hard):
                resource.setrlimit(kind, (cap, cap))


def check_model_size(model_path: str, limits: Limits) -> None:
    """Raise `JobError` ``model_too_large`` where the file is over the cap."""
    if limits.model_bytes is None or not os.path.isfile(model_path):
        return
    size_bytes = os.path.getsize(model_path)
    if size_bytes > limits.model_bytes:
        raise JobError(
            "model_too_large",
            f"{os.path.basename(model_path)} has {size_bytes} bytes, over the {limits.model_bytes} allowed",
        )


def check_peak_rss(peak_bytes: int | None, limits: Limits) -> None:
    """Raise `JobError` ``over_budget`` where resident memory went over the cap."""
    if limits.peak_rss_bytes is not None and peak_bytes and peak_bytes > limits.peak_rss_bytes:
        raise JobError(
            "over_budget",
            f"the run took {peak_bytes} bytes of memory, over the {limits.peak_rss_bytes} allowed",
        )


@contextlib.contextmanager
def exclusive(path: str, wait_s: float) -> Iterator[None]:
    """Hold the lock file while the block runs; no lock for an empty path.

    Raises:
        JobError: ``device_busy`` where another agent still held it after ``wait_s``.
    """
    if not path:
        yield
        return
    import fcntl

    end_s = time.monotonic() + wait_s
    with open(path, "a", encoding="utf-8") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= end_s:
                    raise JobError(
                        "device_busy", f"another agent was still running after {wait_s:g} s"
                    ) from None
                time.sleep(LOCK_POLL_S)
        yield
