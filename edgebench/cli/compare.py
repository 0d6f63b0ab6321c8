"""edgebench compare: the regression gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgebench.cli import completion, options
from edgebench.cli.files import make_room, write_text
from edgebench.cli.screen import Told, labelled, out, print_json, print_table
from edgebench.errors import InputError

if TYPE_CHECKING:
    from edgebench.gate import GateResult


def compare(
    base: Annotated[
        str,
        typer.Argument(
            help="A model file, a folder of them, a baseline folder, or a run.",
            autocompletion=completion.runs,
        ),
    ],
    head: Annotated[
        str | None,
        typer.Argument(help="Likewise. Left out only with --a-a.", autocompletion=completion.runs),
    ] = None,
    device: options.Devices = None,
    margin: Annotated[
        str | None,
        typer.Option("--margin", metavar="5%", help="How much longer a file may take."),
    ] = None,
    margins: Annotated[
        Path | None,
        typer.Option(
            "--margins", metavar="FILE", help="A YAML file with margins for each benchmark."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 where a check stays undecided, too.")
    ] = False,
    a_a: Annotated[
        bool,
        typer.Option(
            "--a-a",
            help="Run the baseline against itself first; refuse margins under twice the noise.",
        ),
    ] = False,
    data: options.ScoreData = None,
    examples: options.Examples = None,
    input_range: options.InputRange = None,
    runtime: options.Runtime = None,
    delegate: options.Delegate = None,
    threads: options.Threads = None,
    block_s: options.BlockS = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML there.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="Write a summary for a job page there."),
    ] = None,
    benchmark_json: options.BenchmarkJson = None,
    store: options.Store = options.DEFAULT_STORE,
    as_json: options.Json = False,
) -> int:
    """Hold files against their baseline: contents, answers, and latency in pairs of blocks on each device.

    Exits with 1 for a regression, 4 where something cannot be compared, 3 where a device is not fit for it.
    """
    from edgebench import api
    from edgebench.gate import as_junit, as_markdown, read_margin, results_as_benchmarks

    if head is None and not a_a:
        raise InputError("compare needs two sides", remedy="name HEAD, or give --a-a")
    chosen = {
        "data": data,
        "examples": examples,
        "input_range": options.parse_range("--input-range", input_range),
        "runtime": runtime,
        "delegate": delegate,
        "threads": threads,
        "block_s": block_s,
    }
    for path in (junit, markdown, benchmark_json):
        if path is not None:
            make_room(path)
    with Told() as told:
        result = api.compare(
            base,
            head,
            device=device or ["local"],
            margin=None if margin is None else read_margin("--margin", margin),
            margins=margins,
            noise=a_a,
            store=store,
            told=told,
            **{name: value for name, value in chosen.items() if value is not None},
        )
    if junit is not None:
        write_text(junit, as_junit(result))
    if markdown is not None:
        write_text(markdown, as_markdown(result))
    if benchmark_json is not None:
        write_text(benchmark_json, json.dumps(results_as_benchmarks([result]), indent=2) + "\n")
    if as_json:
        from edgebench.gate import as_document

        print_json(as_document(result))
    else:
        _print(result)
    return result.exit_code(strict=strict)


def _print(result: GateResult) -> None:
    from edgebench.gate import cautions

    print_table(
        ("benchmark", "check", "device", "verdict", "finding"),
        [
            (
                check.benchmark,
                check.kind.replace("_", " "),
                check.device or "",
                check.verdict.value,
                check.sentence,
            )
            for check in result.checks
        ],
        text=5,
    )
    for sentence in cautions(result):
        out().print(sentence, markup=False, soft_wrap=True)
    out().print(labelled("verdict", result.verdict.value, accent=True), soft_wrap=True)
