"""What our runs found in the published experiments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgebench.objectives import is_feasible
from edgebench.records import METRICS, Goal, Metric, Status, Trial
from edgebench.report.paper.published import Case
from edgebench.report.view import RunView

MOST_RANKED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One of the ten best trials of a run: ``value`` is that of the case's metric, of one training."""

    trial_id: str
    value: float
    params: int
    epochs: int
    architecture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The best trial of one run of a case, by the metric of the case.

    ``best`` is of one training, as published figures are; ``mean`` of several seeds of that same network, where it was
    trained again, in the metric that its search went by. ``iou``, ``average_precision`` and ``tested``, whose name is
    ``test_title``, are what else is known of it. ``ten_best`` begins with it. ``precision`` is that of the files which the search ranked by.
    """

    run_id: str
    suite: str
    search: str
    trial_id: str
    best: float
    mean: Metric | None
    params: int
    iou: float | None
    average_precision: float | None
    test_title: str
    tested: float | None
    trials: int
    search_epochs: int
    repeat_epochs: int
    wall_s: float
    seed: int
    precision: str
    scale: float
    chosen_by_test: bool
    status: str
    limits: str
    commonest_share: float | None
    ten_best: tuple[Ranked, ...]


def outcomes_of(case: Case, views: Iterable[RunView]) -> Iterator[Outcome]:
    """Yield what each run of a case found; runs without a trained network are left out."""
    for view in views:
        suite = view.run.suite
        is_case = (suite.template, suite.data.name) == (case.template, case.data)
        if is_case and case.sample in (None, suite.data.sample):
            trained = [trial for trial in view.searched if _counts(view, trial, case.metric)]
            if trained:
                yield _outcome(view, trained, case.metric)


def _counts(view: RunView, trial: Trial, metric: str) -> bool:
    values = trial.values()
    is_told = {metric, "trainable_params"} <= values.keys()
    is_allowed = is_feasible(view.run.suite.constraints, values)
    return trial.status is Status.COMPLETED and is_told and is_allowed


def _outcome(view: RunView, trained: list[Trial], metric: str) -> Outcome:
    run = view.run
    ranked = sorted(
        trained,
        key=lambda trial: trial.values()[metric],
        reverse=METRICS[metric].goal is Goal.MAX,
    )
    trial = ranked[0]
    values = trial.values()
    return Outcome(
        run_id=run.run_id,
        suite=run.suite.name,
        search=run.suite.oracle.name,
        trial_id=trial.trial_id,
        best=values[metric],
        mean=view.repeated(trial),
        params=int(values["trainable_params"]),
        iou=values.get("val_iou"),
        average_precision=values.get("val_map"),
        test_title=view.file_title,
        tested=view.value(trial, view.tested),
        trials=len(view.searched),
        search_epochs=sum(t.epochs for t in (*view.result.trials, *view.result.paused)),
        repeat_epochs=sum(repeat.epochs for repeat in view.result.repeats),
        wall_s=run.wall_s,
        seed=run.suite.seed,
        precision=run.suite.latency.precision.value,
        scale=run.suite.scale,
        chosen_by_test=run.suite.data.validation == "test",
        status=run.status,
        limits=", ".join(map(str, run.suite.constraints)),
        commonest_share=run.data.get("commonest_share"),
        ten_best=tuple(_ranked(each, metric) for each in ranked[:MOST_RANKED]),
    )


def _ranked(trial: Trial, metric: str) -> Ranked:
    values = trial.values()
    return Ranked(
        trial_id=trial.trial_id,
        value=values[metric],
        params=int(values["trainable_params"]),
        epochs=trial.epochs,
        architecture=trial.architecture,
    )
