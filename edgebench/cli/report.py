"""edgebench report: redraw a run's report from the store."""

from __future__ import annotations

from typing import Annotated

import typer

from edgebench.cli import options
from edgebench.cli.screen import out, print_json


def report(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run's id.")],
    store: options.Store = options.DEFAULT_STORE,
    reports: options.Reports = options.DEFAULT_REPORTS,
    as_json: options.Json = False,
) -> None:
    """Redraw reports/RUN: page, tables, summary and model files."""
    from edgebench import api

    drawn = api.report(run_id, store=store, reports=reports)
    if as_json:
        print_json(drawn.summary)
        return
    out().print(str(drawn.report), markup=False, soft_wrap=True)
