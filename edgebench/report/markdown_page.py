"""The report as a Markdown page, for places that show no HTML: what the page says, as tables, without its drawings."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from edgebench import stats
from edgebench.records import Artifact, Measurement, Trial, metric_kind
from edgebench.report import cautions, details, facts, figures, wording
from edgebench.report.importance import Importance, importances
from edgebench.report.markdown import bullets, fenced, table, text, titled
from edgebench.report.view import RunView, ScoredFile

MOST_ROWS = 200
MOST_CHOICES = 10
MODELS = PurePosixPath("models")
FRONT = (
    "trial", "architecture", "file", "accuracy", "vs fp32 pt", "size KiB", "p50 ms", "interval", "state",
)  # fmt: skip
FILES = (
    "file", "device", "runtime", "state", "accuracy", "vs fp32 pt", "agrees", "McNemar p", "largest difference",
    "arena KiB", "size KiB", "p50 ms", "interval", "p90 ms",
)  # fmt: skip
TRIALS = (
    "trial", "status", "architecture", "reason", "score", "parameter KiB", "p50 ms", "epochs", "seconds",
)  # fmt: skip
LEDGER = (
    "trial", "of", "device", "runtime", "state", "conditions", "p50 ms", "blocks", "samples", "peak MiB",
)  # fmt: skip


def render_markdown(view: RunView, decided: Sequence[Importance] | None = None) -> str:
    """Return the report as Markdown. Sections that a run has nothing for are left out.

    Args:
        view: The run.
        decided: What decides the objectives, where it is known already.
    """
    run = view.run
    title = f"The front: {len(view.front)} of {len(view.searched)} models"
    sections = {
        "Be careful of": bullets(_cautions(view)),
        title: _joined(_front(view), wording.certainty(view), _cards(view)),
        "What to do next": "\n\n".join(
            fenced(command) for _, command in facts.commands(view, MODELS)
        ),
        "Hypervolume": _hypervolume(view),
        "What decides": _importance(importances(view) if decided is None else decided),
        "Latency, block by block": _blocks(view),
        "Without a pause": _sustained(view),
        "Device by device": _devices(view),
        "The pick, class by class": _classes(view),
        "What quantisation moves most": _layers(view),
        "Operations of the pick's files": _operations(view),
        "Exported files": _files(view),
        "All trials": _trials(view),
        "Every measurement, and what held while it was taken": _ledger(view),
        "Environment and how to reproduce": _reproduce(view),
    }
    parts = [
        f"# {text(run.suite.name)}, run {text(run.run_id)}",
        text(wording.headline(view)),
        text(wording.against_baseline(view)),
        text(f"Measured on {facts.chip(view)}."),
    ]
    for heading, body in sections.items():
        parts += [f"## {heading}", body] if body else []
    parts.append(
        "[The whole report](index.html), [summary.json](summary.json), [trials.csv](trials.csv), [front.csv](front.csv)"
    )
    return _joined(*parts) + "\n"


def _cautions(view: RunView) -> Iterator[str]:
    for caution in cautions.cautions(view):
        yield f"{caution.code}: {caution.sentence} {caution.remedy}"
    yield from cautions.notes(view)


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _decimals(measurements: Iterable[Measurement]) -> int:
    return figures.decimals_for(measurement.p50_ms for measurement in measurements)


def _shipped(view: RunView) -> list[Measurement]:
    return [measurement for file in view.all_files() for measurement in file.measurements]


def _front(view: RunView) -> str:
    decimals = _decimals(_shipped(view))
    rows = (_front_row(view, trial, decimals) for trial in view.winners)
    return table(titled(FRONT, view), rows, left=3)


def _front_row(view: RunView, trial: Trial, decimals: int) -> list[str]:
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
    return [*row, middle, _interval(measured, decimals), state]


def _interval(measured: Measurement, decimals: int) -> str:
    return figures.interval(measured.p50_low_ms, measured.p50_high_ms, decimals)


def _cards(view: RunView) -> str:
    carded = [trial.trial_id for trial in view.winners if view.files(trial.trial_id)]
    if not carded:
        return ""
    links = ", ".join(f"[{text(name)}](models/{quote(name)}.md)" for name in carded)
    return f"What each network is, and how to run its files: {links}"


def _hypervolume(view: RunView) -> str:
    """Return the trials that added to the hypervolume."""
    grown = zip(view.searched, (0.0, *view.hypervolume), view.hypervolume, strict=False)
    rows = [
        [trial.trial_id, trial.finished_utc or figures.UNKNOWN, str(number), f"{after:.4f}"]
        for number, (trial, before, after) in enumerate(grown, 1)
        if after > before
    ]
    corner = ", ".join(f"{o.metric} {o.reference:g}" for o in view.run.suite.objectives)
    about = f"The share of the box between the ideal and the reference ({corner}) that the front dominates, when it grew."
    header = ("trial", "ended", "trials ended", "hypervolume")
    return _joined(text(about), table(header, rows, left=2)) if rows else ""


def _importance(decided: Sequence[Importance]) -> str:
    shares: dict[str, dict[str, float]] = {}
    for each in decided:
        shares.setdefault(each.choice, {})[each.objective] = each.share
    objectives = list(dict.fromkeys(each.objective for each in decided))
    first = sorted(shares, key=lambda choice: -max(shares[choice].values()))[:MOST_CHOICES]
    rows = ([choice, *(_percent(shares[choice].get(o)) for o in objectives)] for choice in first)
    header = ["choice", *(f"{metric_kind(name).title} %" for name in objectives)]
    return table(header, rows, left=1)


def _percent(share: float | None) -> str:
    return figures.UNKNOWN if share is None else f"{100 * share:.1f}"


def _main_files(view: RunView) -> Iterator[tuple[ScoredFile, Measurement]]:
    """Yield the file that stands for each winner, with what was measured of it on the main device."""
    for trial in view.winners:
        file = view.main_file(trial.trial_id)
        measured = view.main_measurement(file) if file else None
        if file and measured:
            yield file, measured


def _blocks(view: RunView) -> str:
    found = list(_main_files(view))
    decimals = _decimals(measured for _, measured in found)
    rows = (
        [
            file.artifact.file_name,
            ", ".join(
                figures.milliseconds(stats.median(block.samples_ns) / 1e6, decimals)
                for block in measured.blocks
            ),
            figures.milliseconds(measured.p50_ms, decimals),
            figures.milliseconds(measured.p90_ms, decimals),
            figures.milliseconds(measured.p99_ms, decimals),
            figures.count(len(measured.pooled_ns())),
        ]
        for file, measured in found
    )
    header = ("file", "medians of blocks in order, ms", "p50 ms", "p90 ms", "p99 ms", "samples")
    return table(header, rows, left=2)


def _sustained(view: RunView) -> str:
    rows = (
        [
            file.artifact.file_name,
            f"{window.at_s:.0f}",
            figures.milliseconds(window.median_ns / 1e6, 3),
            figures.small(window.temperature_c, ".0f"),
        ]
        for file, measured in _main_files(view)
        for window in measured.sustained
    )
    return table(("file", "after s", "median ms", "degrees C"), rows, left=1)


def _devices(view: RunView) -> str:
    matrix = details.device_matrix(view)
    decimals = _decimals(_shipped(view))
    rows = (
        [trial.trial_id, *(_device_cell(measured, decimals) for _, measured in cells)]
        for trial, cells in matrix
    )
    precision = view.run.suite.latency.precision.value
    about = f"p50 of the {precision} file in ms, with the least and largest block median."
    header = ["trial", *view.run.device_names]
    return _joined(about, table(header, rows, left=1)) if matrix else ""


def _device_cell(measured: Measurement | None, decimals: int) -> str:
    if measured is None:
        return "not measured"
    state = "" if measured.valid else " invalid"
    middle = figures.milliseconds(measured.p50_ms, decimals)
    return f"{middle} {_interval(measured, decimals)}{state}"


def _classes(view: RunView) -> str:
    found = details.class_rows(view)
    precisions = details.class_precisions(found)
    rows = (
        [
            row.name,
            *(figures.accuracy(row.scores.get(precision)) for precision in precisions),
            figures.percentage_points(row.change),
        ]
        for row in found
    )
    return table(["score", *precisions, "int8 vs fp32 pt"], rows, left=1)


def _layers(view: RunView) -> str:
    rows = (
        [
            wording.what_the_file_is(file),
            error.layer,
            figures.small(error.relative, ".3f"),
            str(error.examples),
        ]
        for file, errors in details.worst_layers(view)
        for error in errors
    )
    return table(("file", "layer", "relative error", "examples"), rows, left=2)


def _operations(view: RunView) -> str:
    rows = (
        [
            wording.what_the_file_is(file),
            wording.delegated(measured.environment) if measured else "not measured",
            _counts(counts),
        ]
        for file, measured, counts in details.operations(view)
    )
    return table(("file", "delegate", "operations"), rows, left=3)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {operation}" for operation, number in counts.items())


def _files(view: RunView) -> str:
    decimals = _decimals(_shipped(view))
    rows = (
        [file.artifact.file_name, *place, *_fidelity(file), *latency]
        for file in view.all_files()
        for place, latency in _places(file, decimals)
    )
    return table(titled(FILES, view), rows, left=4)


def _places(file: ScoredFile, decimals: int) -> Iterator[tuple[list[str], list[str]]]:
    """Yield where a file was measured, and what its latency was."""
    for m in file.measurements:
        runtime = f"{m.environment.runtime} {m.environment.runtime_version}"
        middle, tail = (figures.milliseconds(ms, decimals) for ms in (m.p50_ms, m.p90_ms))
        yield [m.device, runtime, wording.state(m)], [middle, _interval(m, decimals), tail]
    if not file.measurements:
        yield ["", "", "not measured"], ["", "", ""]


def _fidelity(file: ScoredFile) -> list[str]:
    artifact: Artifact = file.artifact
    parity, stands = artifact.parity, artifact.facts
    return [
        figures.accuracy(artifact.accuracy),
        figures.percentage_points(file.accuracy_change),
        figures.accuracy(parity.agreement if parity else None),
        figures.small(parity.mcnemar_p if parity else None, ".2g"),
        figures.small(artifact.max_abs_diff),
        figures.kibibytes(stands.arena_bytes if stands else None),
        figures.kibibytes(artifact.size_bytes),
    ]


def _trials(view: RunView) -> str:
    latencies = [view.value(trial, "latency_ms") for trial in view.ended]
    decimals = figures.decimals_for(each for each in latencies if each is not None)
    contending = {member.trial.trial_id for member in view.contenders}
    rows = (
        [
            trial.trial_id,
            wording.how_it_ended(trial, contends=trial.trial_id in contending),
            trial.architecture,
            trial.reason,
            figures.accuracy(view.value(trial, view.score)),
            figures.kibibytes(view.value(trial, "param_bytes")),
            figures.milliseconds(latency, decimals),
            str(trial.epochs),
            f"{trial.elapsed_s:.1f}",
        ]
        for trial, latency in list(zip(view.ended, latencies, strict=True))[:MOST_ROWS]
    )
    header = [view.score_title if name == "score" else name for name in TRIALS]
    more = len(view.ended) - MOST_ROWS
    return _joined(
        table(header, rows, left=4), f"{more} more are in trials.csv." if more > 0 else ""
    )


def _ledger(view: RunView) -> str:
    taken = details.ledger(view)
    decimals = _decimals(each.measurement for each in taken[:MOST_ROWS])
    rows = (
        [
            each.trial_id,
            each.of,
            each.measurement.device,
            f"{each.measurement.environment.runtime} {each.measurement.environment.runtime_version}",
            wording.state(each.measurement),
            each.conditions or "not told",
            figures.milliseconds(each.measurement.p50_ms, decimals),
            str(len(each.measurement.blocks)),
            figures.count(len(each.measurement.pooled_ns())),
            figures.mebibytes(each.measurement.peak_rss_bytes),
        ]
        for each in taken[:MOST_ROWS]
    )
    more = len(taken) - MOST_ROWS
    return _joined(
        table(LEDGER, rows, left=6), f"{more} more are in the store." if more > 0 else ""
    )


def _reproduce(view: RunView) -> str:
    argv = view.run.argv
    command = (
        fenced(shlex.join(["edgebench", *argv]))
        if argv
        else "The command of this run was not recorded."
    )
    groups = [*facts.run_facts(view), *facts.device_facts(view)]
    tables = (
        _joined(f"### {text(title)}", table(("fact", "value"), pairs, left=2))
        for title, pairs in groups
    )
    return _joined(command, *tables)
