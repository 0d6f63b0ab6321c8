"""What `edgebench profile` found, as a JSON document and as a page of Markdown."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgebench.cli.files import write_text
from edgebench.cli.scores import sentences as score_sentences
from edgebench.errors import InputError
from edgebench.exchange import file_names, node_data, profile_document
from edgebench.profiling import Profiled, SuiteProfile
from edgebench.records import DeviceInfo, Environment, Measurement
from edgebench.report import figures, markdown

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
    """Write profile.json, profile.md and, where operations were listed, node data into a folder; a crash leaves former ones whole."""
    document = json.dumps(profile_document(profile.rows), indent=2, allow_nan=False)
    for name, text in (("profile.json", document + "\n"), ("profile.md", as_markdown(profile))):
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
        markdown.bullets(_device(info, rows) for info in profile.devices.values()),
        "The numbers: [profile.json](profile.json)",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(row: Profiled, decimals: int, metrics: set[str]) -> tuple[str, ...]:
    measurement, score = row.measurement, row.score
    environment = measurement.environment
    value = "not scored" if score is None else f"{score.value:.4f}"
    return (
        measurement.model_name,
        measurement.device,
        " ".join(
            filter(None, (environment.runtime, environment.runtime_version, environment.delegate))
        ),
        figures.milliseconds(measurement.p50_ms, decimals),
        figures.interval(measurement.p50_low_ms, measurement.p50_high_ms, decimals),
        figures.milliseconds(measurement.p90_ms, decimals),
        figures.count(row.size_bytes),
        value if score is None or len(metrics) == 1 else f"{score.metric} {value}",
        "" if score is None else f"{figures.count(score.examples)} of {score.data}",
        state(measurement),
    )


def state(measurement: Measurement) -> str:
    """Return ``valid``, ``noisy`` or ``invalid``, the latter with what was seen."""
    if not measurement.reasons:
        return "valid"
    word = "noisy" if measurement.valid else "invalid"
    return f"{word}: {', '.join(reason.replace('_', ' ') for reason in measurement.reasons)}"


def _device(info: DeviceInfo, rows: Sequence[Profiled]) -> str:
    """Return a sentence on a device and on how things were on it while it was measured."""
    seen = [row.measurement.environment for row in rows if row.measurement.device == info.name]
    return ", ".join([f"{info.name}: {info.model or info.machine}", *_facts(info, seen)]) + "."


def _facts(info: DeviceInfo, seen: Sequence[Environment]) -> Iterator[str]:
    if info.cores:
        yield f"{info.cores} cores"
    if any(environment.virtual for environment in seen):
        yield "a virtual machine"
    yield info.system
    if info.python:
        yield f"Python {info.python}"
    threads = sorted({environment.threads for environment in seen})
    yield f"{', '.join(map(str, threads))} {'thread' if threads == [1] else 'threads'}"
    cores = sorted({core for environment in seen for core in environment.affinity or ()})
    if cores:
        yield f"pinned to core {' or '.join(map(str, cores))}"
    governors = sorted({environment.governor for environment in seen if environment.governor})
    if governors:
        yield f"governor {', '.join(governors)}"
    warmth = [e.temperature_c for e in seen if e.temperature_c is not None]
    if warmth:
        yield f"at most {max(warmth):.0f} degrees"
    loads = [e.load_1m for e in seen if e.load_1m is not None]
    if loads:
        yield f"load average {min(loads):.1f} to {max(loads):.1f}"
