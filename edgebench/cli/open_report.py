"""edgebench open: the report of a run in the browser."""

from __future__ import annotations

import os
import sys
import webbrowser

from edgebench.cli import options
from edgebench.cli.screen import Told, err, out

PAGE = "index.html"
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def open_report(
    run_id: options.RunOrNewest = None,
    store: options.Store = options.DEFAULT_STORE,
    reports: options.Reports = options.DEFAULT_REPORTS,
) -> None:
    """Open the report of a run in the browser, drawn first where it is missing.

    Prints its path, and says why where no browser can be opened.
    """
    from edgebench import api

    page = reports / run_id / PAGE if run_id else None
    if page is None or not page.is_file():
        run = api.chosen_run(run_id, store)
        page = reports / run / PAGE
    if not page.is_file():
        with Told() as told:
            told(f"drawing {page}")
            api.draw(run, store=store, reports=reports)
    out().print(str(page), markup=False, soft_wrap=True)
    reason = _why_not()
    if not reason and not webbrowser.open(page.absolute().as_uri()):
        reason = "no browser was found"
    if reason:
        err().print(f"not opened: {reason}", markup=False, soft_wrap=True)


def _why_not() -> str:
    """Return why no browser should be asked for, or an empty string."""
    if os.environ.get("CI"):
        return "this is CI"
    if sys.platform.startswith("linux") and not any(map(os.environ.get, DISPLAYS)):
        return "there is no display; edgebench watch serves it on a port, which ssh -L can forward"
    return ""
