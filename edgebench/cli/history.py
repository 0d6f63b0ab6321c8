"""edgebench history: each benchmark over commits, with steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgebench.cli import options
from edgebench.cli.files import write_text
from edgebench.cli.screen import err, out, print_json, print_table

if TYPE_CHECKING:
    from edgebench.gate.history import History

DEFAULT_OUT = Path("history.html")


def history(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Stored results, as pytest-benchmark keeps them."),
    ],
    to: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where the page is written.")
    ] = DEFAULT_OUT,
    as_json: options.Json = False,
) -> None:
    """Show each benchmark over commits, and the commits at which its latency took a step."""
    from edgebench.gate.history import as_document, read_history
    from edgebench.gate.history_page import render_history

    found = read_history(folder)
    for sentence in found.skipped:
        err().print(f"skipped  {sentence}", markup=False, soft_wrap=True)
    write_text(to, render_history(found))
    if as_json:
        print_json({**as_document(found), "page": str(to)})
        return
    _print(found)
    out().print(str(to), markup=False, soft_wrap=True)


def _print(found: History) -> None:
    from edgebench.gate.history_page import commit_of
    from edgebench.report import figures

    steps = [(timeline, step) for timeline in found.timelines for step in timeline.steps]
    if not steps:
        out().print(f"no step in {len(found.timelines)} series", markup=False)
        return
    decimals = figures.decimals_for(step.from_ms for _, step in steps)
    print_table(
        ("benchmark", "machine", "commit", "date", "from ms", "to ms", "ratio"),
        [
            (
                timeline.benchmark,
                timeline.machine,
                commit_of(step.at),
                f"{step.at.committed:%Y-%m-%d}",
                figures.milliseconds(step.from_ms, decimals),
                figures.milliseconds(step.to_ms, decimals),
                f"{step.ratio:.3f}",
            )
            for timeline, step in steps
        ],
        text=4,
    )
