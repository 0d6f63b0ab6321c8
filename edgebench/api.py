"""What Python users and the command line both call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench import suites
from edgebench.errors import InputError, StoppedError
from edgebench.executors import Workers, preload_for, start_server
from edgebench.profiling import Profiled, SuiteProfile, profile_all
from edgebench.records import DataPlan, ExportTarget, Measurement, Run, RunResult
from edgebench.suites import Change

if TYPE_CHECKING:
    import pandas

    from edgebench.tuning import Exported, Observer

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
    from edgebench.report import RunView, paper_document, write_paper

    results = []
    for store in stores:
        with open_store(store) as opened:
            results += [opened.load(run_id) for run_id in opened.run_ids()]
    page = write_paper(results, Path(reports))
    return page, paper_document(RunView.of(result) for result in results)


def export(
    run_id: str,
    trial_id: str,
    *,
    targets: Sequence[ExportTarget] | None = None,
    out: str | Path,
    dynamic_batch: bool = False,
    store: str | Path = DEFAULT_STORE,
) -> Exported:
    """Make the files of one trial from its stored weights, run them here on held-out data, and write them into a folder.

    Args:
        run_id: A run.
        trial_id: One of its trials that was trained, and may have won.
        targets: Which files; None for those of the suite.
        out: Folder of the files; each gets a JSON document of what it is beside it.
        dynamic_batch: Leave the number of examples open in each file; they are then not compared with the run's.
        store: Folder of all results.

    Raises:
        InputError: no such run or trial, or its weights were not kept.
        WorkError: a file cannot be made, or answers otherwise than Keras.
    """
    from edgebench.templates import import_keras

    import_keras()
    from edgebench.tuning import export_again

    with open_store(store) as opened:
        result = opened.load(opened.run(run_id).run_id)
        return export_again(
            opened, result, trial_id, Path(out), targets=targets, dynamic_batch=dynamic_batch
        )


def export_keras(
    model: str | Path,
    data: str,
    *,
    targets: Sequence[ExportTarget],
    out: str | Path,
    dynamic_batch: bool = False,
) -> Exported:
    """Write a .keras file as other files, calibrated on a data set's training part and scored on its test part.

    The file is opened in a process of its own, and may bring no code.

    Args:
        model: The file.
        data: The data set that it was trained for.
        targets: Which files.
        out: Folder of the files.
        dynamic_batch: As for `export`.

    Raises:
        InputError: the file cannot be opened, or does not take the data.
        WorkError: a file cannot be made, or answers otherwise than Keras.
    """
    from edgebench.templates import import_keras

    import_keras()
    from edgebench.tuning import export_keras_file

    whole = DataPlan(name=data, validation="test")  # nothing is chosen, so all calibrates
    return export_keras_file(Path(model), whole, targets, Path(out), dynamic_batch=dynamic_batch)


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
    """Measure one model file on one device; see `edgebench.profiling.profile_all`."""
    (measurement,) = profile_all([model], device=device, **options)
    return measurement


def profile_suite(suite: str | Path, **options: Any) -> list[Profiled]:
    """Profile a suite of models on each of its devices, and score the files that have data; see `prepare_profile`."""
    return prepare_profile(suite, **options).run()


def prepare_profile(
    suite: str | Path,
    *,
    examples: int | None = None,
    input_range: tuple[float, float] | None = None,
    sustained_s: float | None = None,
    lists_ops: bool = False,
    told: Callable[[str], None] = lambda sentence: None,
    **options: Any,
) -> SuiteProfile:
    """Read a suite of models and look up all it names; nothing runs yet.

    Args:
        suite: A suite's name or file.
        examples: The first so many of each test part, in the place of what the suite says.
        input_range: What every model expects, likewise.
        sustained_s: Run each file without a pause for so long besides.
        lists_ops: List the operations too.
        told: Gets a sentence of what is being done.
        **options: What to change in the suite: ``devices``, ``runtime``, ``delegate``, ``threads``, ``blocks``, ``block_s``,
            and ``data``, for the files that have none of their own.

    Raises:
        InputError: the suite or an option is wrong, or a file, a device or data is not there.
    """
    loaded = suites.load_models(str(suite), _laid_over(options, _MODEL_PLACES, "profile_suite"))
    asked = {"examples": examples, "input_range": input_range}
    chosen: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    models = tuple(replace(model, **chosen) for model in loaded.models)
    return SuiteProfile(
        replace(loaded, models=models), sustained_s=sustained_s, lists_ops=lists_ops, told=told
    )


def changes(options: Mapping[str, Any]) -> list[Change]:
    """Return what keyword options (as `search` takes them) change in a suite.

    Raises:
        TypeError: an option that `search` does not know.
    """
    plain = {name: value for name, value in options.items() if name not in ("weights", "sets")}
    found = _laid_over(plain, _PLACES, "search")
    for metric, weight in dict(options.get("weights") or {}).items():
        found.append(
            Change(location=("objectives", metric, "weight"), value=weight, option="--weight")
        )
    for name, value in dict(options.get("sets") or {}).items():
        found.append(Change(location=("hyperparameters", name), value=value, option="--set"))
    return found


def _laid_over(
    options: Mapping[str, Any], places: Mapping[str, tuple[tuple[str, ...], str]], function: str
) -> list[Change]:
    unknown = set(options) - set(places)
    if unknown:
        raise TypeError(f"{function}() got an unexpected option {sorted(unknown)[0]!r}")
    found = []
    for name, (location, flag) in places.items():
        value = options.get(name)
        if value is not None and value not in ([], ()):
            listed = list(value) if isinstance(value, (list, tuple)) else value
            found.append(Change(location=location, value=listed, option=flag))
    return found


_MODEL_PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "devices": (("devices",), "--device"),
    "runtime": (("latency", "runtime"), "--runtime"),
    "delegate": (("latency", "delegate"), "--delegate"),
    "threads": (("latency", "threads"), "--threads"),
    "blocks": (("latency", "winner_blocks"), "--blocks"),
    "block_s": (("latency", "block_s"), "--block-s"),
    "data": (("data", "name"), "--data"),
}
_PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "objective": (("objective",), "--objective"),
    "oracle": (("oracle", "name"), "--oracle"),
    "max_trials": (("oracle", "max_trials"), "--max-trials"),
    "max_epochs": (("training", "max_epochs"), "--max-epochs"),
    "rungs": (("fidelity", "rungs"), "--rungs"),
    "seed": (("seed",), "--seed"),
    "template": (("template",), "--template"),
    "data": (("data", "name"), "--data"),
    "sample": (("data", "sample"), "--sample"),
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
