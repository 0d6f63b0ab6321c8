"""Runs made by hand, with the sizes and latencies that small networks on digits have."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgebench.records import (
    Artifact,
    Block,
    Constraint,
    DataPlan,
    DeviceInfo,
    DrawnBlock,
    Environment,
    ExportTarget,
    Goal,
    LatencyPlan,
    LayerError,
    Measurement,
    Metric,
    Objective,
    OraclePlan,
    Parity,
    Precision,
    Run,
    RunResult,
    Status,
    Suite,
    Trial,
    Window,
)
from edgebench.templates.drawing import BlockChain

TARGETS = ("tflite-fp32", "tflite-fp16", "tflite-dynamic", "tflite-int8", "onnx-fp32", "onnx-int8")
BYTES_A_PARAMETER = {"fp32": 4.0, "fp16": 2.0, "dynamic": 1.05, "int8": 1.1}
SPEED = {"fp32": 1.0, "fp16": 1.01, "dynamic": 0.74, "int8": 0.48}
LOSS = {"fp32": 0.0, "fp16": 0.0, "dynamic": -0.003, "int8": -0.007}
HELDOUT = 360
SEARCHED = (
    # trial, status, architecture, validation accuracy, parameters, ms, epochs, reason
    ("t001", "completed", "fire2 3 | max | 4 5", 0.944, 187_214, 1.21, 8, ""),
    ("t002", "completed", "fire2 SE16 3 | avg | 4 5", 0.913, 71_802, 0.71, 8, ""),
    ("t003", "pruned", "fire2 3 | avg", 0.402, 41_210, 0.42, 2, "dominated at rung 1"),
    ("t004", "completed", "fire2 3 SE8 | max | 4 5", 0.965, 124_990, 0.84, 8, ""),
    ("t005", "infeasible", "fire2 3 | max | 4 5 | max | 6-9", None, 742_666, 3.92, 0, "param_bytes<=1500000 is broken"),
    ("t006", "failed", "fire2 SE8 3 SE8 | avg | 4 5", None, 143_044, 0.93, 1, "out of memory"),
    ("t007", "completed", "fire2 3 SE8+ | max | 4 5", 0.958, 151_330, 0.97, 8, ""),
    ("t008", "completed", "fire2 SE4 3 SE4 | max | 4 5 SE8+ | 6 7", 0.972, 301_118, 1.64, 8, ""),
)  # fmt: skip


def block(median_ms: float, rng: np.random.Generator, count: int = 80) -> Block:
    samples = (
        median_ms
        * 1e6
        * (1 + np.abs(rng.normal(0, 0.006, count)) + 0.1 * (rng.random(count) > 0.96))
    )
    return Block(
        samples_ns=tuple(float(s) for s in samples),
        init_ns=2_100_000,
        first_ns=1_900_000,
        warmup_invokes=40,
    )


def measurement(
    sha256: str, name: str, median_ms: float, device: str = "pi5", **changes: object
) -> Measurement:
    rng = np.random.default_rng(int(sha256[:8], 16))
    blocks = tuple(block(median_ms * (1 + rng.normal(0, 0.008)), rng) for _ in range(6))
    runtime = "ort" if name.endswith("onnx") else "litert"
    environment = Environment(
        runtime=runtime,
        runtime_version={"ort": "1.31.1", "litert": "2.3.0"}[runtime],
        delegate="XNNPACK" if runtime == "litert" else None,
        threads=1,
        affinity=(2,),
        governor="performance",
        frequency_khz=2_400_000,
        temperature_c=41.3,
        load_1m=0.21,
        agent_version="0.1.0",
        agent_sha256="ab" * 32,
    )
    fields = {
        "model_name": name, "model_sha256": sha256, "device": device, "environment": environment, "blocks": blocks,
        "peak_rss_bytes": 31_000_000, "measured_utc": "2031-11-21T09:31:07Z",
    }  # fmt: skip
    return Measurement(**(fields | changes))


def trial(row: tuple, **changes: object) -> Trial:
    trial_id, status, architecture, score, parameters, latency, epochs, reason = row
    metrics = [
        Metric(name="trainable_params", value=float(parameters)),
        Metric(name="total_params", value=float(parameters)),
        Metric(name="param_bytes", value=4.0 * parameters, unit="bytes"),
        Metric(name="macs", value=float(40 * parameters)),
        Metric(
            name="latency_ms",
            value=latency,
            unit="ms",
            n=2,
            low=0.985 * latency,
            high=1.02 * latency,
        ),
    ]
    if score is not None:
        metrics.append(Metric(name="val_accuracy", value=score, n=287))
    fields = {
        "trial_id": trial_id, "status": Status(status), "architecture": architecture, "metrics": tuple(metrics),
        "blocks": drawn(architecture),
        "hyperparameters": {"optimizer": "adam", "learning_rate": 0.001, "set1_pairs": 1}, "epochs": epochs,
        "arch_id": hashlib.sha256(architecture.encode()).hexdigest()[:16], "reason": reason,
        "seconds": {"latency": 5.1, "training": 2.4 * epochs},
    }  # fmt: skip
    return Trial(**(fields | changes))


def drawn(architecture: str) -> tuple[DrawnBlock, ...]:
    """Return a box for each word of a one-line architecture."""
    chain = BlockChain()
    tip = chain.add("input 32x32x3", "input")
    for word in architecture.replace("|", " ").split():
        kind = {"S": "attention", "m": "pool", "a": "pool"}.get(word[0], "conv")
        tip = chain.add(word, kind, tip)
    return tuple(chain.blocks)


def artifact(owner: Trial, target: str, parameters: float, score: float) -> Artifact:
    parsed = ExportTarget.parse(target)
    precision = parsed.precision.value
    return Artifact(
        trial_id=owner.trial_id,
        format=parsed.format,
        precision=parsed.precision,
        sha256=hashlib.sha256(content(owner.trial_id, target)).hexdigest(),
        size_bytes=int(parameters * BYTES_A_PARAMETER[precision]) + 9_000,
        accuracy=round((score + LOSS[precision]) * HELDOUT) / HELDOUT,
        max_abs_diff=2.1e-7 if precision == "fp32" else 0.031,
        heldout_count=HELDOUT,
    )


def content(trial_id: str, target: str) -> bytes:
    """Return the bytes that stand for an exported file."""
    return f"{trial_id} {target}".encode() * 100


def make_suite(**changes: object) -> Suite:
    fields = {
        "name": "digits",
        "template": "squeezenet-se-auto",
        "data": DataPlan(name="digits", size=(32, 32)),
        "objectives": (
            Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.5),
            Objective(metric="param_bytes", goal=Goal.MIN, reference=4e6),
            Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0),
        ),
        "constraints": (Constraint.parse("param_bytes<=1500000"),),
        "baseline": "squeezenet-1.1",
        "oracle": OraclePlan(name="pareto", max_trials=8),
        "devices": ("pi5",),
        "latency": LatencyPlan(runtime="litert", blocks=2),
        "export": tuple(ExportTarget.parse(target) for target in TARGETS),
        "seed": 7,
    }
    return Suite(**(fields | changes))


def make_run(**changes: object) -> Run:
    fields = {
        "run_id": "1121-cedar",
        "suite": make_suite(),
        "suite_hash": "5f1c0a9be2d4",
        "suite_path": "suites/digits.yaml",
        "status": "completed",
        "wall_s": 1661.0,
        "started_utc": "2031-11-21T09:02:44Z",
        "argv": ("search", "digits", "--seed", "7"),
        "git_commit": "cef205d1f0b7c2a98be1",
        "git_dirty": False,
        "versions": {"edgebench": "0.1.0", "keras": "3.15.1", "tensorflow": "2.19.1"},
        "host": {"machine": "x86_64", "cores": 2},
        "devices": (
            DeviceInfo(
                name="pi5", transport="ssh", machine="aarch64", system="Linux 6.6", model="Raspberry Pi 5", cores=4,
                memory_bytes=8_254_000_000, python="3.11.2", runtimes={"litert": "2.3.0", "ort": "1.31.1"},
            ),
        ),
        "data": {"name": "digits", "train": 1150, "validation": 287, "test": 360},
    }  # fmt: skip
    return Run(**(fields | changes))


def make_result(
    rows: tuple = SEARCHED, *, devices: tuple[str, ...] = ("pi5",), **changes: object
) -> RunResult:
    """Return a run over ``rows`` with a baseline, its winners exported and measured on every device."""
    suite = make_suite(devices=devices)
    baseline_row = (
        "base",
        "completed",
        "conv64 | max | fire2 3 | max | 4 5",
        0.951,
        725_577,
        1.92,
        8,
        "",
    )
    searched = [trial(row) for row in rows]
    baseline = trial(baseline_row, is_baseline=True, hyperparameters={"optimizer": "adam"})
    tested = Metric(name="test_accuracy", value=0.956, n=HELDOUT)
    searched = [
        replace(t, metrics=(*t.metrics, tested)) if t.trial_id in ("t004", "t008") else t
        for t in searched
    ]
    winners = [(t, r) for t, r in zip([*searched, baseline], [*rows, baseline_row], strict=True)
               if t.trial_id in ("t001", "t002", "t004", "t007", "t008", "base")]  # fmt: skip
    artifacts, measurements, confirmed = [], {}, {}
    for owner, (_, _, _, score, parameters, latency, _, _) in winners:
        for target in TARGETS:
            file = artifact(owner, target, parameters, score)
            artifacts.append(file)
            factor = SPEED[file.precision.value] * (1.2 if target.startswith("onnx") else 1.0)
            measurements[owner.trial_id, file.sha256] = tuple(
                measurement(
                    file.sha256, file.file_name, latency * factor * (1 + 1.7 * rank), device
                )
                for rank, device in enumerate(devices)
            )
            if target == "tflite-fp32":
                (measured, *_) = measurements[owner.trial_id, file.sha256]
                confirmed[owner.trial_id] = (measured.as_metric(),)
    fields = {
        "run": make_run(suite=suite),
        "trials": (*searched, baseline),
        "artifacts": tuple(artifacts),
        "measurements": measurements,
        "confirmed": confirmed,
    }
    return RunResult(**(fields | changes))


class Store:
    """A folder of files by sha256, as the search keeps them; `path` gives an artifact's place."""

    def __init__(self, folder: Path, artifacts: tuple[Artifact, ...]) -> None:
        self.folder = folder
        for file in artifacts:
            target = f"{file.format.value}-{file.precision.value}"
            (folder / file.sha256).write_bytes(content(file.trial_id, target))

    def path(self, file: Artifact) -> Path:
        return self.folder / file.sha256


def poor_results() -> dict[str, RunResult]:
    """Return runs that lack something, by what they lack."""
    full = make_result()
    baseline = full.trials[-1]
    searched = full.trials[:-1]
    failed = tuple(
        replace(t, status=Status.FAILED, metrics=(), reason="out of memory") for t in searched
    )
    beyond = tuple(
        replace(t, status=Status.INFEASIBLE, reason="param_bytes is over its limit")
        for t in searched
    )
    tight = replace(
        full.run, suite=make_suite(constraints=(Constraint.parse("param_bytes<=1000"),))
    )
    unmeasured = tuple(
        replace(t, metrics=tuple(m for m in t.metrics if m.name != "latency_ms"))
        for t in full.trials
    )
    unscored = tuple(replace(a, accuracy=None, max_abs_diff=None) for a in full.artifacts)
    nothing = {"artifacts": (), "measurements": {}, "confirmed": {}}
    return {
        "no trials": replace(full, trials=(), **nothing),
        "running": replace(full, trials=(replace(searched[0], status=Status.RUNNING),), **nothing),
        "all failed": replace(full, trials=failed, **nothing),
        "all infeasible": replace(full, run=tight, trials=beyond, **nothing),
        "nothing beats the reference": replace(
            full, trials=(trial(("t001", "completed", "fire2", 0.1, 900, 0.2, 8, "")),), **nothing
        ),
        "measure later": replace(full, trials=unmeasured, **nothing),
        "no artifacts": replace(full, **nothing),
        "no baseline": replace(
            full,
            run=replace(full.run, suite=make_suite(baseline=None)),
            trials=searched,
            artifacts=tuple(a for a in full.artifacts if a.trial_id != baseline.trial_id),
        ),
        "files not scored": replace(full, artifacts=unscored),
        "files not measured": replace(full, measurements={}, confirmed={}),
        "one trial": make_result(SEARCHED[:1]),
        "no int8": replace(
            full, artifacts=tuple(a for a in full.artifacts if a.precision is not Precision.INT8)
        ),
        "the second device alone measured": _one_of_two(),
        "answers that are no numbers": replace(full, artifacts=_without_numbers(full)),
        **_measured_oddly(full),
        "dates that are none": replace(
            full,
            run=replace(full.run, wall_s=math.nan, data={"task": None, "notes": None}),
            trials=tuple(
                replace(t, started_utc="2031-01-01T00:00:00", finished_utc="later")
                for t in full.trials
            ),
        ),
        "no facts": replace(
            full,
            run=Run(run_id="bare", suite=make_suite(objectives=full.run.suite.objectives), suite_hash="0"),
        ),
    }  # fmt: skip


def _one_of_two() -> RunResult:
    """Return a run on two devices of which the second alone was measured."""
    two = make_result(devices=("pi5", "pi4"))
    (known,) = two.run.devices
    run = replace(two.run, devices=(known, replace(known, name="pi4")))
    measurements = {key: taken[1:] for key, taken in two.measurements.items()}
    return replace(two, run=run, measurements=measurements)


def _without_numbers(full: RunResult) -> tuple[Artifact, ...]:
    """Return the files as those are scored that answer NaN."""
    parity = Parity(
        examples=0, max_abs_diff=math.nan, mean_abs_diff=math.inf, agreement=math.nan, mcnemar_p=math.nan,
        scores={"accuracy of 0": math.nan}, layers=(LayerError(layer="fire2", relative=math.inf, examples=1),),
    )  # fmt: skip
    return tuple(
        replace(a, accuracy=math.nan, max_abs_diff=math.nan, parity=parity) for a in full.artifacts
    )


def _measured_oddly(full: RunResult) -> dict[str, RunResult]:
    """Return runs whose measurements hold what cannot be drawn."""

    def changed(**facts: Any) -> RunResult:
        taken = {k: tuple(replace(m, **facts) for m in ms) for k, ms in full.measurements.items()}
        return replace(full, measurements=taken)

    still = Block(samples_ns=(0.0,) * 3, init_ns=1, first_ns=1, warmup_invokes=0)
    ran = next(iter(full.measurements.values()))[0].environment
    window = Window(at_s=0.0, median_ns=1e6, invokes=9, temperature_c=math.nan)
    return {
        "a clock that stood still": changed(blocks=(still, still)),
        "a thermometer that tells nothing": changed(
            environment=replace(ran, temperature_c=math.nan, load_1m=math.nan),
            sustained=(window,),
        ),
    }


@pytest.fixture(scope="session")
def result() -> RunResult:
    return make_result()


@pytest.fixture(scope="session")
def build() -> SimpleNamespace:
    """The builders above, for runs that differ in one thing."""
    return SimpleNamespace(
        result=make_result, suite=make_suite, run=make_run, trial=trial, measurement=measurement, block=block,
        artifact=artifact, searched=SEARCHED, store=make_store,
    )  # fmt: skip


@pytest.fixture(scope="session")
def poor() -> dict[str, RunResult]:
    return poor_results()


def make_store(folder: Path, result: RunResult) -> Store:
    """Return a store of the result's files, in a folder of its own."""
    files = folder / f"store-{result.run.run_id}"
    files.mkdir(exist_ok=True)
    return Store(files, result.artifacts)


@pytest.fixture
def store(tmp_path: Path, result: RunResult) -> Store:
    return make_store(tmp_path, result)


@pytest.fixture(params=sorted(poor_results()))
def poor_result(request: pytest.FixtureRequest, poor: dict[str, RunResult]) -> RunResult:
    return poor[request.param]
