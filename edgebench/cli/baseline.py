"""edgebench baseline: the files that a gate compares with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli import completion, options
from edgebench.cli.screen import Told, out, print_json

app = typer.Typer(help="Keep the files that a gate compares with.", no_args_is_help=True)


@app.command("save")
def save(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Model files, folders of them, or runs, whose picks are meant.",
            autocompletion=completion.runs,
        ),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder that CI commits.")],
    device: options.Devices = None,
    any_host: Annotated[
        bool,
        typer.Option(
            "--any-host",
            help="Let any machine of the same architecture stand in, as hosted CI gives.",
        ),
    ] = False,
    data: options.ScoreData = None,
    examples: options.Examples = None,
    input_range: options.InputRange = None,
    runtime: options.Runtime = None,
    delegate: options.Delegate = None,
    threads: options.Threads = None,
    store: options.Store = options.DEFAULT_STORE,
    as_json: options.Json = False,
) -> None:
    """Put files into a baseline folder; what it has by other names stays."""
    from edgebench import api

    chosen = {
        "data": data,
        "examples": examples,
        "input_range": options.parse_range("--input-range", input_range),
        "runtime": runtime,
        "delegate": delegate,
        "threads": threads,
    }
    with Told() as told:
        held = api.save_baseline(
            *names,
            to=to,
            device=device or ["local"],
            any_host=any_host,
            store=store,
            told=told,
            **{name: value for name, value in chosen.items() if value is not None},
        )
    if as_json:
        print_json({"schema_version": 1, "baseline": str(to), "benchmarks": held})
        return
    out().print(f"{to} holds {', '.join(held)}", markup=False, soft_wrap=True)
    out().print(f"next    edgebench compare {to} HEAD", markup=False, soft_wrap=True)
