"""The report as a short Markdown page, for places that show no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edgebench.records import Trial
from edgebench.report import figures, wording
from edgebench.report.view import RunView


def render_markdown(view: RunView) -> str:
    """Return the headline, the front's table, what to be careful of and how to repeat the run."""
    run = view.run
    decimals = figures.decimals_for(
        measurement.p50_ms for file in view.all_files() for measurement in file.measurements
    )
    parts = [
        f"# {_text(run.suite.name)}, run {_text(run.run_id)}",
        _text(wording.headline(view)),
        _text(wording.against_baseline(view)),
        f"## The front: {len(view.front)} of {len(view.searched)} models",
        _table(HEADER, (_row(view, trial, decimals) for trial in view.winners)),
        wording.certainty(view),
    ]
    notices = wording.notices(view)
    if notices:
        parts += ["## Be careful of", "\n".join(f"- {_text(sentence)}" for sentence in notices)]
    parts.append(
        "[The whole report](index.html), [summary.json](summary.json), [trials.csv](trials.csv)"
    )
    return "\n\n".join(part for part in parts if part) + "\n"


HEADER = (
    "trial",
    "architecture",
    "file",
    "accuracy",
    "vs fp32 pt",
    "size KiB",
    "p50 ms",
    "interval",
    "state",
)
LEFT = 3


def _row(view: RunView, trial: Trial, decimals: int) -> list[str]:
    name = (view.run.suite.baseline or "baseline") if trial.is_baseline else trial.architecture
    state = "pick" if view.is_pick(trial.trial_id) else "baseline" if trial.is_baseline else ""
    file = view.main_file(trial.trial_id)
    if file is None:
        return [trial.trial_id, name, "not exported", "", "", "", "", "", state]
    row = [
        trial.trial_id,
        name,
        wording.what_the_file_is(file),
        figures.accuracy(file.artifact.accuracy),
        figures.percentage_points(file.accuracy_change),
        figures.kibibytes(file.artifact.size_bytes),
    ]
    measured = view.main_measurement(file)
    if measured is None:
        return [*row, "not measured", "", state]
    middle = figures.milliseconds(measured.p50_ms, decimals)
    ends = figures.interval(measured.p50_low_ms, measured.p50_high_ms, decimals)
    return [*row, middle, ends, state]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = [f"| {' | '.join(map(_text, row))} |" for row in rows]
    if not body:
        return ""
    rule = ["---"] * LEFT + ["---:"] * (len(header) - LEFT)
    return "\n".join([f"| {' | '.join(header)} |", f"| {' | '.join(rule)} |", *body])


def _text(text: str) -> str:
    """Escape what Markdown or HTML would read as markup; line breaks become spaces."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(text.split()))
