"""edgebench profile: measure model files on devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebench.cli import completion, options
from edgebench.cli.operations import print_ops, print_shares
from edgebench.cli.scores import print_scores
from edgebench.cli.screen import Told, out, print_json, print_table
from edgebench.errors import EdgebenchError, InputError, UnknownNameError
from edgebench.records import DataPlan, Measurement

if TYPE_CHECKING:
    from edgebench.profiling import Profiled, SuiteProfile

MODEL_SUFFIXES = (".tflite", ".onnx", ".keras")


def profile(
    models: Annotated[
        list[str],
        typer.Argument(
            help=".tflite, .onnx or .keras files; or one suite of models.",
            autocompletion=completion.suites,
        ),
    ],
    device: options.Devices = None,
    runtime: options.Runtime = None,
    delegate: options.Delegate = None,
    threads: options.Threads = None,
    blocks: Annotated[
        int | None, typer.Option("--blocks", min=1, help="Fresh processes. Default: 6.")
    ] = None,
    block_s: options.BlockS = None,
    sustained: Annotated[
        str | None,
        typer.Option("--sustained", metavar="TIME", help="Run without a pause besides: 90s, 10m."),
    ] = None,
    per_op: Annotated[
        bool, typer.Option("--per-op", help="List the operations too, from a run of their own.")
    ] = False,
    data: options.ScoreData = None,
    examples: options.Examples = None,
    input_range: options.InputRange = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write profile.json, profile.md and index.html, the device view, there; with --per-op, node data for Model Explorer.",
        ),
    ] = None,
    benchmark_json: options.BenchmarkJson = None,
    as_json: options.Json = False,
) -> None:
    """Measure model files on devices, in blocks of fresh processes; with --data, score them too.

    A suite of models says all of that itself; options lie over it.
    """
    chosen: dict[str, Any] = {
        "runtime": runtime,
        "delegate": delegate,
        "threads": threads,
        "blocks": blocks,
        "block_s": block_s,
        "devices": tuple(device) if device else None,
    }
    asked: dict[str, Any] = {
        "examples": examples,
        "input_range": options.parse_range("--input-range", input_range),
    }
    told = Told()
    how: dict[str, Any] = {
        "sustained_s": options.parse_duration_s("--sustained", sustained),
        "lists_ops": per_op,
        "told": told,
    }
    suite = _suite_named(models)
    if suite is None:
        prepared = _of_files(models, data, _given(chosen), _given(asked), how)
    else:
        from edgebench import api

        prepared = api.prepare_profile(suite, data=data, **chosen, **asked, **how)
    _run(prepared, told, to=to, benchmark_json=benchmark_json, as_json=as_json)


def _given(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if value is not None}


def _suite_named(models: list[str]) -> str | None:
    """Return the suite that the arguments name; None where they are model files."""
    from edgebench import suites

    for name in models:
        if Path(name).suffix in (".yaml", ".yml") and len(models) > 1:
            raise InputError(f"{name} is profiled alone", why="a suite names its own models")
    path = Path(models[0])
    if path.suffix in (".yaml", ".yml"):
        return models[0]
    if len(models) > 1 or path.suffix in MODEL_SUFFIXES or path.is_file():
        return None
    try:
        suites.find(models[0])
    except UnknownNameError as error:
        raise InputError(
            f"{models[0]} does not exist",
            why="expected a model file, or a suite of that name",
            remedy=error.remedy,
        ) from None
    return models[0]


def _of_files(
    models: list[str],
    data: str | None,
    chosen: Mapping[str, Any],
    asked: Mapping[str, Any],
    how: Mapping[str, Any],
) -> SuiteProfile:
    """Return the work on plain files, as a suite of them."""
    from edgebench.profiling import SuiteProfile
    from edgebench.suites import ModelPlan, ModelSuite

    if data is None and asked:
        raise InputError("--examples and --input-range go with --data", remedy="add --data NAME")
    plan = None if data is None else DataPlan(name=data, validation="test")
    plans = tuple(ModelPlan(file=model, data=plan, **asked) for model in models)
    return SuiteProfile(ModelSuite(name="profile", models=plans, **chosen), **how)


def _run(
    prepared: SuiteProfile,
    told: Told,
    *,
    to: Path | None,
    benchmark_json: Path | None,
    as_json: bool,
) -> None:
    from edgebench.cli import files, profiled

    if to is not None:
        profiled.make_folder(to)
    if benchmark_json is not None:
        files.make_room(benchmark_json)
    try:
        with told:
            prepared.run()
    except EdgebenchError:
        if prepared.rows:
            _show(prepared.rows, as_json=as_json)
        raise
    if to is not None:
        profiled.write(prepared, to)
    if benchmark_json is not None:
        profiled.write_benchmarks(prepared.rows, benchmark_json)
    _show(prepared.rows, as_json=as_json)


def _show(rows: list[Profiled], *, as_json: bool) -> None:
    """Print what was measured, also where a device failed after it."""
    if as_json:
        from edgebench.exchange import profile_document

        print_json(profile_document(rows))
        return
    _print([row.measurement for row in rows])
    scores = [row.score for row in rows if row.score is not None]
    for kind in dict.fromkeys((score.data, score.metric) for score in scores):
        print_scores([score for score in scores if (score.data, score.metric) == kind])
    for row in rows:
        if row.ops is not None:
            print_ops(row.measurement, row.ops)


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
