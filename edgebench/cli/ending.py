"""The last screen of a search: the front, the pick, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.cli.screen import err, out, print_labelled
from edgebench.errors import StoppedError
from edgebench.records import Precision, Status, Trial, metric_kind
from edgebench.watching import ACCENT, short

if TYPE_CHECKING:
    from edgebench.api import SearchResult
    from edgebench.report import RunView

VALIDATED, TESTED, REPEATED, OVER = "validated", "tested", "[90 %]", ""
TO_COPY = ("report", "model", "next", "")
NARROW, NARROWER, NARROWEST = 92, 82, 66


def print_ending(result: SearchResult) -> None:
    """Print the front as a table, then one labelled line a fact."""
    from edgebench.report import RunView, figures, wording

    view = RunView.of(result.result)
    run, counts = view.run, [(view.count(status), status.value) for status in Status]
    shown = "  ".join(f"{number} {name}" for number, name in counts if number)
    total = run.suite.oracle.max_trials
    _line(f"\ntrial {len(view.searched)}/{total}   {shown}   {figures.duration(run.wall_s)}\n")
    if view.front:
        precision = run.suite.latency.precision.value
        shapes = ("x".join(map(str, shape)) for shape in run.data["input_shapes"])
        _line(
            f"Front: {len(view.front)} of {len(view.searched)} models     "
            f"exported {precision}, {' + '.join(shapes)}, batch 1, measured on {view.main_device}"
        )
        _print_front(view)
        _line("")
    for label, text in _facts(result, view, wording.headline(view), wording.against_baseline(view)):
        print_labelled(label, text, accent=True, whole=label in TO_COPY)


def print_stopped(stopped: StoppedError, *, store: Path) -> None:
    """Print how far a stopped search came and how to go on."""
    where = f" --store {store}" if str(store) != ".edgebench" else ""
    err().print(stopped.message, markup=False, soft_wrap=True)
    resume = f"edgebench search --resume {stopped.run_id}{where}     {stopped.why}".rstrip()
    print_labelled("resume", resume, whole=True, console=err())


def _facts(
    result: SearchResult, view: RunView, headline: str, comparison: str
) -> Iterator[tuple[str, str]]:
    from edgebench.report.cautions import cautions

    if view.pick is None:
        yield "front", headline
    else:
        trial_id = view.pick.trial.trial_id
        among = "within your limits" if view.run.suite.constraints else "on the front"
        yield "* pick", f"{trial_id}: best {_aim(view)} {among}. {comparison}".strip()
        test = view.value(view.pick.trial, view.tested)
        if test is not None:
            yield "tested", _tested(view, test)
    for caution in cautions(view):
        yield "warn", f"{caution.code}  {caution.sentence}"
    for note in (*view.run.notes, *_repeat_notes(view)):
        yield "note", note
    failed = view.count(Status.FAILED)
    if failed:
        yield "note", f"{failed} failed     edgebench runs show {view.run.run_id} --failed"
    size_mb = result.report_path.stat().st_size / 1e6
    yield "report", f"{result.report_path}   {size_mb:.1f} MB, offline"
    if view.pick is not None and (file := view.main_file(view.pick.trial.trial_id)) is not None:
        path = result.report_path.parent / "models" / file.artifact.file_name
        yield "model", str(path)
        yield "next", f"edgebench profile {path} --device {view.main_device}"
        yield "", f"edgebench baseline save {view.run.run_id} --to ci/baseline"
        yield "", f"netron {path}"


def _tested(view: RunView, score: float) -> str:
    from edgebench.report import figures

    count = int(view.run.data["test"])
    how = "chosen by" if view.run.suite.data.validation == "test" else "opened once"
    is_share = view.file_title == "accuracy"
    error = f" +/- {(score * (1 - score) / count) ** 0.5:.3f}" if is_share else ""
    return f"{view.file_title}, {how}: {figures.accuracy(score)}{error} ({count} examples)"


def _repeat_notes(view: RunView) -> Iterator[str]:
    from edgebench.report import wording

    if view.is_repeated:
        yield wording.certainty(view)


def _aim(view: RunView) -> str:
    suite = view.run.suite
    if suite.objective == "weighted":
        return "weighted score"
    names = {"accuracy": view.score_title, "latency": "latency", "size": "size"}
    return names.get(suite.objective, metric_kind(suite.objectives[0].metric).title)


def _print_front(view: RunView) -> None:
    from rich.table import Table
    from rich.text import Text

    from edgebench.report import figures

    width = out().width
    trials = [(m.trial, "* " if view.is_pick(m.trial.trial_id) else "  ") for m in view.front]
    if view.baseline is not None and view.baseline.status is Status.COMPLETED:
        trials.append((view.baseline, "- "))
    rows = [_row(view, trial, mark) for trial, mark in trials]
    decimals = figures.decimals_for([row["p50"] for row in rows if row["p50"] is not None])
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("  id", no_wrap=True)
    table.add_column("architecture", overflow="fold", ratio=1)
    headers = [VALIDATED]
    headers += [REPEATED] if view.is_repeated and width > NARROWER else []
    headers += [TESTED]
    is_reduced = view.run.suite.latency.precision is not Precision.FP32
    headers += ["vs fp32 pt"] if is_reduced and width > NARROWEST else []
    headers += ["size KiB", "p50 ms"]
    headers += ["[interval]"] if width > NARROWER else []
    headers += ["p90"] if width > NARROW else []
    headers += [OVER] if any(row["over"] for row in rows) else []
    titles = {VALIDATED: short(view.score), TESTED: short(view.tested)}
    for header in headers:
        table.add_column(Text(titles.get(header, header)), justify="right", no_wrap=True)
    for row in rows:
        cells = {
            VALIDATED: figures.accuracy(row["val"]),
            REPEATED: figures.accuracy_interval(row["repeated"]),
            TESTED: figures.accuracy(row["test"]),
            "vs fp32 pt": figures.percentage_points(row["change"]),
            "size KiB": figures.kibibytes(row["bytes"]),
            "p50 ms": figures.milliseconds(row["p50"], decimals),
            "[interval]": figures.interval(row["low"], row["high"], decimals),
            "p90": figures.milliseconds(row["p90"], decimals),
            OVER: "over" if row["over"] else "",
        }
        style = ACCENT if row["mark"] == "* " else ""
        name = Text(f"{row['mark']}{row['id']}", style=style)
        table.add_row(name, Text(row["what"]), *(Text(cells[h], style=style) for h in headers))
    out().print(table)


def _row(view: RunView, trial: Trial, mark: str) -> dict[str, Any]:
    from edgebench.objectives import is_feasible

    file = view.main_file(trial.trial_id)
    measured = view.main_measurement(file) if file else None
    return {
        "mark": mark,
        "id": trial.trial_id,
        "what": trial.architecture,
        "val": view.value(trial, view.score),
        "repeated": view.repeated(trial),
        "test": file.artifact.accuracy if file else None,
        "change": file.accuracy_change if file else None,
        "bytes": file.artifact.size_bytes if file else view.value(trial, "file_bytes"),
        "p50": measured.p50_ms if measured else view.value(trial, "latency_ms"),
        "low": measured.p50_low_ms if measured else None,
        "high": measured.p50_high_ms if measured else None,
        "p90": measured.p90_ms if measured else view.value(trial, "latency_p90_ms"),
        "over": not is_feasible(view.run.suite.constraints, trial.values()),
    }


def _line(text: str) -> None:
    out().print(text, markup=False, soft_wrap=True)
