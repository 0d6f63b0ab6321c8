"""The forms that a run can be had in besides its page, and where each is written."""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from edgebench import scratch
from edgebench.errors import InputError, UnavailableError, UnknownNameError
from edgebench.report import (
    RunView,
    as_json,
    check_names,
    front_frame,
    render_markdown,
    summarise,
    trials_frame,
)

HTML, MLFLOW, TENSORBOARD, OPTUNA = "html", "mlflow", "tensorboard", "optuna"
TABLES = ("csv", "parquet")
FILES = ("md", *TABLES, "json")
FORMS = (HTML, *FILES, MLFLOW, TENSORBOARD, OPTUNA)
JOURNAL = "optuna.journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a run went in one form: a path, or what MLflow calls its store."""

    form: str
    place: str


def check_forms(forms: Sequence[str], out: str | None, *, is_front: bool) -> None:
    """Refuse forms that do not exist, or do not go with the options beside them.

    Raises:
        InputError: that is so.
    """
    for form in forms:
        if form not in FORMS:
            raise UnknownNameError("a format", form, FORMS)
    others = [form for form in forms if form != HTML]
    if is_front and not (others and set(others) <= set(TABLES)):
        raise InputError("--front is for tables", remedy="add --format csv or --format parquet")
    if out is not None and not others:
        raise InputError(
            "--out is for other forms than the page",
            remedy="add --format, or name the page's folder with --reports",
        )
    if out is not None and MLFLOW in others and len(others) > 1:
        raise InputError(
            "mlflow shares --out with no other form",
            why="its address is no folder",
            remedy="ask for mlflow in a command of its own",
        )


def render(view: RunView, form: str, *, report_dir: Path, is_front: bool = False) -> bytes:
    """Return one of `FILES`: the table of all trials or of the front, the summary, or the short report."""
    if form == "md":
        return render_markdown(view).encode()
    if form == "json":
        return as_json(summarise(view.result, report_dir=report_dir)).encode()
    frame = front_frame(view.result) if is_front else trials_frame(view.result)
    return frame.to_csv(index=False).encode() if form == "csv" else _parquet(frame)


def write(view: RunView, form: str, out: Path, *, report_dir: Path, is_front: bool = False) -> Path:
    """Write one form, all but HTML and MLflow, and return its path.

    Args:
        view: The run.
        form: Of `FORMS`.
        out: A file; where it is a folder that exists, a file in it named by the run. For TensorBoard, its folder.
        report_dir: The report that a summary speaks of.
        is_front: Of a table, the front alone.

    Raises:
        InputError: it cannot be written there, or an id cannot be a file's name.
        UnavailableError: TensorBoard is not installed.
    """
    check_names(view.result)
    path = out / _file_name(view, form) if out.is_dir() and form != TENSORBOARD else out
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == TENSORBOARD:
            optional(form).write_events(view, path)
            return path / view.run.run_id
        if form == OPTUNA:
            optional(form).write_journal(view, path)
            return path
        with scratch.replacing(path) as partial:
            partial.write_bytes(render(view, form, report_dir=report_dir, is_front=is_front))
    except OSError as error:
        raise InputError(f"{path} cannot be written", why=str(error.strerror)) from None
    return path


def write_mlflow(view: RunView, out: str | None, *, report_dir: Path) -> str:
    """Write a run to MLflow, at ``out`` or where its own variable says, and return that address.

    Raises:
        InputError: no address, or MLflow cannot write there.
        UnavailableError: MLflow is not installed.
    """
    uri = out or os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        raise InputError(
            "mlflow must be told where to go",
            why="neither --out nor MLFLOW_TRACKING_URI is there",
            remedy="--out http://localhost:5000, or --out sqlite:///mlflow.db",
        )
    optional(MLFLOW).write_runs(view, report_dir, uri)
    return uri


def optional(form: str) -> Any:
    """Return the module that writes a form; raises `UnavailableError` where its library is not installed."""
    try:
        return importlib.import_module(f"edgebench.exchange.{form}")
    except ImportError as error:
        raise UnavailableError(
            f"{form} is not installed", why=str(error), remedy=f"pip install 'edgebench[{form}]'"
        ) from None


def _file_name(view: RunView, form: str) -> str:
    return JOURNAL if form == OPTUNA else f"{view.run.run_id}.{form}"


def _parquet(frame: pd.DataFrame) -> bytes:
    """A column of several types, which Parquet does not have, becomes text."""
    typed = frame.convert_dtypes()
    for name in typed.columns:
        if typed[name].dtype == object:
            typed[name] = typed[name].astype("string")
    buffer = io.BytesIO()
    typed.to_parquet(buffer, index=False)
    return buffer.getvalue()
