"""Which run a search works on: a new one, or the one that the same question started earlier."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from edgebench import suites
from edgebench.datasets import DATASETS
from edgebench.errors import InputError, StoppedError
from edgebench.executors import Workers
from edgebench.records import Precision, Run, Suite
from edgebench.store import SqliteStore
from edgebench.tuning import facts
from edgebench.tuning.names import new_run_id
from edgebench.tuning.pipeline import now_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How a search runs, as against what it searches.

    ``new`` starts another run even where the same question has one; ``resume`` names a run to go on with. With
    ``measure_later`` no device is reached: latencies stay missing, and nothing is shipped, until the run is resumed.
    """

    workers: Workers = field(default_factory=Workers)
    time_budget_s: float | None = None
    resume: str | None = None
    new: bool = False
    measure_later: bool = False
    argv: tuple[str, ...] = ()
    suite_path: str = ""


def find_run(store: SqliteStore, suite: Suite, settings: SearchSettings) -> tuple[Run, bool]:
    """Return (run, whether it is new).

    The same suite, options and seed go on with their newest run: the number of trials is a total, and devices,
    exports and trials may be added to a run.
    """
    suite_hash = suites.suite_hash(suite)
    found = store.run(settings.resume) if settings.resume else None
    if found is None and not settings.new:
        found = store.newest_of(suite_hash)
    if found is not None and settings.resume:
        _require_comparable(found, suite, suite_hash)
    if found is not None:
        return dataclasses.replace(found, suite=suite, status="running"), False
    commit, dirty = facts.git_state()
    run = Run(
        run_id=new_run_id(store.run_ids()),
        suite=suite,
        suite_hash=suite_hash,
        suite_path=settings.suite_path,
        started_utc=now_utc(),
        argv=settings.argv,
        git_commit=commit,
        git_dirty=dirty,
        versions=facts.versions(facts.plugins_of(suite)),
        host=facts.host(),
    )
    return run, True


def _require_comparable(run: Run, suite: Suite, suite_hash: str) -> None:
    """Raise where what would be added to a run is not comparable with what it has."""
    is_quantised = suite.latency.precision is not Precision.FP32
    has_own_data = suite.data.name not in DATASETS
    if (is_quantised or has_own_data) and run.suite_hash != suite_hash:
        raise InputError(
            f"run {run.run_id} cannot be gone on with",
            why="its data has changed since"
            if has_own_data
            else "it ranks by the float accuracy, as int8 searches did when it began",
            remedy="begin another run with --new",
        )


class Stop:
    """Counts requests to stop: the first lets running trials finish, the second does not."""

    def __init__(self) -> None:
        self.requests = 0

    def request(self) -> None:
        self.requests += 1

    @property
    def requested(self) -> bool:
        return self.requests > 0

    def check(self) -> None:
        """Raise `StoppedError` once the user asked twice."""
        if self.requests > 1:
            raise StoppedError("stopped")
