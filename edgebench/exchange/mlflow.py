"""A run as runs of MLflow: one for the search, and nested in it one for each trial."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgebench.errors import InputError, first_line
from edgebench.exchange.facts import Span, numbers, run_span, trial_span, words
from edgebench.records import Run, Status, Trial
from edgebench.report import RunView, as_plain

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # it is read once, while MLflow is imported
# About 15 s; by itself it asks a server that is not there for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

RUN, TRIAL, DIGEST = "edgebench.run", "edgebench.trial", "edgebench.digest"
PARENT, NAME, COMMIT = "mlflow.parentRunId", "mlflow.runName", "mlflow.source.git.commit"
SEARCH = "search"  # stands for the run itself where a trial's id would
PAGE_FILES = ("index.html", "report.md", "summary.json", "trials.csv", "front.csv")
STATES = {Status.FAILED: "FAILED", Status.PRUNED: "KILLED"}
ENDS = (Status.COMPLETED, Status.PRUNED, Status.INFEASIBLE, Status.FAILED)
MOST_METRICS, MOST_PARAMS = 1000, 100  # in one request
MOST_RUNS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What one run of MLflow is to hold. ``series`` are metrics by step."""

    key: str
    name: str
    span: Span
    status: str = "FINISHED"
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def digest(self) -> str:
        """Return a hash of all of it, the bytes of its files included."""
        told = as_plain(replace(self, files=()))
        parts = [json.dumps(told, sort_keys=True).encode()]
        parts += [path.name.encode() + path.read_bytes() for path in self.files]
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def write_runs(view: RunView, report_dir: Path, uri: str) -> str:
    """Write a run where MLflow keeps its runs, in the experiment of its suite; return the parent run's id there.

    Runs that are there already and hold the same are left alone; those that differ are made again, and the former one
    goes to MLflow's trash. So writing twice, or a search that went on meanwhile, doubles nothing.

    Args:
        view: The run.
        report_dir: Its report, whose page, tables and model files become artifacts.
        uri: MLflow's tracking URI: a server's address, or ``sqlite:///mlflow.db``.

    Raises:
        InputError: MLflow cannot write there.
    """
    try:
        with _quiet():
            return _write(MlflowClient(tracking_uri=uri), view, report_dir)
    except MlflowException as error:
        raise InputError(
            f"MLflow cannot write to {uri}",
            why=first_line(error),
            remedy="give a server's address, or sqlite:///mlflow.db",
        ) from None


def _write(client: MlflowClient, view: RunView, report_dir: Path) -> str:
    experiment_id = _experiment(client, f"edgebench {view.run.suite.name}")
    kept = client.search_runs(
        [experiment_id], f"tags.`{RUN}` = '{view.run.run_id}'", max_results=MOST_RUNS
    )
    there = {run.data.tags[TRIAL]: run for run in kept}
    for run in kept:
        if run is not there[run.data.tags[TRIAL]]:
            client.delete_run(run.info.run_id)
    parent_id = _put(client, experiment_id, _search(view, report_dir), there)
    for trial in view.ended:
        run_id = _put(client, experiment_id, _trial(view, trial, report_dir), there)
        client.set_tag(run_id, PARENT, parent_id)
    return parent_id


def _experiment(client: MlflowClient, name: str) -> str:
    experiment = client.get_experiment_by_name(name)
    return str(experiment.experiment_id if experiment else client.create_experiment(name))


def _put(client: MlflowClient, experiment_id: str, entry: _Entry, there: Mapping[str, Any]) -> str:
    """Return the id of the run that holds an entry. A run gets its digest last: one that is not whole is made again."""
    digest, former = entry.digest(), there.get(entry.key)
    if former is not None and former.data.tags.get(DIGEST) == digest:
        return str(former.info.run_id)
    if former is not None:
        client.delete_run(former.info.run_id)
    begun_ms, ended_ms = (int(t.timestamp() * 1000) for t in (entry.span.start, entry.span.end))
    run_id = str(
        client.create_run(
            experiment_id, start_time=begun_ms, tags=dict(entry.tags), run_name=entry.name
        ).info.run_id
    )
    metrics = [
        Metric(name, value, ended_ms, step)
        for name, series in entry.series.items()
        for step, value in series.items()
    ]
    params = [Param(name, value) for name, value in entry.params.items()]
    for first in range(0, len(metrics), MOST_METRICS):
        client.log_batch(run_id, metrics=metrics[first : first + MOST_METRICS])
    for first in range(0, len(params), MOST_PARAMS):
        client.log_batch(run_id, params=params[first : first + MOST_PARAMS])
    for path in entry.files:
        client.log_artifact(run_id, str(path))
    client.log_batch(run_id, tags=[RunTag(DIGEST, digest)])
    client.set_terminated(run_id, status=entry.status, end_time=ended_ms)
    return run_id


def _search(view: RunView, report_dir: Path) -> _Entry:
    run = view.run
    counts = {f"trials/{status.value}": view.count(status) for status in ENDS}
    once = {**counts, "wall_s": run.wall_s}
    if view.pick is not None:
        once |= numbers(view, view.pick.trial)
    series = {_name(name): {0: float(value)} for name, value in once.items()}
    return _Entry(
        key=SEARCH,
        name=run.run_id,
        span=run_span(run),
        status="FINISHED" if run.status == "completed" else "KILLED",
        params=_asked(run),
        tags=_tags(
            {
                "run": run.run_id,
                "trial": SEARCH,
                "suite": run.suite.name,
                "status": run.status,
                "device": view.main_device,
                "git_commit": run.git_commit or "",
                "pick": view.pick.trial.trial_id if view.pick else "",
            }
        ),
        series=series | {"hypervolume": dict(enumerate(view.hypervolume, start=1))},
        files=_existing(report_dir / name for name in PAGE_FILES),
    )


def _asked(run: Run) -> dict[str, str]:
    suite = run.suite
    asked = {
        "suite": suite.name,
        "template": suite.template,
        "data": suite.data.name,
        "objective": suite.objective,
        "objectives": ", ".join(f"{o.metric} {o.goal.value}" for o in suite.objectives),
        "constraints": ", ".join(map(str, suite.constraints)),
        "oracle": suite.oracle.name,
        "max_trials": suite.oracle.max_trials,
        "max_epochs": suite.training.max_epochs,
        "batch_size": suite.training.batch_size,
        "devices": ", ".join(run.device_names),
        "latency.runtime": suite.latency.runtime,
        "latency.precision": suite.latency.precision.value,
        "latency.threads": suite.latency.threads,
        "seed": suite.seed,
    }
    return {name: str(value) for name, value in asked.items() if value != ""}


def _trial(view: RunView, trial: Trial, report_dir: Path) -> _Entry:
    once = {**numbers(view, trial), "epochs": trial.epochs, "seconds": trial.elapsed_s}
    series = {_name(name): {0: float(value)} for name, value in once.items()}
    watched = f"epoch/{view.run.suite.training.watch}"
    models = report_dir / "models"
    names = [f"{trial.trial_id}.md"]
    names += [file.artifact.file_name for file in view.files(trial.trial_id)]
    return _Entry(
        key=trial.trial_id,
        name=trial.trial_id,
        span=trial_span(trial, view.run),
        status=STATES.get(trial.status, "FINISHED"),
        params={_name(name): str(value) for name, value in trial.hyperparameters.items()},
        tags=_tags(words(view, trial)),
        series=series | {_name(watched): dict(enumerate(trial.history, start=1))},
        files=_existing(models / name for name in names),
    )


def _tags(said: Mapping[str, str]) -> dict[str, str]:
    """Return words under edgebench's names, and the commit under MLflow's own too."""
    tags = {f"edgebench.{name}": word for name, word in said.items() if word}
    commit = said.get("git_commit")
    return tags | {COMMIT: commit} if commit else tags


def _name(name: str) -> str:
    """Return a name that MLflow allows; ``latency_ms@pi4`` stands in a group, as ``latency_ms/pi4``."""
    return re.sub(r"[^\w\-. /]", "_", name.replace("@", "/"))


def _existing(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(path for path in paths if path.is_file())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """MLflow and what it stands on tell of each table that they make, and warn of each other."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
