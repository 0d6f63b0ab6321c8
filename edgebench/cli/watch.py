"""edgebench watch: the report of a run, live in the browser."""

from __future__ import annotations

import contextlib
import os
from typing import Annotated

import typer

from edgebench.cli import options
from edgebench.cli.screen import out

LAST_IN_LINE = 19


def watch(
    run_id: options.RunOrNewest = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=1, max=65535, help="Default: 8630, or a free one where that is taken."
        ),
    ] = None,
    store: options.Store = options.DEFAULT_STORE,
    reports: options.Reports = options.DEFAULT_REPORTS,
) -> None:
    """Serve the report of a run on 127.0.0.1 and follow it as trials end; Ctrl-C ends it.

    Nothing is written. The search goes on in its own process, and this one makes room for it.
    """
    from functools import partial

    from edgebench import api
    from edgebench.serving import Site, serve

    run = api.chosen_run(run_id, store)
    os.nice(LAST_IN_LINE)  # a latency may be measured meanwhile
    site = Site(run, partial(api.open_store, store), reports / run)
    with serve(site, port) as server:
        out().print(f"run {run}   {server.url}   Ctrl-C ends it", markup=False, soft_wrap=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
