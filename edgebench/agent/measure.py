"""Timing one block: this process is the block."""

from __future__ import annotations

import dataclasses
import gc
import time

from edgebench.agent.cores import affinity, pin
from edgebench.agent.job import MeasureJob, MemoryJob, SustainedJob
from edgebench.agent.limits import check_peak_rss
from edgebench.agent.machine import Machine
from edgebench.agent.models import file_sha256, running, runtime_for, seeded_inputs
from edgebench.agent.sampling import collect, warm_up
from edgebench.agent.turns import Turns
from edgebench.runtimes import Session
from edgebench.stats import median

COOL_POLL_S = 1.0
MEMORY_INVOKES = 3


def measure(job: MeasureJob, machine: Machine) -> dict[str, object]:
    """Run the block and return its raw samples with the facts that judge it."""
    turns = Turns(*job.turns) if job.turns else None
    if turns is not None:
        turns.take()
    cores = pin(job.cores, job.threads, machine)
    cooled = _cool_down(job, machine)
    runtime = runtime_for(job)
    version = runtime.version()
    start_ns = time.perf_counter_ns()
    session = runtime.open(job.model, job.threads, job.delegate)
    init_ns = time.perf_counter_ns() - start_ns
    inputs = seeded_inputs(session.inputs, job.seed)

    def sample(invokes: int) -> int:
        session.set_inputs(inputs)
        invoke = session.invoke
        begin_ns = time.perf_counter_ns()
        for _ in range(invokes):
            invoke()
        return time.perf_counter_ns() - begin_ns

    gc.collect()
    gc.disable()
    with running(job.model):
        warm = warm_up(sample, time.perf_counter_ns, job.block_s)
        before = machine.conditions(cores or ())
        samples_ns = collect(
            sample,
            time.perf_counter_ns,
            job.block_s,
            warm.invokes_per_sample,
            None if turns is None else turns.pass_on,
        )
        session.get_outputs()
    after = machine.conditions(cores or ())
    if turns is not None:
        turns.end()
    peak_rss_bytes = machine.peak_rss_bytes()
    check_peak_rss(peak_rss_bytes, job.limits)
    return {
        "model_sha256": file_sha256(job.model),
        "runtime": runtime.name,
        "runtime_version": version,
        "delegate": session.delegate,
        "accelerator": session.accelerator,
        "delegated_ops": session.delegated_ops,
        "other_ops": session.other_ops,
        "threads": job.threads,
        "pinned": cores,
        "affinity": affinity(),
        "cooled": cooled,
        "virtual": machine.is_virtual(),
        "before": dataclasses.asdict(before),
        "after": dataclasses.asdict(after),
        "init_ns": init_ns,
        "first_ns": warm.first_ns,
        "warmup_invokes": warm.invokes,
        "warmup_stable": warm.is_stable,
        "invokes_per_sample": warm.invokes_per_sample,
        "samples_ns": samples_ns,
    }


def sustain(job: SustainedJob, machine: Machine) -> dict[str, object]:
    """Run the model without a pause; each window has its median and what held at its end."""
    cores = pin(job.cores, job.threads, machine) or ()
    runtime = runtime_for(job)
    session = runtime.open(job.model, job.threads, job.delegate)
    session.set_inputs(seeded_inputs(session.inputs, job.seed))
    gc.collect()
    gc.disable()
    windows = []
    clock_ns = time.perf_counter_ns
    begin_ns = clock_ns()
    with running(job.model):
        while (at_ns := clock_ns() - begin_ns) < job.for_s * 1e9:
            samples_ns: list[int] = []
            end_ns = clock_ns() + int(job.window_s * 1e9)
            while not samples_ns or clock_ns() < end_ns:
                invoke_ns = clock_ns()
                session.invoke()
                samples_ns.append(clock_ns() - invoke_ns)
            now = machine.conditions(cores)
            windows.append(
                {
                    "at_s": at_ns / 1e9,
                    "median_ns": median(samples_ns),
                    "invokes": len(samples_ns),
                    "temperature_c": now.temperature_c,
                    "frequency_khz": now.frequency_khz,
                    "throttled": now.throttled_now,
                }
            )
    return {"windows": windows}


def measure_memory(job: MemoryJob, machine: Machine) -> dict[str, object]:
    """Run the model a few times and return the peak resident memory of this process, Python included."""
    runtime = runtime_for(job)
    session = runtime.open(job.model, job.threads, job.delegate)
    with running(job.model):
        run_a_few_times(session, job.seed)
    peak_rss_bytes = machine.peak_rss_bytes()
    check_peak_rss(peak_rss_bytes, job.limits)
    return {"peak_rss_bytes": peak_rss_bytes}


def run_a_few_times(session: Session, seed: int) -> list[int]:
    """Return the nanoseconds of each of a few invokes on seeded inputs."""
    inputs = seeded_inputs(session.inputs, seed)
    spent_ns = []
    for _ in range(MEMORY_INVOKES):
        session.set_inputs(inputs)
        begin_ns = time.perf_counter_ns()
        session.invoke()
        spent_ns.append(time.perf_counter_ns() - begin_ns)
    session.get_outputs()
    return spent_ns


def _cool_down(job: MeasureJob, machine: Machine) -> bool | None:
    """Wait until it is cool enough; False when it never was, None where no temperature is offered."""
    if job.max_start_c is None:
        return None
    end_s = time.monotonic() + job.cool_wait_s
    while True:
        temperature_c = machine.conditions(()).temperature_c
        if temperature_c is None:
            return None
        if temperature_c <= job.max_start_c:
            return True
        if time.monotonic() >= end_s:
            return False
        time.sleep(COOL_POLL_S)
