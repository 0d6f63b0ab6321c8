"""Writing a report's folder. Each file gets a temporary name first, so a crash leaves the former one whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from edgebench import scratch
from edgebench.errors import InputError, WorkError
from edgebench.export import description_path
from edgebench.records import Artifact, Format, Precision, RunResult
from edgebench.report.card import render_card
from edgebench.report.importance import importances
from edgebench.report.markdown_page import render_markdown
from edgebench.report.page import render_page
from edgebench.report.summary import as_json, summarise_view
from edgebench.report.tables import front_table, trials_table
from edgebench.report.view import RunView

CHUNK_BYTES = 1 << 20
MODELS = "models/"


def write_report(
    result: RunResult, reports_dir: Path, artifact_path: Callable[[Artifact], Path]
) -> Path:
    """Write or redraw ``reports_dir/RUN`` and return the path of its index.html, which is written last.

    The folder gets index.html, summary.json, trials.csv, front.csv, report.md and ``models/`` with the files of
    the front and of the baseline, and a card of each of these networks. Files and cards of trials no longer on the
    front are removed from ``models/``; anything else there, such as heldout.npz, is left alone.

    Args:
        result: The run.
        reports_dir: Folder of all reports; made where it is missing.
        artifact_path: Gives the place of an artifact's bytes.

    Raises:
        InputError: The id of the run or of a trial cannot stand in a file's name.
        WorkError: An artifact's bytes are missing, or are not those that were scored.
    """
    check_names(result)
    report_dir = reports_dir / result.run.run_id
    models_dir = report_dir / "models"
    models_dir.mkdir(parents=True, exist_ok=True)
    view = RunView.of(result)
    shown = [file.artifact for file in view.all_files()]
    for artifact in shown:
        source, target = artifact_path(artifact), models_dir / artifact.file_name
        _copy_artifact(artifact, source, target)
        if (told := description_path(source)).is_file():
            _write_text(description_path(target), told.read_text(encoding="utf-8"))
    texts = render_files(view, report_dir)
    for name, text in texts.items():
        _write_text(report_dir / name, text)
    kept = {PurePosixPath(name).name for name in texts if name.startswith(MODELS)}
    _remove_former(models_dir, result, {artifact.file_name for artifact in shown} | kept)
    return report_dir / "index.html"


def check_names(result: RunResult) -> None:
    """Raise `InputError` where the id of the run or of a trial cannot stand in a file's name."""
    for name in (result.run.run_id, *(trial.trial_id for trial in result.trials)):
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise InputError(
                f"{name!r} cannot name a file of a report",
                why="an id holds letters, digits, dots, dashes and underscores",
            )


def render_files(view: RunView, report_dir: Path) -> dict[str, str]:
    """Return the texts of a report's folder by their names in it, index.html last. Nothing is read or written.

    Args:
        view: The run.
        report_dir: The folder, as it is to be written in the texts.
    """
    summary = summarise_view(view, report_dir=report_dir)
    decided = importances(view)
    cards = {
        f"{MODELS}{trial.trial_id}.md": render_card(view, trial)
        for trial in view.winners
        if view.files(trial.trial_id)
    }
    return {
        "trials.csv": trials_table(view).to_csv(index=False),
        "front.csv": front_table(view).to_csv(index=False),
        "summary.json": as_json(summary),
        "report.md": render_markdown(view, decided),
        **cards,
        "index.html": render_page(view, summary, decided),
    }


def _copy_artifact(artifact: Artifact, source: Path, target: Path) -> None:
    if target.is_file() and _sha256(target) == artifact.sha256:
        return
    if not source.is_file():
        raise WorkError(
            f"the bytes of {artifact.file_name} are missing",
            why=f"{source} is not a file",
            remedy="export the trial again",
        )
    digest = hashlib.sha256()
    with (
        scratch.replacing(target) as temporary,
        source.open("rb") as reader,
        temporary.open("wb") as out,
    ):
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
        if digest.hexdigest() != artifact.sha256:
            raise WorkError(
                f"{source} does not hold the bytes of {artifact.file_name} that were scored",
                why=f"its sha256 is {digest.hexdigest()[:12]}, not {artifact.sha256[:12]}",
                remedy="export the trial again",
            )


def _remove_former(models_dir: Path, result: RunResult, kept: set[str]) -> None:
    endings = [f"-{p.value}.{f.value}" for f in Format for p in Precision] + [".md"]
    for name in {f"{trial.trial_id}{ending}" for trial in result.trials for ending in endings}:
        if name not in kept:
            (models_dir / name).unlink(missing_ok=True)
            description_path(models_dir / name).unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    with scratch.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
