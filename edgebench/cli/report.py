"""edgebench report: a run's report from the store, in one form or another; or the published tables with ours."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from edgebench.cli import options
from edgebench.cli.screen import Told, out, print_json
from edgebench.errors import InputError


def report(
    run_id: options.RunOrNewest = None,
    forms: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="html|md|csv|json|parquet|mlflow|tensorboard|optuna",
            help="Repeat. Default: html. A single md, csv, json or parquet is printed where there is no --out.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="FILE|DIR|URI",
            help="Where other forms than html go: a file, a folder, MLflow's address.",
        ),
    ] = None,
    front: Annotated[
        bool, typer.Option("--front", help="Of csv and parquet: the front alone, not all trials.")
    ] = False,
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
    """Redraw reports/RUN: page, tables, summary and model files; or write a run for other programs; or reports/paper."""
    from edgebench import api

    stores = store or [options.DEFAULT_STORE]
    if paper:
        if run_id is not None:
            raise InputError(
                "report takes a run or --paper, one of the two",
                remedy="edgebench report RUN, or edgebench report --paper",
            )
        if forms or to or front:
            raise InputError("--paper is one page", remedy="leave --format, --out and --front out")
        _draw_paper(stores, reports, as_json=as_json)
        return
    if len(stores) > 1:
        raise InputError("a run is in one store", remedy="give --store once")
    known = api.chosen_run(run_id, stores[0])
    if forms is None and to is None and not front:
        _draw(known, stores[0], reports, as_json=as_json)
    else:
        _write(
            known, forms or [], to, front=front, store=stores[0], reports=reports, as_json=as_json
        )


def _draw_paper(stores: list[Path], reports: Path, *, as_json: bool) -> None:
    from edgebench import api

    page, document = api.paper(stores=stores, reports=reports)
    _tell(page, document, as_json=as_json)


def _draw(run_id: str, store: Path, reports: Path, *, as_json: bool) -> None:
    from edgebench import api

    with Told() as told:
        told(f"drawing {reports / run_id}")
        drawn = api.draw(run_id, store=store, reports=reports)
    _tell(drawn.report_path, drawn.summary, as_json=as_json)


def _tell(page: Path, document: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(dict(document))
    else:
        out().print(str(page), markup=False, soft_wrap=True)


def _write(
    run_id: str,
    forms: list[str],
    to: str | None,
    *,
    front: bool,
    store: Path,
    reports: Path,
    as_json: bool,
) -> None:
    """Write the forms and print where each is; print one of text itself where it has no place to go."""
    from edgebench import api
    from edgebench.exchange.forms import FILES

    if to is None and len(forms) == 1 and forms[0] in FILES and not as_json:
        if forms[0] == "parquet" and sys.stdout.isatty():
            raise InputError("parquet is not for a terminal", remedy="add --out FILE.parquet")
        said = api.render_report(run_id, forms[0], front=front, store=store, reports=reports)
        sys.stdout.buffer.write(said)
        sys.stdout.flush()
        return
    written = api.write_reports(run_id, forms, out=to, front=front, store=store, reports=reports)
    if as_json:
        places = [{"format": one.form, "place": one.place} for one in written]
        print_json({"schema_version": 1, "run_id": run_id, "written": places})
        return
    for one in written:
        out().print(one.place, markup=False, soft_wrap=True)
