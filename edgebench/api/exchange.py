"""Runs in other forms, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.api.result import draw
from edgebench.api.stores import DEFAULT_REPORTS, DEFAULT_STORE, open_store
from edgebench.errors import InputError

if TYPE_CHECKING:
    from edgebench.exchange.forms import Written


def render_report(
    run_id: str,
    form: str,
    *,
    front: bool = False,
    store: str | Path = DEFAULT_STORE,
    reports: str | Path = DEFAULT_REPORTS,
) -> bytes:
    """Return a run as ``md``, ``csv``, ``json`` or ``parquet``; nothing is written.

    Args:
        run_id: A run.
        form: Which.
        front: Of a table, the front alone.
        store: Folder of all results.
        reports: Folder of all reports, which paths in a summary begin with.

    Raises:
        InputError: no such run or form.
    """
    from edgebench.exchange import forms
    from edgebench.report import RunView

    forms.check_forms([form], None, is_front=front)
    with open_store(store) as opened:
        view = RunView.of(opened.load(run_id))
    return forms.render(view, form, report_dir=Path(reports) / run_id, is_front=front)


def write_reports(
    run_id: str,
    wanted: Sequence[str],
    *,
    out: str | None = None,
    front: bool = False,
    store: str | Path = DEFAULT_STORE,
    reports: str | Path = DEFAULT_REPORTS,
) -> list[Written]:
    """Write a run in one or more forms, and return where each is.

    Args:
        run_id: A run.
        wanted: Of ``html``, ``md``, ``csv``, ``json``, ``parquet``, ``mlflow``, ``tensorboard`` and ``optuna``.
        out: A file; a folder, for several; for ``mlflow`` its tracking URI. The page goes to ``reports``.
        front: Of tables, the front alone.
        store: Folder of all results.
        reports: Folder of all reports; ``html`` and ``mlflow`` draw the run's report there.

    Raises:
        InputError: no such run or form, or it cannot be written there.
        UnavailableError: the library that a form needs is not installed.
    """
    from edgebench.exchange import forms
    from edgebench.report import RunView

    wanted = list(dict.fromkeys(wanted))
    forms.check_forms(wanted, out, is_front=front)
    others = [form for form in wanted if form != forms.HTML]
    homeless = [form for form in others if out is None and form != forms.MLFLOW]
    if homeless:
        raise InputError(f"{homeless[0]} must be told where to go", remedy="add --out DIR")
    report_dir = Path(reports) / run_id
    page = ""
    if {forms.HTML, forms.MLFLOW} & set(wanted):
        page = str(draw(run_id, store=store, reports=reports).report_path)
    with open_store(store) as opened:
        view = RunView.of(opened.load(run_id))
    written = []
    for form in wanted:
        if form == forms.HTML:
            place = page
        elif form == forms.MLFLOW:
            place = forms.write_mlflow(view, out, report_dir=report_dir)
        else:
            path = _path(str(out), is_several=len(others) > 1)
            place = str(forms.write(view, form, path, report_dir=report_dir, is_front=front))
        written.append(forms.Written(form=form, place=place))
    return written


def _path(out: str, *, is_several: bool) -> Path:
    """Return the path of ``out``, made where it can only be a folder."""
    path = Path(out)
    if is_several or out.endswith("/"):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path} cannot be made a folder", why=str(error.strerror)) from None
    return path
