"""edgebench report: redraw a run's report from the store, or the published tables with ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli import options
from edgebench.cli.screen import out, print_json
from edgebench.errors import InputError


def report(
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run's id; with --paper, none.")
    ] = None,
    paper: Annotated[
        bool, typer.Option("--paper", help="The published tables, with all runs beside them.")
    ] = False,
    store: Annotated[
        list[Path] | None,
        typer.Option("--store", help="Folder of all results. With --paper, repeat."),
    ] = None,
    reports: options.Reports = options.DEFAULT_REPORTS,
    as_json: options.Json = False,
) -> None:
    """Redraw reports/RUN: page, tables, summary and model files; or reports/paper."""
    from edgebench import api

    stores = store or [options.DEFAULT_STORE]
    if paper == (run_id is not None):
        raise InputError(
            "report takes a run or --paper, one of the two",
            remedy="edgebench report RUN, or edgebench report --paper",
        )
    if run_id is None:
        page, document = api.paper(stores=stores, reports=reports)
    elif len(stores) > 1:
        raise InputError("a run is in one store", remedy="give --store once")
    else:
        drawn = api.report(run_id, store=stores[0], reports=reports)
        page, document = drawn.report, dict(drawn.summary)
    if as_json:
        print_json(document)
        return
    out().print(str(page), markup=False, soft_wrap=True)
