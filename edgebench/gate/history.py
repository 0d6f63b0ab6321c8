"""Each benchmark over commits, and the commits at which its latency took a step.

This explains stored numbers afterwards; the gate itself never looks at it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench import stats
from edgebench.errors import InputError
from edgebench.gate.benchmark_json import StoredResults, read_benchmarks
from edgebench.report.summary import as_plain

SCHEMA_VERSION = 1
LEAST_LEVEL = 3
LEAST_NOISE = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One stored median. ``commit`` is that of the files, ``committed`` when it was made, or else the result."""

    commit: str
    committed: datetime
    taken: datetime
    median_ms: float
    origin: str
    dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Results between two steps."""

    results: tuple[Result, ...]

    @property
    def median_ms(self) -> float:
        return stats.median([result.median_ms for result in self.results])


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A lasting change: ``at`` is the first result of the new level, ``from_ms`` and ``to_ms`` the medians of both levels."""

    at: Result
    from_ms: float
    to_ms: float

    @property
    def ratio(self) -> float:
        return self.to_ms / self.from_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One benchmark on one machine, by the time of the commits."""

    benchmark: str
    machine: str
    levels: tuple[Level, ...]

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(result for level in self.levels for result in level.results)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(
            Step(at=after.results[0], from_ms=before.median_ms, to_ms=after.median_ms)
            for before, after in pairwise(self.levels)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All benchmarks of a folder; ``skipped`` says of each file that could not be read why."""

    folder: str
    timelines: tuple[Timeline, ...]
    skipped: tuple[str, ...] = ()


def read_history(folder: Path) -> History:
    """Read all files of pytest-benchmark's schema below a folder, as its storage has them.

    Raises:
        InputError: there is no such folder, or no such file in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", why="expected one of stored benchmarks")
    files, skipped = [], []
    for path in sorted(folder.rglob("*.json")):
        try:
            files.append(read_benchmarks(path))
        except InputError as error:
            skipped.append(f"{error.message}: {error.why}")
    if not files:
        raise InputError(
            f"{folder} holds no results",
            why=skipped[0] if skipped else "there is no .json file below it",
            remedy="store some with `pytest --benchmark-autosave` or --edgebench-json",
        )
    return History(folder=str(folder), timelines=timelines(files), skipped=tuple(skipped))


def timelines(files: Iterable[StoredResults]) -> tuple[Timeline, ...]:
    """Return a timeline for each benchmark and machine, both in the order of their names."""
    found: dict[tuple[str, str], list[Result]] = {}
    for file in files:
        taken = _in_utc(file.taken)
        for benchmark in file.benchmarks:
            result = Result(
                commit=file.commit.id,
                committed=_in_utc(file.commit.time) if file.commit.time else taken,
                taken=taken,
                median_ms=benchmark.stats.median * 1e3,
                origin=file.origin,
                dirty=file.commit.dirty,
            )
            key = (benchmark.fullname, file.machine_of(benchmark))
            found.setdefault(key, []).append(result)
    return tuple(
        Timeline(benchmark=benchmark, machine=machine, levels=_levels(results))
        for (benchmark, machine), results in sorted(found.items())
    )


def find_steps(latencies: Sequence[float]) -> list[int]:
    """Return where a series takes a step: the index of each new level's first value.

    The logarithms are parted into constant levels of three values or more, so that the sum of absolute deviations from their
    medians and a penalty a step is the least: single outliers are no steps, and a last step is seen when three values tell it.

    Source: Killick, Fearnhead and Eckley 2012, doi 10.1080/01621459.2012.737745 (PELT), as ruptures has it.
    """
    if len(latencies) < 2 * LEAST_LEVEL:
        return []
    import ruptures

    logs = np.log(np.asarray(latencies, np.float64))
    parting = ruptures.Pelt(model="l1", min_size=LEAST_LEVEL, jump=1).fit(logs)
    return [int(end) for end in parting.predict(pen=penalty(logs))[:-1]]


def penalty(logs: npt.NDArray[np.float64]) -> float:
    """Return what a step must save in the sum of absolute deviations: sqrt(2 pi) s ln n.

    s is the noise: the median absolute deviation of the differences of neighbours, which steps hardly touch, scaled to a normal
    distribution's standard deviation, and .2 % or more. In n values of normal noise a level of its own saves s sqrt(2 pi) / 4
    times a chi-squared of one degree, and the largest of these over all places hardly ever exceeds 4 ln n. Simulated by
    100 series each of normal, Laplace and t3 noise: at most 5 % of those of 8 or 12 values show a step, at most 2 % of those of
    20, none of 50 or 100; of steps of 10 % in 2 % noise, 5 values or more before the end, 95 % or more are found at their place.
    Noise that drifts shows more.
    """
    differences = np.diff(logs)
    deviation = float(np.median(np.abs(differences - np.median(differences))))
    noise = max(1.4826 * deviation / math.sqrt(2.0), LEAST_NOISE)
    return math.sqrt(2.0 * math.pi) * noise * math.log(len(logs))


def as_document(history: History) -> dict[str, Any]:
    """Return a history as plain JSON types."""
    return {
        "schema_version": SCHEMA_VERSION,
        "folder": history.folder,
        "series": [
            {
                "benchmark": timeline.benchmark,
                "machine": timeline.machine,
                "results": [_plain(result) for result in timeline.results],
                "steps": [
                    {
                        "commit": step.at.commit,
                        "committed": step.at.committed.isoformat(),
                        "from_ms": step.from_ms,
                        "to_ms": step.to_ms,
                        "ratio": step.ratio,
                    }
                    for step in timeline.steps
                ],
            }
            for timeline in history.timelines
        ],
        "skipped": list(history.skipped),
    }


def _levels(results: Iterable[Result]) -> tuple[Level, ...]:
    ordered = sorted(results, key=lambda r: (r.committed, r.taken, r.origin))
    ends = [0, *find_steps([result.median_ms for result in ordered]), len(ordered)]
    return tuple(Level(results=tuple(ordered[start:end])) for start, end in pairwise(ends))


def _plain(result: Result) -> dict[str, Any]:
    moments = {"committed": result.committed.isoformat(), "taken": result.taken.isoformat()}
    return {**as_plain(result), **moments}


def _in_utc(moment: datetime) -> datetime:
    """Return a moment with its zone; one without is in UTC, as older versions of pytest-benchmark wrote it."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
