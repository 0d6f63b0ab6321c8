"""A run as a study in an Optuna journal, which optuna-dashboard and Optuna itself open."""

from __future__ import annotations

import contextlib
import json
import shutil
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import FrozenTrial, TrialState

from edgebench import scratch
from edgebench.errors import InputError
from edgebench.exchange.facts import Domain, domains, numbers, trial_span, words
from edgebench.objectives import budgeted_value, excess
from edgebench.records import Goal, Status, Trial
from edgebench.report import RunView

CONSTRAINTS = "constraints"  # the system attribute that Optuna and its dashboard read


def write_journal(view: RunView, path: Path) -> None:
    """Write a run into a journal as the study of its id; other studies there stay, a former one of that id goes.

    A study has the suite's objectives, and every searched trial: completed ones and those beyond the limits whose
    objectives are all known are complete, failed ones failed, all others pruned. The baseline, whose hyperparameters
    are another network's, stands with the study itself.

    Args:
        view: The run.
        path: The journal; made where it is missing.

    Raises:
        InputError: what is there is no journal.
    """
    _refuse_other_files(path)
    with scratch.replacing(path) as partial, _quiet():
        if path.exists():
            shutil.copyfile(path, partial)
        storage = JournalStorage(JournalFileBackend(str(partial)))
        _write_study(view, storage)


def _write_study(view: RunView, storage: JournalStorage) -> None:
    run = view.run
    if run.run_id in {study.study_name for study in storage.get_all_studies()}:
        optuna.delete_study(study_name=run.run_id, storage=storage)
    objectives = run.suite.objectives
    study = optuna.create_study(
        storage=storage,
        study_name=run.run_id,
        directions=["maximize" if o.goal is Goal.MAX else "minimize" for o in objectives],
    )
    study.set_metric_names([objective.metric for objective in objectives])
    for name, value in _about(view).items():
        study.set_user_attr(name, value)
    distributions = {
        name: _distribution(domain) for name, domain in domains(run, view.searched).items()
    }
    by_start = sorted(view.searched, key=lambda trial: trial_span(trial, run).start)
    study.add_trials(
        _frozen(view, trial, number, distributions) for number, trial in enumerate(by_start)
    )


def _about(view: RunView) -> dict[str, Any]:
    run = view.run
    about = {
        "suite": run.suite.name,
        "oracle": run.suite.oracle.name,
        "seed": run.suite.seed,
        "constraints": [str(constraint) for constraint in run.suite.constraints],
        "device": view.main_device,
        "git_commit": run.git_commit,
        "pick": view.pick.trial.trial_id if view.pick else None,
        "baseline": numbers(view, view.baseline) if view.baseline else None,
    }
    return {name: value for name, value in about.items() if value is not None}


def _frozen(
    view: RunView, trial: Trial, number: int, distributions: Mapping[str, BaseDistribution]
) -> FrozenTrial:
    known = {name: metric.value for name, metric in view.metrics(trial).items()}
    names = [objective.metric for objective in view.run.suite.objectives]
    state = _state(trial, has_values=known.keys() >= set(names))
    beyond = [
        excess(constraint, value)
        for constraint in view.run.suite.constraints
        if (value := budgeted_value(constraint, known)) is not None
    ]
    span = trial_span(trial, view.run)
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=state,
        value=None,
        values=[known[name] for name in names] if state is TrialState.COMPLETE else None,
        datetime_start=span.start,
        datetime_complete=span.end,
        params=dict(trial.hyperparameters),
        distributions={name: distributions[name] for name in trial.hyperparameters},
        user_attrs={**words(view, trial), **numbers(view, trial), "epochs": trial.epochs},
        system_attrs={CONSTRAINTS: beyond} if beyond else {},
        intermediate_values=dict(enumerate(trial.history, start=1)),
    )


def _state(trial: Trial, *, has_values: bool) -> TrialState:
    if trial.status is Status.FAILED:
        return TrialState.FAIL
    is_judged = trial.status in (Status.COMPLETED, Status.INFEASIBLE)
    return TrialState.COMPLETE if is_judged and has_values else TrialState.PRUNED


def _distribution(domain: Domain) -> BaseDistribution:
    if domain.choices:
        return CategoricalDistribution(domain.choices)
    if domain.is_whole:
        return IntDistribution(int(domain.low), int(domain.high), log=domain.is_log)
    return FloatDistribution(domain.low, domain.high, log=domain.is_log)


def _refuse_other_files(path: Path) -> None:
    """A journal is lines of JSON, each an operation."""
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return
    try:
        with path.open(encoding="utf-8") as file:
            is_journal = "op_code" in json.loads(file.readline(1 << 20))
    except (OSError, ValueError, TypeError):
        is_journal = False
    if not is_journal:
        raise InputError(
            f"{path} is no Optuna journal",
            why="a run is added to a journal, and what else is there is left alone",
            remedy="name another file with --out",
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
