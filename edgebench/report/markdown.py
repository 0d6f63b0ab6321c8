"""The report as a short Markdown page, for places that show no HTML; and what Markdown is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

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
        f"# {text(run.suite.name)}, run {text(run.run_id)}",
        text(wording.headline(view)),
        text(wording.against_baseline(view)),
        f"## The front: {len(view.front)} of {len(view.searched)} models",
        table(
            titled(HEADER, view), (_row(view, trial, decimals) for trial in view.winners), left=LEFT
        ),
        wording.certainty(view),
    ]
    notices = wording.notices(view)
    if notices:
        parts += ["## Be careful of", bullets(notices)]
    carded = [trial.trial_id for trial in view.winners if view.files(trial.trial_id)]
    if carded:
        links = ", ".join(f"[{text(name)}](models/{quote(name)}.md)" for name in carded)
        parts.append(f"What each network is, and how to run its files: {links}")
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


def titled(header: Sequence[str], view: RunView) -> list[str]:
    """Return a header with the score of this run's task in the place of accuracy."""
    return [view.file_title if title == "accuracy" else title for title in header]


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


def bullets(sentences: Iterable[str]) -> str:
    """Return a list, one sentence a line; an empty string without any."""
    return "\n".join(f"- {text(sentence)}" for sentence in sentences)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """Return a table whose first ``left`` columns hold words and the others numbers; an empty string without rows."""
    body = [f"| {' | '.join(map(text, row))} |" for row in rows]
    if not body:
        return ""
    rule = ["---"] * left + ["---:"] * (len(header) - left)
    return "\n".join([f"| {' | '.join(header)} |", f"| {' | '.join(rule)} |", *body])


def text(words: str) -> str:
    """Escape what Markdown or HTML would read as markup; line breaks become spaces."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(words.split()))
