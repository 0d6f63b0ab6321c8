"""Searching, and drawing what was found."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench import suites
from edgebench.api.options import changes
from edgebench.api.stores import DEFAULT_REPORTS, DEFAULT_STORE, open_store
from edgebench.errors import InputError, StoppedError
from edgebench.executors import Workers, preload_for, start_server
from edgebench.records import Run, RunResult

if TYPE_CHECKING:
    import pandas

    from edgebench.tuning import Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A finished search. ``summary`` is the document that ``summary.json`` holds; ``report`` the page."""

    run_id: str
    summary: Mapping[str, Any]
    report: Path
    result: RunResult

    @property
    def front(self) -> pandas.DataFrame:
        """One row a member of the front, best first objective first."""
        from edgebench.report import front_frame

        return front_frame(self.result)

    @property
    def pick(self) -> Mapping[str, Any] | None:
        """The member to ship, as it stands in the summary, or None when the front is empty."""
        return next((member for member in self.summary["front"] if member["pick"]), None)


def search(
    suite: str | Path = suites.DEFAULT_SUITE,
    *,
    observer: Observer | None = None,
    resume: str | None = None,
    new: bool = False,
    workers: int | Workers | None = None,
    time_budget_s: float | None = None,
    store: str | Path = DEFAULT_STORE,
    reports: str | Path = DEFAULT_REPORTS,
    argv: Iterable[str] = (),
    **options: Any,
) -> SearchResult:
    """Search, export and measure the winners, and draw the report.

    Args:
        suite: A suite's name or file.
        observer: Told of everything that happens.
        resume: A run to go on with, by its id; ``suite`` is then not read.
        new: Start another run even where this question has one.
        workers: Trials at once, or where they run, for a Ray cluster.
        time_budget_s: Ask for no new candidate after this long.
        store: Folder of all results.
        reports: Folder of all reports.
        argv: What the run records as its command.
        **options: What to change in the suite: ``objective``, ``oracle``, ``max_trials``, ``max_epochs``, ``rungs``,
            ``seed``, ``template``, ``data``, ``sample``, ``precision``, ``devices``, ``constraints``, ``weights``, ``sets``, ``scale``,
            ``repeats``, each as the command's option of that name. ``measure_later=True`` changes nothing in it, but
            reaches no device: the run, resumed, measures what is missing, and ships.

    Raises:
        InputError: the suite, an option or the run is wrong.
        UnavailableError: a device, a runtime or the Keras backend is not there.
        StoppedError: the user stopped the search; its report is drawn as far as it came.
        WorkError: every trial failed.
    """
    from edgebench.store import SqliteStore
    from edgebench.templates import chosen_backend, import_keras

    later = bool(options.pop("measure_later", False))
    where = workers if isinstance(workers, Workers) else Workers(count=workers)
    backend = chosen_backend()
    if where.strategy and backend != "tensorflow":
        raise InputError(
            f"--strategy {where.strategy} needs TensorFlow",
            why=f"the Keras backend here is {backend}",
            remedy="set KERAS_BACKEND to tensorflow, or leave --strategy out",
        )
    if resume is None:
        path = suites.find(str(suite))
        loaded = suites.load(str(suite), changes(options))
    else:
        with open_store(store) as opened:
            run = opened.run(resume)
        path, loaded = Path(run.suite_path), _resumed(run, options)
    if where.executor == "local":
        start_server(preload_for(backend))
    import_keras()
    from edgebench.tuning import Search, SearchSettings, SilentObserver

    settings = SearchSettings(
        workers=where,
        time_budget_s=time_budget_s,
        resume=resume,
        new=new,
        measure_later=later,
        argv=tuple(argv),
        suite_path=str(path) if not path.is_absolute() else path.name,
    )
    with SqliteStore(Path(store)) as opened:
        session = Search(loaded, settings, opened, observer or SilentObserver())
        try:
            session.execute()
        except StoppedError as stopped:
            stopped.run_id = session.run_id
            _draw(opened, session.run_id, Path(reports))
            raise
        return _draw(opened, session.run_id, Path(reports))


def report(
    run_id: str, *, store: str | Path = DEFAULT_STORE, reports: str | Path = DEFAULT_REPORTS
) -> SearchResult:
    """Redraw the report of a run from the store."""
    with open_store(store) as opened:
        return _draw(opened, run_id, Path(reports))


def paper(
    *,
    stores: Sequence[str | Path] = (DEFAULT_STORE,),
    reports: str | Path = DEFAULT_REPORTS,
) -> tuple[Path, dict[str, Any]]:
    """Draw the published tables with all runs of these stores beside them; return the page, and its numbers.

    Raises:
        InputError: a store holds no runs.
    """
    from edgebench.report import write_paper

    results = []
    for store in stores:
        with open_store(store) as opened:
            results += [opened.load(run_id) for run_id in opened.run_ids()]
    page = write_paper(results, Path(reports))
    return page, json.loads((page.parent / "paper.json").read_text(encoding="utf-8"))


def _resumed(run: Run, options: Mapping[str, Any]) -> Any:
    """Return the run's own suite, with another total of trials where one is asked for."""
    given = {k: v for k, v in options.items() if v is not None and v not in ([], (), {})}
    total = given.pop("max_trials", None)
    if given:
        raise InputError(
            f"--resume goes on with the options of run {run.run_id}",
            why=f"given besides: {', '.join(sorted(given))}",
            remedy="leave them out, or start another run; only --max-trials may differ",
        )
    if total is None:
        return run.suite
    oracle = dataclasses.replace(run.suite.oracle, max_trials=total)
    return dataclasses.replace(run.suite, oracle=oracle)


def _draw(store: Any, run_id: str, reports: Path) -> SearchResult:
    from edgebench.report import write_heldout, write_report

    result = store.load(run_id)
    page = write_report(result, reports, store.artifact_path)
    if result.artifacts:
        write_heldout(result.run.suite, page.parent / "models")
    summary = json.loads((page.parent / "summary.json").read_text(encoding="utf-8"))
    return SearchResult(run_id=run_id, summary=summary, report=page, result=result)
