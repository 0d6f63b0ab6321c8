"""Results as pytest-benchmark's JSON, so that its programs and the dashboards that read it go on working; read again.

A number of another day cannot tell a slower file from a slower machine, so `compare_stored` never calls a regression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgebench import stats
from edgebench.errors import IncomparableError, InputError
from edgebench.gate.document import damaged, read_json
from edgebench.gate.result import LATENCY, Check, GateResult
from edgebench.gate.verdicts import Verdict
from edgebench.records import Measurement
from edgebench.report.summary import as_plain

LOCAL = "local"
DEFAULT_MARGIN = 0.05
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Stored(BaseModel):
    """Base of what is read of such files: other keys, which differ by version, are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class StoredStats(_Stored):
    """Of one benchmark. ``data`` are its rounds, where they were saved."""

    median: Seconds
    data: tuple[Seconds, ...] = ()


class StoredBenchmark(_Stored):
    name: str
    fullname: str
    stats: StoredStats
    extra_info: dict[str, Any] = {}

    @property
    def facts(self) -> Mapping[str, Any]:
        """What edgebench says of it: nothing where another program wrote it."""
        facts = self.extra_info.get("edgebench")
        return facts if isinstance(facts, dict) else {}


class StoredCommit(_Stored):
    id: str = "unknown"
    time: datetime | None = None
    dirty: bool = False


class StoredResults(_Stored):
    """One file of pytest-benchmark's schema; ``origin`` is what errors and tables call it."""

    machine_info: dict[str, Any]
    commit_info: StoredCommit | None = None
    benchmarks: tuple[StoredBenchmark, ...]
    taken: datetime = Field(alias="datetime")
    origin: str = ""

    @property
    def commit(self) -> StoredCommit:
        return self.commit_info or StoredCommit()

    def machine_of(self, benchmark: StoredBenchmark) -> str:
        """Return where it ran: a device by its name, this machine by its processor, architecture and Python."""
        device = benchmark.facts.get("device") or LOCAL
        if device != LOCAL:
            return str(device)
        cpu = self.machine_info.get("cpu")
        brand = (cpu.get("brand_raw") or cpu.get("brand")) if isinstance(cpu, dict) else cpu
        known = (brand, *map(self.machine_info.get, ("machine", "python_implementation")))
        return ", ".join(str(fact) for fact in known if fact) or "an unknown machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Where results come from, as pytest-benchmark tells it: ``machine_info`` and ``commit_info``."""

    machine_info: Mapping[str, Any]
    commit_info: Mapping[str, Any]


def origins_here() -> Origins:
    """Return pytest-benchmark's own facts of this machine and of the commit that the working folder is at."""
    from pytest_benchmark.utils import get_commit_info

    return Origins(machine_info=_machine_here(), commit_info=as_plain(get_commit_info()))


@cache
def _machine_here() -> dict[str, Any]:
    from pytest_benchmark.plugin import pytest_benchmark_generate_machine_info

    return dict(as_plain(pytest_benchmark_generate_machine_info()))


def results_as_benchmarks(
    results: Iterable[GateResult], origins: Origins | None = None
) -> dict[str, Any]:
    """Return gates as one document: a benchmark a latency check, its data the medians of the head's blocks in seconds.

    Args:
        results: The gates; checks without a pair are left out.
        origins: None for those of here.
    """
    kept = [
        check
        for result in results
        for check in result.checks
        if check.kind == LATENCY and check.pairs
    ]
    return _document([_of_check(check) for check in kept], origins)


def measurements_as_benchmarks(
    measurements: Iterable[Measurement], origins: Origins | None = None
) -> dict[str, Any]:
    """Return measurements as one document, a benchmark each, its data the medians of the blocks in seconds."""
    return _document([_of_measurement(measurement) for measurement in measurements], origins)


def read_benchmarks(path: Path) -> StoredResults:
    """Read a file of pytest-benchmark's schema, whoever wrote it.

    Raises:
        InputError: it is missing, damaged or something else.
    """
    document = read_json(path)
    try:
        found = StoredResults.model_validate(document)
    except ValidationError as error:
        raise damaged(f"{path} is no pytest-benchmark JSON, or is damaged", error) from None
    return found.model_copy(update={"origin": str(path)})


def compare_stored(
    base: StoredResults,
    head: StoredResults,
    *,
    margin: float = DEFAULT_MARGIN,
    margins: Mapping[str, float] | None = None,
) -> GateResult:
    """Hold stored medians against each other by the benchmarks' full names.

    No slower than the margin is PASS; slower is INCONCLUSIVE, for a stored number is from another moment; another machine,
    device or runtime is INCOMPARABLE.

    Args:
        base: The older results.
        head: The newer ones.
        margin: How much slower a benchmark may be, as a share.
        margins: The same for some, by full name.

    Raises:
        InputError: a margin is negative.
        IncomparableError: they have no benchmark in common.
    """
    limits = dict(margins or {})
    if any(limit < 0 for limit in (margin, *limits.values())):
        raise InputError("a margin cannot be negative")
    before, after = _sides(base), _sides(head)
    if not before.keys() & after.keys():
        raise IncomparableError(
            f"{base.origin or 'base'} and {head.origin or 'head'} have no benchmark in common"
        )
    return GateResult(
        base=base.origin,
        head=head.origin,
        measured_utc=head.taken.isoformat(),
        checks=tuple(
            _held(side, after.get(name), limits.get(name, margin)) for name, side in before.items()
        ),
        new=tuple(name for name in after if name not in before),
    )


def _sides(results: StoredResults) -> dict[str, _Side]:
    return {each.fullname: _Side(results=results, benchmark=each) for each in results.benchmarks}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One benchmark in its file."""

    results: StoredResults
    benchmark: StoredBenchmark

    @property
    def median_ms(self) -> float:
        return self.benchmark.stats.median * 1e3

    @property
    def machine(self) -> str:
        return self.results.machine_of(self.benchmark)

    @property
    def runtime(self) -> str:
        return str(self.benchmark.facts.get("runtime") or "")


def _held(base: _Side, head: _Side | None, margin: float) -> Check:
    verdict, sentence = _judged(base, head, margin)
    device = base.benchmark.facts.get("device")
    return Check(
        benchmark=base.benchmark.fullname,
        kind=LATENCY,
        verdict=verdict,
        sentence=sentence,
        device=str(device) if device else None,
        base=base.median_ms,
        head=head.median_ms if head else None,
        margin=margin,
    )


def _judged(base: _Side, head: _Side | None, margin: float) -> tuple[Verdict, str]:
    if head is None:
        return Verdict.INCOMPARABLE, "the other side has no such benchmark"
    if base.machine != head.machine:
        return Verdict.INCOMPARABLE, f"{base.machine} before, {head.machine} now"
    if base.runtime and head.runtime and base.runtime != head.runtime:
        return Verdict.INCOMPARABLE, f"{base.runtime} before, {head.runtime} now"
    change = head.median_ms / base.median_ms - 1
    figures = f"{base.median_ms:.4g} to {head.median_ms:.4g} ms as stored ({change:+.1%})"
    if change <= margin:
        return Verdict.PASS, f"{figures}, within the margin of {margin:.3g}"
    return Verdict.INCONCLUSIVE, (
        f"{figures}: stored numbers cannot tell a slower file from a slower moment; run both files "
        "against each other in pairs with `edgebench compare`"
    )


def _document(benchmarks: list[dict[str, Any]], origins: Origins | None) -> dict[str, Any]:
    known = origins or origins_here()
    return {
        "machine_info": as_plain(known.machine_info),
        "commit_info": as_plain(known.commit_info),
        "benchmarks": benchmarks,
        "datetime": datetime.now(UTC).isoformat(),
        "version": metadata.version("pytest-benchmark"),
    }


def _of_check(check: Check) -> dict[str, Any]:
    facts = {
        "sha256": check.head_sha256,
        "runtime": check.runtime,
        "device": check.device,
        "ratio": as_plain(check.ratio),
        "margin": check.margin,
        "verdict": check.verdict.value,
    }
    seconds = [pair.head_ns / 1e9 for pair in check.pairs]
    return _benchmark(check.benchmark, check.device or LOCAL, seconds, facts)


def _of_measurement(measurement: Measurement) -> dict[str, Any]:
    environment = measurement.environment
    facts = {
        "sha256": measurement.model_sha256,
        "runtime": f"{environment.runtime} {environment.runtime_version}",
        "device": measurement.device,
        "delegate": environment.delegate,
        "threads": environment.threads,
        "valid": measurement.valid,
        "reasons": list(measurement.reasons),
    }
    seconds = [stats.median(block.samples_ns) / 1e9 for block in measurement.blocks]
    return _benchmark(measurement.model_name, measurement.device, seconds, facts)


def _benchmark(
    name: str, device: str, seconds: Iterable[float], facts: Mapping[str, Any]
) -> dict[str, Any]:
    from pytest_benchmark.stats import Stats

    figures = Stats()
    for duration in seconds:
        figures.update(duration)
    full = f"{name}[{device}]"
    return {
        "group": None,
        "name": full,
        "fullname": full,
        "params": {"device": device},
        "param": device,
        "extra_info": {"edgebench": dict(facts)},
        "options": {},
        "stats": {**figures.as_dict(), "data": figures.data, "iterations": 1},
    }
