"""The report's page: one HTML file that asks the network for nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import jinja2
from markupsafe import Markup

from edgebench.records import Measurement
from edgebench.report import cautions, details, facts, figures, wording
from edgebench.report.architectures import draw_architectures
from edgebench.report.charts import Drawing, draw_charts
from edgebench.report.importance import Importance, importances
from edgebench.report.scripts import charts_library, packed, tables_library
from edgebench.report.strip import read_strip
from edgebench.report.summary import as_plain
from edgebench.report.tables import trials_table
from edgebench.report.view import RunView

MOST_ENTRIES = 500


def render_page(
    view: RunView, summary: Mapping[str, Any], decided: Sequence[Importance] | None = None
) -> str:
    """Return the page of one run as HTML.

    All text of the run is escaped, in the markup, in the scripts and in the drawings. Equal input gives an equal
    page, byte for byte.

    Args:
        view: The run.
        summary: Its summary document, kept in the page as data.
        decided: What decides the objectives, where it is known already.
    """
    drawings = draw_charts(view, importances(view) if decided is None else decided)
    models_dir = PurePosixPath(summary["report"]).parent / "models"
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            view=view,
            run=view.run,
            suite=view.run.suite,
            drawings=drawings,
            architectures=draw_architectures(view),
            pack=pack(drawings, with_tables=True),
            device_facts=list(facts.device_facts(view)),
            run_facts=facts.run_facts(view),
            chip=facts.chip(view),
            commands=facts.commands(view, models_dir),
            netron=lambda file: shlex.join(["netron", str(models_dir / file.artifact.file_name)]),
            data=_data(view, summary),
            decimals=figures.decimals_for(_latencies(view)),
        )
    )


def pack(drawings: Mapping[str, Drawing], *, with_tables: bool) -> Markup:
    """Return what ``page.js`` opens: the charts' library and specifications, and the tables' library where it is wanted."""
    return packed(
        {
            "charts": charts_library() if drawings else "",
            "specs": {name: drawing.spec for name, drawing in drawings.items()},
            "tables": tables_library() if with_tables else "",
        }
    )


@cache
def environment() -> jinja2.Environment:
    """Return what renders the templates of this room: all text is escaped."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("edgebench.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    found.filters.update(
        accuracy=figures.accuracy,
        capitalised=figures.capitalised,
        accuracy_interval=figures.accuracy_interval,
        points=figures.percentage_points,
        kib=figures.kibibytes,
        mib=figures.mebibytes,
        small=figures.small,
        count=figures.count,
        ms=figures.milliseconds,
        interval=figures.interval,
        duration=figures.duration,
        strip=read_strip,
        state=wording.state,
        ran_by=wording.ran_by,
        shell=shlex.join,
        order=lambda value: f"{value:.6g}" if figures.is_number(value) else -1,
        delegated=wording.delegated,
        sample_count=lambda measurement: len(measurement.pooled_ns()),
        drawn=lambda drawing: Markup(drawing.svg),  # noqa: S704 who draws escapes what is written
    )
    found.globals.update(
        headline=wording.headline,
        against_baseline=wording.against_baseline,
        certainty=wording.certainty,
        why_no_front=wording.why_no_front,
        cautions=cautions.cautions,
        notes=cautions.notes,
        what_the_file_is=wording.what_the_file_is,
        how_it_ended=wording.how_it_ended,
        device_matrix=details.device_matrix,
        class_rows=details.class_rows,
        class_precisions=details.class_precisions,
        worst_layers=details.worst_layers,
        operations=details.operations,
        ledger=details.ledger,
        sample_strip=details.sample_strip,
        most_entries=MOST_ENTRIES,
    )
    return found


def _latencies(view: RunView) -> Iterator[float]:
    for trial in view.ended:
        metric = view.metrics(trial).get("latency_ms")
        if metric:
            yield metric.value
    for file in view.all_files():
        yield from (measurement.p50_ms for measurement in file.measurements)


def _data(view: RunView, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the page's raw data: the summary, the run, a row a trial, and what was measured without samples."""
    return {
        "summary": as_plain(summary),
        "run": as_plain(view.run),
        "trials": _columns_and_rows(trials_table(view)),
        "measurements": _measurements(view),
    }


def _columns_and_rows(frame: Any) -> dict[str, Any]:
    rows = as_plain(frame.to_numpy().tolist())
    return {"columns": list(frame.columns), "rows": [list(map(_short, row)) for row in rows]}


def _short(value: Any) -> Any:
    """Round to seven digits: with all of them, that a computed share has, a large run's page would double."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _measurements(view: RunView) -> dict[str, Any]:
    """Return the measurements of the ledger's table as columns and rows."""
    taken = details.ledger(view)[:MOST_ENTRIES]
    rows = [{"trial_id": each.trial_id, **_measured(each.measurement)} for each in taken]
    columns = list(rows[0]) if rows else []
    return {"columns": columns, "rows": [list(map(_short, row.values())) for row in rows]}


def _measured(measurement: Measurement) -> dict[str, Any]:
    return {
        "model": measurement.model_name,
        "sha256": measurement.model_sha256,
        "device": measurement.device,
        "blocks": len(measurement.blocks),
        "p50_ms": measurement.p50_ms,
        "p50_low_ms": measurement.p50_low_ms,
        "p50_high_ms": measurement.p50_high_ms,
        "p90_ms": measurement.p90_ms,
        "p99_ms": measurement.p99_ms,
        "floor_ms": measurement.floor_ms,
        "peak_rss_bytes": measurement.peak_rss_bytes,
        "valid": measurement.valid,
        "reasons": list(measurement.reasons),
        **as_plain(measurement.environment),
    }
