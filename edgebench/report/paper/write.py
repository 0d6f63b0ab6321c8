"""Writing the page that holds published numbers against ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edgebench import scratch
from edgebench.records import RunResult
from edgebench.report.markdown import table, text
from edgebench.report.page import environment
from edgebench.report.paper.drawing import size_against_accuracy
from edgebench.report.paper.ours import outcomes_of
from edgebench.report.paper.published import DOI, GROUPS, ten_best
from edgebench.report.paper.tables import (
    SENTENCES,
    WORDS,
    Table,
    budget_sentence,
    paper_tables,
    ten_best_tables,
)
from edgebench.report.summary import as_json, as_plain
from edgebench.report.view import RunView

FOLDER = "paper"
SCHEMA_VERSION = 1


def write_paper(results: Iterable[RunResult], reports_dir: Path) -> Path:
    """Write ``reports_dir/paper`` of all runs that belong to a published experiment; return its index.html.

    The folder gets index.html, paper.md, paper.json and figure-18.svg.
    """
    views = [RunView.of(result) for result in results]
    folder = reports_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    tables = (*paper_tables(views), *ten_best_tables(views))
    drawing = size_against_accuracy(views)
    page = (
        environment()
        .get_template("paper.html.j2")
        .render(
            tables=tables,
            words=WORDS,
            sentences=SENTENCES,
            drawings={drawing.name: drawing},
            budget=budget_sentence(),
            doi=DOI,
        )
    )
    for name, content in {
        "paper.json": as_json(paper_document(views)),
        "paper.md": _markdown(tables),
        "figure-18.svg": drawing.svg,
        "index.html": page,
    }.items():
        with scratch.replacing(folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")
    return folder / "index.html"


def paper_document(views: Iterable[RunView]) -> dict[str, Any]:
    """Return the published figures and our outcomes, case by case, as plain values."""
    known = list(views)
    return {
        "schema_version": SCHEMA_VERSION,
        "doi": DOI,
        "cases": [
            {
                "suite": f"paper/{case.suite}",
                "title": case.title,
                "data": case.data,
                "sample": case.sample,
                "metric": case.metric,
                "published": [as_plain(dataclasses.asdict(figure)) for figure in case.figures],
                "published_ten_best": [as_plain(figure) for figure in ten_best(case)],
                "ours": [as_plain(outcome) for outcome in outcomes_of(case, known)],
            }
            for group in GROUPS
            for case in group.cases
        ],
    }


def _markdown(tables: Iterable[Table]) -> str:
    parts = [
        "# Published numbers and ours",
        text(budget_sentence()),
        "![Size against accuracy](figure-18.svg)",
    ]
    for each in tables:
        parts += [
            f"## {text(each.title)}",
            text(each.about),
            table(each.header, each.rows, left=each.left),
        ]
    return "\n\n".join(parts) + "\n"
