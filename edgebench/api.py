"""What Python users and the command line both call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench import suites
from edgebench.errors import EdgebenchError, InputError, StoppedError
from edgebench.executors import Workers, preload_for, start_server
from edgebench.records import Measurement, Run, RunResult
from edgebench.suites import Change

if TYPE_CHECKING:
    import pandas

    from edgebench.runtimes import Op
    from edgebench.tuning import Observer

DEFAULT_STORE = Path(".edgebench")
DEFAULT_REPORTS = Path("reports")


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
            ``seed``, ``template``, ``data``, ``precision``, ``devices``, ``constraints``, ``weights``, ``sets``, ``scale``,
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
        loaded = suites.load(str(path), changes(options))
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


def open_store(store: str | Path) -> Any:
    """Open a store that exists.

    Raises:
        InputError: there is none in that folder.
    """
    from edgebench.store import SqliteStore

    if not (Path(store) / "edgebench.sqlite").is_file():
        raise InputError(
            f"{store} holds no runs",
            why="expected a store that a search wrote",
            remedy="name its folder with --store, or run `edgebench search` first",
        )
    return SqliteStore(Path(store))


def profile(model: str | Path, *, device: str = "local", **options: Any) -> Measurement:
    """Measure one model file on one device; see `profile_all`."""
    (measurement,) = profile_all([model], device=device, **options)
    return measurement


def profile_all(
    models: Sequence[str | Path],
    *,
    device: str = "local",
    runtime: str = "auto",
    delegate: str | None = None,
    threads: int = 1,
    blocks: int = 6,
    block_s: float = 2.0,
    sustained_s: float | None = None,
    told: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Measurement]:
    """Measure model files on one device, and yield each as it is done.

    Elsewhere than here, their outputs are compared with those here. Where that or the sustained run fails, the
    measurement is yielded all the same, before the error.

    Args:
        models: .tflite, .onnx or .keras files.
        device: A device's name or file.
        runtime: ``auto``, ``litert``, ``tflite``, ``ort`` or ``keras``.
        delegate: What must run the graph, never replaced by another: ``xnnpack`` or ``none``, one of ort's
            providers (``cuda`` or its full name), a device of Keras's backend (``cpu``, ``gpu``). None for the
            runtime's default.
        threads: At least 1.
        blocks: Fresh processes, at least 1; 6 give a 96.9 % interval.
        block_s: Seconds timed in each.
        sustained_s: Run each model without a pause for so long besides.
        told: Gets a sentence of what is being done.
    """
    from edgebench.devices import open_device
    from edgebench.profiling import MeasurePlan, Profiler, check_agreement

    plan = MeasurePlan(
        runtime=runtime,
        delegate=delegate,
        threads=threads,
        blocks=blocks,
        block_s=block_s,
        remeasure=True,
        memory=True,
    )
    with open_device(device) as opened, open_device("local") as local:
        profiler, here = Profiler(opened, told), Profiler(local)
        for path in map(Path, models):
            told(f"measuring {path.name} on {device}, {blocks} blocks")
            measured = profiler.measure(path, plan)
            try:
                if opened.document.transport.kind != "local":
                    told(f"comparing the outputs of {path.name} with those here")
                    agreement = check_agreement(path, profiler, here, plan, measured)
                    measured = replace(measured, agreement=agreement)
                if sustained_s is not None:
                    told(f"running {path.name} on {device} for {sustained_s:g} s")
                    windows = profiler.sustained(path, plan, for_s=sustained_s)
                    measured = replace(measured, sustained=windows)
            except EdgebenchError:
                yield measured
                raise
            yield measured


def per_op(
    model: str | Path,
    *,
    device: str = "local",
    runtime: str = "auto",
    delegate: str | None = None,
    threads: int = 1,
) -> tuple[Op, ...]:
    """Return the operations of one model file from a run of its own, which is not measured.

    Only ``ort`` tells how long each took. Arguments as for `profile`.
    """
    from edgebench.devices import open_device
    from edgebench.profiling import MeasurePlan, Profiler

    plan = MeasurePlan(runtime=runtime, delegate=delegate, threads=threads)
    with open_device(device) as opened:
        return Profiler(opened).per_op(Path(model), plan)


def changes(options: Mapping[str, Any]) -> list[Change]:
    """Return what keyword options (as `search` takes them) change in a suite.

    Raises:
        TypeError: an option that `search` does not know.
    """
    unknown = set(options) - {*_PLACES, "weights", "sets"}
    if unknown:
        raise TypeError(f"search() got an unexpected option {sorted(unknown)[0]!r}")
    found = []
    for name, (location, flag) in _PLACES.items():
        value = options.get(name)
        if value is not None and value not in ([], ()):
            listed = list(value) if isinstance(value, (list, tuple)) else value
            found.append(Change(location=location, value=listed, option=flag))
    for metric, weight in dict(options.get("weights") or {}).items():
        found.append(
            Change(location=("objectives", metric, "weight"), value=weight, option="--weight")
        )
    for name, value in dict(options.get("sets") or {}).items():
        found.append(Change(location=("hyperparameters", name), value=value, option="--set"))
    return found


_PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "objective": (("objective",), "--objective"),
    "oracle": (("oracle", "name"), "--oracle"),
    "max_trials": (("oracle", "max_trials"), "--max-trials"),
    "max_epochs": (("training", "max_epochs"), "--max-epochs"),
    "rungs": (("fidelity", "rungs"), "--rungs"),
    "seed": (("seed",), "--seed"),
    "template": (("template",), "--template"),
    "data": (("data", "name"), "--data"),
    "precision": (("latency", "precision"), "--precision"),
    "devices": (("devices",), "--device"),
    "constraints": (("constraints",), "--constraint"),
    "scale": (("scale",), "--scale"),
    "repeats": (("repeats",), "--repeats"),
}


def _resumed(run: Run, options: Mapping[str, Any]) -> Any:
    """Return the run's own suite, with another total of trials where one is asked for."""
    import dataclasses

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
    from edgebench.report import write_report
    from edgebench.tuning import write_heldout

    result = store.load(run_id)
    page = write_report(result, reports, store.artifact_path)
    if result.artifacts:
        write_heldout(result.run.suite, page.parent / "models")
    summary = json.loads((page.parent / "summary.json").read_text(encoding="utf-8"))
    return SearchResult(run_id=run_id, summary=summary, report=page, result=result)
