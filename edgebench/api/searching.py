"""Searching, and the published tables beside what was found."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench import suites
from edgebench.api.options import changes
from edgebench.api.result import SearchResult, draw
from edgebench.api.stores import DEFAULT_REPORTS, DEFAULT_STORE, open_store
from edgebench.errors import InputError, StoppedError
from edgebench.executors import Workers, preload_for, start_server
from edgebench.records import Run
from edgebench.watching import watch_for

if TYPE_CHECKING:
    from edgebench.tuning import Observer


def search(
    suite: str | Path = suites.DEFAULT_SUITE,
    *,
    progress: bool | None = None,
    observer: Observer | None = None,
    resume: str | None = None,
    new: bool = False,
    workers: int | Workers | None = None,
    time_budget_s: float | None = None,
    store: str | Path = DEFAULT_STORE,
    reports: str | Path = DEFAULT_REPORTS,
    **options: Any,
) -> SearchResult:
    """Search, export and measure the winners, and draw the report.

    Args:
        suite: A suite's name or file.
        progress: Whether to show how far it is: by default in notebooks and on terminals, elsewhere where this is True.
        observer: Told of everything that happens, in the place of what ``progress`` shows.
        resume: A run to go on with, by its id; ``suite`` is then not read.
        new: Start another run even where this question has one.
        workers: Trials at once, or where they run, for a Ray cluster.
        time_budget_s: Ask for no new candidate after this long.
        store: Folder of all results.
        reports: Folder of all reports.
        **options: What to change in the suite: ``objective``, ``oracle``, ``max_trials``, ``max_epochs``, ``rungs``,
            ``seed``, ``template``, ``data``, ``sample``, ``precision``, ``devices``, ``constraints``, ``weights``, ``sets``, ``scale``,
            ``repeats``, each as the command's option of that name. ``measure_later=True`` changes nothing in it, but
            reaches no device: the run, resumed, measures what is missing, and ships. ``argv`` is what the run records as
            its command.

    Raises:
        InputError: the suite, an option or the run is wrong.
        UnavailableError: a device, a runtime or the Keras backend is not there.
        StoppedError: the user stopped the search; its report is drawn as far as it came.
        WorkError: every trial failed.
    """
    from edgebench.store import SqliteStore
    from edgebench.templates import chosen_backend, import_keras

    later = bool(options.pop("measure_later", False))
    argv = tuple(options.pop("argv", ()))
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
        argv=argv,
        suite_path=str(path) if not path.is_absolute() else path.name,
    )
    watch = None if observer else watch_for(progress)
    with SqliteStore(Path(store)) as opened, watch or contextlib.nullcontext():
        session = Search(loaded, settings, opened, observer or watch or SilentObserver())
        try:
            session.execute()
        except StoppedError as stopped:
            stopped.run_id = session.run_id
            draw(session.run_id, store=store, reports=reports)
            raise
    return draw(session.run_id, store=store, reports=reports)


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
