"""The `edgebench` command: its verbs, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import os
import traceback
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
from edgebench.errors import EdgebenchError, InputError, first_line

NOBODY_READS = 141  # as of a program that SIGPIPE ends

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
    """Run one command line and return its exit code; whatever fails, it is never that of a regression."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        done = app(args=list(argv), prog_name="edgebench", standalone_mode=False)
    except EdgebenchError as error:
        return _told(error)
    except KeyboardInterrupt:
        print_error(EdgebenchError("interrupted"))
        return 130
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            return NOBODY_READS
        raise
    except OSError as error:
        return _told(_of_file(error))
    except Exception as error:  # noqa: BLE001
        return 2 if print_usage(error) else _told(_unforeseen(error))
    return done if isinstance(done, int) else 0


def _told(error: EdgebenchError) -> int:
    with contextlib.suppress(BrokenPipeError):
        print_error(error)
    return error.exit_code


def _of_file(error: OSError) -> InputError:
    told = InputError(
        f"{error.filename or 'a file'} cannot be read or written",
        why=error.strerror or str(error),
        remedy="make room or give rights there; edgebench --debug shows what was being done",
    )
    told.__cause__ = error
    return told


def _unforeseen(error: Exception) -> EdgebenchError:
    traceback.print_exception(error)
    return EdgebenchError(
        "edgebench met an error of its own",
        why=f"{type(error).__name__}: {first_line(error)}",
        remedy="report it with the lines above; what was recorded is kept",
    )
