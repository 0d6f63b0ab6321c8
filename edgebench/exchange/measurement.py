"""What ``profile --json`` prints and ``profile.json`` holds, key by key. What is not known is null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from edgebench.profiling import Profiled
from edgebench.records import Environment, Measurement, Score, Window
from edgebench.report import as_plain
from edgebench.runtimes import Op


class Outputs(TypedDict):
    """Whether the file answers there as it does here, in the runtime that ``against`` names."""

    against: str
    examples: int
    max_abs_diff: float
    tolerance: float
    agree: bool


class MeasurementDocument(TypedDict):
    """One file on one device: p50 is the median of the block medians, p90 and p99 early-stopping estimates.

    ``latency_ms`` is what a search ranks by, which ``ranked_by`` names. ``reasons`` say why it is invalid, or noisy.
    ``score`` is there for files with data, ``ops`` where they were asked for.
    """

    model: str
    sha256: str
    device: str
    runtime: str
    runtime_version: str
    delegate: str | None
    threads: int
    blocks: int
    p50_ms: float
    p50_low_ms: float
    p50_high_ms: float
    p90_ms: float | None
    p99_ms: float | None
    floor_ms: float
    init_ms: float
    first_ms: float
    peak_rss_bytes: int | None
    ranked_by: Literal["p50", "floor"]
    latency_ms: float
    latency_low_ms: float | None
    latency_high_ms: float | None
    outputs: Outputs | None
    sustained: list[Window]
    valid: bool
    reasons: list[str]
    environment: Environment
    bytes: int
    ops: NotRequired[list[Op]]
    score: NotRequired[Score]


class ProfileDocument(TypedDict):
    """Model files, measured on devices."""

    schema_version: Literal[1]
    measurements: list[MeasurementDocument]


def profile_document(rows: Sequence[Profiled]) -> ProfileDocument:
    """Return the document of what was measured: each file on each device, its score and operations where there are any."""
    return {"schema_version": 1, "measurements": [_row(row) for row in rows]}


def _row(row: Profiled) -> MeasurementDocument:
    document = _measured(row.measurement, row.size_bytes)
    if row.ops is not None:
        document["ops"] = as_plain(row.ops)
    if row.score is not None:
        document["score"] = as_plain(row.score)
    return document


def _measured(measurement: Measurement, size_bytes: int) -> MeasurementDocument:
    environment, latency = measurement.environment, measurement.as_metric()
    return {
        "model": measurement.model_name,
        "sha256": measurement.model_sha256,
        "device": measurement.device,
        "runtime": environment.runtime,
        "runtime_version": environment.runtime_version,
        "delegate": environment.delegate,
        "threads": environment.threads,
        "blocks": len(measurement.blocks),
        "p50_ms": measurement.p50_ms,
        "p50_low_ms": measurement.p50_low_ms,
        "p50_high_ms": measurement.p50_high_ms,
        "p90_ms": measurement.p90_ms,
        "p99_ms": measurement.p99_ms,
        "floor_ms": measurement.floor_ms,
        "init_ms": min(block.init_ns for block in measurement.blocks) / 1e6,
        "first_ms": min(block.first_ns for block in measurement.blocks) / 1e6,
        "peak_rss_bytes": measurement.peak_rss_bytes,
        "ranked_by": "floor" if measurement.rank_by == "floor" else "p50",
        "latency_ms": latency.value,
        "latency_low_ms": latency.low,
        "latency_high_ms": latency.high,
        "outputs": _outputs(measurement),
        "sustained": as_plain(measurement.sustained),
        "valid": measurement.valid,
        "reasons": list(measurement.reasons),
        "environment": as_plain(environment),
        "bytes": size_bytes,
    }


def _outputs(measurement: Measurement) -> Outputs | None:
    agreement = measurement.agreement
    if agreement is None:
        return None
    return {
        "against": agreement.against,
        "examples": agreement.examples,
        "max_abs_diff": agreement.max_abs_diff,
        "tolerance": agreement.tolerance,
        "agree": agreement.holds,
    }
