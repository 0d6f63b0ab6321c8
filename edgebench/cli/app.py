"""The `edgebench` command: its verbs, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated

import typer

from edgebench.cli import (
    baseline,
    check,
    compare,
    data,
    device,
    doctor,
    export,
    history,
    init,
    open_report,
    profile,
    report,
    runs,
    search,
    template,
    watch,
)
from edgebench.cli.screen import print_error, print_usage
from edgebench.errors import EdgebenchError

app = typer.Typer(
    name="edgebench",
    help="Search, measure and export small neural networks for edge devices.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("check")(check.check)
app.command("search")(search.search)
app.add_typer(template.app, name="template")
app.command("init")(init.init)
app.command("profile")(profile.profile)
app.command("compare")(compare.compare)
app.add_typer(baseline.app, name="baseline")
app.command("history")(history.history)
app.add_typer(data.app, name="data")
app.add_typer(device.app, name="device")
app.command("export")(export.export)
app.command("report")(report.report)
app.command("watch")(watch.watch)
app.command("open")(open_report.open_report)
app.add_typer(runs.app, name="runs")
app.command("doctor")(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"edgebench {metadata.version('edgebench')}")
        raise typer.Exit


@app.callback()
def main(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Search, measure and export small neural networks for edge devices."""
    del version
    if debug:
        os.environ["EDGEBENCH_DEBUG"] = "1"


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        done = app(args=list(argv), prog_name="edgebench", standalone_mode=False)
    except EdgebenchError as error:
        with contextlib.suppress(BrokenPipeError):
            print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        print_error(EdgebenchError("interrupted"))
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        if not print_usage(error):
            raise
        return 2
    return done if isinstance(done, int) else 0
