"""What ``summary.json`` holds, key by key. What is not known is null.

Further keys may come, none goes or changes: what came after the first documents of a version need not be there.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from edgebench.records import FileFacts, Parity


class LatencyMetric(TypedDict):
    """Latency in ms with its interval, as the search or a later measurement of a shipped file gave it."""

    value: float
    low: float | None
    high: float | None
    device: str
    runtime: str
    precision: str


Metrics = dict[str, float | LatencyMetric | None]


class FileLatency(TypedDict):
    """Latency of one file on one device with one runtime: median of block medians, its ends, the 90th percentile."""

    device: str
    runtime: str
    p50_ms: float
    p50_low_ms: float
    p50_high_ms: float
    p90_ms: float | None
    valid: bool


class File(TypedDict):
    """One exported file. ``accuracy`` is its own on held-out examples; flagged where it lost too much to Keras."""

    format: str
    precision: str
    path: str
    sha256: str
    bytes: int
    accuracy: float | None
    max_abs_diff: float | None
    latency: list[FileLatency]
    flagged: NotRequired[bool]
    parity: NotRequired[Parity | None]
    facts: NotRequired[FileFacts | None]


class FrontMember(TypedDict):
    """A network that no other beats in every objective. ``certain``: also at the ends of the intervals."""

    trial_id: str
    arch_id: str
    hyperparameters: dict[str, Any]
    certain: bool
    metrics: Metrics
    pick: bool
    artifacts: list[File]


class Baseline(TypedDict):
    """The suite's baseline, trained and measured like any trial."""

    template: str
    metrics: Metrics
    artifacts: list[File]


class TrialCounts(TypedDict):
    """How the trials ended, the baseline left out."""

    completed: int
    pruned: int
    infeasible: int
    failed: int


class Summary(TypedDict):
    """A run: what was asked, how far it came, its front and its baseline. ``pick`` is a trial_id."""

    schema_version: Literal[1]
    run_id: str
    suite: str
    objective: str
    oracle: str
    seed: int
    status: str
    trials: TrialCounts
    epochs_trained: int
    wall_s: float
    hypervolume: list[float]
    front: list[FrontMember]
    pick: str | None
    baseline: Baseline | None
    report: str
