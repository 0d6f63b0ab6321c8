"""edgebench profile: measure model files on devices."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebench.cli import options
from edgebench.cli.operations import print_ops, print_shares
from edgebench.cli.screen import err, out, print_json, print_table
from edgebench.errors import EdgebenchError, InputError
from edgebench.records import Measurement

if TYPE_CHECKING:
    from edgebench.runtimes import Op


def profile(
    models: Annotated[list[Path], typer.Argument(help=".tflite, .onnx or .keras files.")],
    device: Annotated[
        list[str] | None, typer.Option("--device", help="A device's name or file. Repeat.")
    ] = None,
    runtime: Annotated[
        str,
        typer.Option(
            "--runtime", metavar="auto|tflite|litert|ort|keras", help="What runs the model."
        ),
    ] = "auto",
    delegate: Annotated[
        str | None,
        typer.Option(
            "--delegate",
            help="What must run the graph: xnnpack, none, cuda, tensorrt, cpu, gpu, ...",
        ),
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=1)] = 1,
    blocks: Annotated[int, typer.Option("--blocks", min=1, help="Fresh processes.")] = 6,
    block_s: Annotated[
        float, typer.Option("--block-s", min=0.05, max=30.0, help="Seconds timed in each.")
    ] = 2.0,
    sustained: Annotated[
        str | None,
        typer.Option("--sustained", metavar="TIME", help="Run without a pause besides: 90s, 10m."),
    ] = None,
    per_op: Annotated[
        bool, typer.Option("--per-op", help="List the operations too, from a run of their own.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Measure model files on devices, in blocks of fresh processes."""
    from edgebench import api
    from edgebench.devices import find_device

    for name in device or ["local"]:
        find_device(name)
    for model in models:
        if not model.is_file():
            raise InputError(f"{model} does not exist", why="expected a model file there")
    sustained_s = options.parse_duration_s("--sustained", sustained)
    measurements: list[Measurement] = []
    ops: list[tuple[Op, ...]] = []
    try:
        for name in device or ["local"]:
            measured = api.profile_all(
                models,
                device=name,
                runtime=runtime,
                delegate=delegate,
                threads=threads,
                blocks=blocks,
                block_s=block_s,
                sustained_s=sustained_s,
                told=lambda sentence: err().print(sentence, markup=False, soft_wrap=True),
            )
            for model, measurement in zip(models, measured, strict=True):
                measurements.append(measurement)
                if per_op:
                    ops.append(
                        api.per_op(
                            model, device=name, runtime=runtime, delegate=delegate, threads=threads
                        )
                    )
    except EdgebenchError:
        if measurements:
            _show(measurements, ops, as_json=as_json)
        raise
    _show(measurements, ops, as_json=as_json)


def _show(measurements: list[Measurement], ops: Sequence[tuple[Op, ...]], *, as_json: bool) -> None:
    """Print what was measured, also where a device failed after it."""
    if as_json:
        documents = [as_document(measurement) for measurement in measurements]
        for document, listed in zip(documents, ops, strict=False):
            document["ops"] = [dataclasses.asdict(op) for op in listed]
        print_json({"schema_version": 1, "measurements": documents})
        return
    if measurements:
        _print(measurements)
    for measurement, listed in zip(measurements, ops, strict=False):
        print_ops(measurement, listed)


def as_document(measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as `profile --json` prints it."""
    environment, latency = measurement.environment, measurement.as_metric()
    return {
        "model": measurement.model_name,
        "sha256": measurement.model_sha256,
        "device": measurement.device,
        "runtime": environment.runtime,
        "runtime_version": environment.runtime_version,
        "delegate": environment.delegate,
        "threads": environment.threads,
        "blocks": len(measurement.blocks),
        "p50_ms": measurement.p50_ms,
        "p50_low_ms": measurement.p50_low_ms,
        "p50_high_ms": measurement.p50_high_ms,
        "p90_ms": measurement.p90_ms,
        "p99_ms": measurement.p99_ms,
        "floor_ms": measurement.floor_ms,
        "init_ms": min(block.init_ns for block in measurement.blocks) / 1e6,
        "first_ms": min(block.first_ns for block in measurement.blocks) / 1e6,
        "peak_rss_bytes": measurement.peak_rss_bytes,
        "ranked_by": measurement.rank_by,
        "latency_ms": latency.value,
        "latency_low_ms": latency.low,
        "latency_high_ms": latency.high,
        "outputs": _outputs(measurement),
        "sustained": [dataclasses.asdict(window) for window in measurement.sustained],
        "valid": measurement.valid,
        "reasons": list(measurement.reasons),
        "environment": dataclasses.asdict(environment),
    }


def _outputs(measurement: Measurement) -> dict[str, Any] | None:
    agreement = measurement.agreement
    return (
        None if agreement is None else {**dataclasses.asdict(agreement), "agree": agreement.holds}
    )


def _print(measurements: list[Measurement]) -> None:
    from edgebench.report import figures

    decimals = figures.decimals_for([m.p50_low_ms for m in measurements])
    rows = []
    for measurement in measurements:
        environment = measurement.environment
        rows.append(
            (
                measurement.model_name,
                measurement.device,
                f"{environment.runtime} {environment.runtime_version}",
                figures.milliseconds(measurement.p50_ms, decimals),
                figures.interval(measurement.p50_low_ms, measurement.p50_high_ms, decimals),
                figures.milliseconds(measurement.floor_ms, decimals),
                figures.milliseconds(measurement.p90_ms, decimals),
                str(len(measurement.blocks)),
            )
        )
    print_table(
        ("model", "device", "runtime", "p50 ms", "[interval]", "floor", "p90", "blocks"),
        rows,
        text=3,
    )
    print_shares(measurements)
    for measurement in measurements:
        for sentence in _sentences(measurement):
            where = f"{measurement.model_name} on {measurement.device}"
            out().print(f"{where} {sentence}", markup=False, soft_wrap=True)


def _sentences(measurement: Measurement) -> Iterator[str]:
    if measurement.reasons:
        state = "noisy" if measurement.valid else "invalid"
        yield f"is {state}: {', '.join(r.replace('_', ' ') for r in measurement.reasons)}"
    agreement = measurement.agreement
    if agreement is not None:
        how = "agree" if agreement.holds else "DIFFER"
        yield (
            f"and {agreement.against}: outputs {how}, largest difference {agreement.max_abs_diff:.2g} "
            f"of {agreement.examples} inputs"
        )
    windows = measurement.sustained
    if windows:
        first, last = windows[0], windows[-1]
        hottest = max(
            (w.temperature_c for w in windows if w.temperature_c is not None), default=None
        )
        warmth = "" if hottest is None else f", at most {hottest:.0f} degrees"
        yield (
            f"without a pause for {last.at_s:.0f} s: {first.median_ns / 1e6:.4g} ms at first, "
            f"{last.median_ns / 1e6:.4g} ms at last ({last.median_ns / first.median_ns - 1:+.1%}){warmth}"
        )
