"""What `edgebench profile` found, as a JSON document and as a page of Markdown."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

from edgebench.cli.files import write_text
from edgebench.cli.scores import sentences as score_sentences
from edgebench.errors import InputError
from edgebench.exchange import file_names, node_data, profile_document
from edgebench.profiling import Profiled, SuiteProfile
from edgebench.report import figures, markdown, wording
from edgebench.report.device_view import device_sentence, render_device_view

HEADER = (
    "model",
    "device",
    "runtime",
    "p50 ms",
    "interval",
    "p90 ms",
    "bytes",
    "score",
    "of",
    "state",
)
LEFT = 3


def make_folder(folder: Path) -> None:
    """Make the folder of the files; raises `InputError` where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made a folder", why=str(error.strerror)) from None


def write(profile: SuiteProfile, folder: Path) -> None:
    """Write profile.json, profile.md, the device view and, where operations were listed, node data into a folder.

    A crash leaves former ones whole.
    """
    document = json.dumps(profile_document(profile.rows), indent=2, allow_nan=False)
    page = render_device_view(profile.suite.name, profile.rows, profile.devices)
    texts = {
        "profile.json": document + "\n",
        "profile.md": as_markdown(profile),
        "index.html": page,
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    _write_node_data(profile, folder)


def _write_node_data(profile: SuiteProfile, folder: Path) -> None:
    rows, paths = profile.rows, itertools.cycle(profile.suite.paths())
    for row, path, name in zip(rows, paths, file_names(rows), strict=False):
        if (document := node_data(row, path)) is not None:
            write_text(folder / name, json.dumps(document, indent=2, allow_nan=False) + "\n")


def write_benchmarks(rows: Sequence[Profiled], path: Path) -> None:
    """Write the measurements in pytest-benchmark's schema."""
    from edgebench.gate import measurements_as_benchmarks

    document = measurements_as_benchmarks(row.measurement for row in rows)
    write_text(path, json.dumps(document, indent=2) + "\n")


def as_markdown(profile: SuiteProfile) -> str:
    """Return the table of all files on all devices, what to be careful of, and a sentence on each device."""
    rows = profile.rows
    decimals = figures.decimals_for(row.measurement.p50_low_ms for row in rows)
    metrics = {row.score.metric for row in rows if row.score is not None}
    titles = [
        metrics.copy().pop() if title == "score" and len(metrics) == 1 else title
        for title in HEADER
    ]
    parts = [
        f"# {markdown.text(profile.suite.name)}",
        markdown.table(titles, (_row(row, decimals, metrics) for row in rows), left=LEFT),
        markdown.bullets(
            sentence for row in rows if row.score for sentence in score_sentences(row.score)
        ),
        "## Measured on",
        markdown.bullets(device_sentence(info, rows) for info in profile.devices.values()),
        "The numbers: [profile.json](profile.json)",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(row: Profiled, decimals: int, metrics: set[str]) -> tuple[str, ...]:
    measurement, score = row.measurement, row.score
    value = "not scored" if score is None else f"{score.value:.4f}"
    return (
        measurement.model_name,
        measurement.device,
        wording.ran_by(measurement),
        figures.milliseconds(measurement.p50_ms, decimals),
        figures.interval(measurement.p50_low_ms, measurement.p50_high_ms, decimals),
        figures.milliseconds(measurement.p90_ms, decimals),
        figures.count(row.size_bytes),
        value if score is None or len(metrics) == 1 else f"{score.metric} {value}",
        "" if score is None else f"{figures.count(score.examples)} of {score.data}",
        wording.state(measurement),
    )
