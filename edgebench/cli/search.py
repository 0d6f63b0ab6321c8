"""edgebench search: the main job."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from edgebench.cli import completion, options
from edgebench.cli.ending import print_ending, print_stopped
from edgebench.cli.live import observer_for
from edgebench.cli.screen import print_json
from edgebench.errors import InputError, StoppedError, UnknownNameError


def search(
    suite: options.Suite = "digits",
    objective: Annotated[
        str | None, typer.Option("--objective", metavar="pareto|weighted|accuracy|latency|size")
    ] = None,
    oracle: Annotated[
        str | None,
        typer.Option("--oracle", metavar="pareto|random|bayesian|hyperband|PLUGIN|module:Class"),
    ] = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option("--constraint", metavar="METRIC<=N", help='As "latency_ms<=20". Repeat.'),
    ] = None,
    weight: Annotated[
        list[str] | None, typer.Option("--weight", metavar="METRIC=W", help="Repeat.")
    ] = None,
    max_trials: Annotated[
        int | None, typer.Option("--max-trials", help="A total: the run is finished, not repeated.")
    ] = None,
    max_epochs: Annotated[int | None, typer.Option("--max-epochs")] = None,
    rungs: Annotated[
        str | None,
        typer.Option(
            "--rungs", metavar="2,4", help="Epochs at which trials pause; the better half goes on."
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option("--repeats", help="Trainings of each model on the front, other seeds each."),
    ] = None,
    time_budget: Annotated[
        str | None, typer.Option("--time-budget", metavar="30m", help="No new trial after this.")
    ] = None,
    device: options.Devices = None,
    precision: Annotated[
        str | None,
        typer.Option("--precision", metavar="fp32|int8", help="What latency is measured on."),
    ] = None,
    executor: Annotated[
        str, typer.Option("--executor", metavar="local|ray", help="Where trials run.")
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option("--ray-address", metavar="HOST:PORT", help="Of a running Ray cluster."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Trials at once; one a core by default.")
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            metavar="mirrored",
            help="One trial at a time, each batch split over all GPUs of this machine.",
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            "--template", metavar="NAME|module:Class", autocompletion=completion.templates
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="NAME|PATH|module:function", autocompletion=completion.data),
    ] = None,
    sample: Annotated[
        float | None, typer.Option("--sample", help="The share of the data that is used.")
    ] = None,
    sets: options.Sets = None,
    scale: Annotated[
        float | None,
        typer.Option("--scale", help="Shrink trials and epochs, marked in the report."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RUN", help="Go on with a run.", autocompletion=completion.runs
        ),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Start another run even where this question has one.")
    ] = False,
    measure_later: Annotated[
        bool,
        typer.Option("--measure-later", help="Reach no device; --resume measures, and ships."),
    ] = False,
    store: options.Store = options.DEFAULT_STORE,
    reports: options.Reports = options.DEFAULT_REPORTS,
    as_json: options.Json = False,
) -> None:
    """Search for the networks worth shipping, export and measure them, draw the report.

    Trains on Keras's backend: set KERAS_BACKEND to tensorflow, jax or torch.
    """
    from edgebench.executors import EXECUTORS, Workers

    if executor not in EXECUTORS:
        raise UnknownNameError("an executor", executor, EXECUTORS)
    if ray_address and executor != "ray":
        raise InputError("--ray-address is of no use here", remedy="add --executor ray")
    where = Workers(count=workers, executor=executor, ray_address=ray_address, strategy=strategy)
    from edgebench import api

    chosen: dict[str, Any] = {
        "objective": objective,
        "oracle": oracle,
        "constraints": constraint,
        "weights": options.parse_numbers("--weight", weight),
        "max_trials": max_trials,
        "max_epochs": max_epochs,
        "rungs": options.parse_whole_numbers("--rungs", rungs),
        "devices": device,
        "precision": precision,
        "template": template,
        "data": data,
        "sample": sample,
        "sets": options.parse_pairs("--set", sets),
        "scale": scale,
        "repeats": repeats,
        "seed": seed,
        "measure_later": measure_later,
    }
    observer = observer_for(as_json=as_json)
    try:
        with observer:
            result = api.search(
                suite,
                observer=observer,
                resume=resume,
                new=new,
                workers=where,
                time_budget_s=options.parse_duration_s("--time-budget", time_budget),
                store=store,
                reports=reports,
                argv=sys.argv[1:],
                **chosen,
            )
    except StoppedError as stopped:
        print_stopped(stopped, store=store)
        raise typer.Exit(stopped.exit_code) from None
    if as_json:
        print_json(result.summary)
    else:
        print_ending(result)
