"""What the task of a suite's data decides, and what goes with it."""

from __future__ import annotations

import dataclasses
from functools import partial

from edgebench.datasets import DatasetSpec
from edgebench.documents import Document, Location
from edgebench.records import AUGMENTATIONS, LOSS, Suite
from edgebench.suites.places import known, told
from edgebench.tasks import load_task
from edgebench.templates import task_of


def with_task(document: Document, suite: Suite, spec: DatasetSpec) -> Suite:
    """Return the suite with what the task of its data decides: the metric that is watched, and its part in objectives
    that nobody wrote."""
    metrics = trained_metrics(spec.task)
    if not document.is_written(("objectives",)):
        worst = (document.written().get("reference") or {}).get(metrics[0], 0.0)
        first = dataclasses.replace(suite.objectives[0], metric=metrics[0], reference=float(worst))
        suite = dataclasses.replace(suite, objectives=(first, *suite.objectives[1:]))
    for metric in (o.metric for o in suite.objectives if o.metric.startswith("val_")):
        known(
            document, ("objectives", metric), f"a metric of {spec.task}", metric, metrics, key=True
        )
    for index, constraint in enumerate(suite.constraints):
        if constraint.metric.startswith(("val_", "test_")):
            at = ("constraints", index)
            known(document, at, f"a metric of {spec.task}", constraint.metric, metrics)
    trained = [o.metric for o in suite.objectives if o.metric in metrics]
    plan = dataclasses.replace(suite.training, watch=trained[0] if trained else metrics[0])
    if plan.loss:
        losses = load_task(spec.task).losses
        known(document, ("training", "loss"), f"a loss of {spec.task}", plan.loss, losses)
    for index, change in enumerate(plan.augment):
        place = ("training", "augment", index)
        known(document, place, "a change to training examples", change, AUGMENTATIONS)
        _check_augmentable(document, place, spec, change)
    return dataclasses.replace(suite, training=plan)


def trained_metrics(task: str) -> tuple[str, ...]:
    """Return what a training of a task gives, the task's own metric first."""
    asked = load_task(task)
    return (f"val_{asked.metric}", *(f"val_{name}" for name in asked.other_metrics), LOSS)


def _check_augmentable(document: Document, place: Location, spec: DatasetSpec, change: str) -> None:
    shapes = spec.input_shapes
    is_image = all(len(shape) == 3 for shape in shapes)
    is_square = all(shape[0] == shape[1] for shape in shapes)
    why = ""
    if spec.task == "detection":
        why = "boxes would not move along"
    elif not is_image or len({shape[:2] for shape in shapes}) > 1:
        why = f"{spec.name} has no images of one size, but {', '.join(map(str, shapes))}"
    elif change == "turn" and not is_square:
        why = f"images of {shapes[0][0]} x {shapes[0][1]} are not square"
    if why:
        raise document.error(
            place, f"{change} does not suit {spec.name}", why=why, remedy="leave it out"
        )


def check_templates(document: Document, suite: Suite, spec: DatasetSpec) -> None:
    """Refuse a template, or a baseline, that is for another task than the data."""
    for key, name in (("template", suite.template), ("baseline", suite.baseline)):
        if name is None:
            continue
        task = told(document, (key,), partial(task_of, name))
        if task != spec.task:
            raise document.error(
                (key,),
                f"{name} does not suit {spec.name}",
                why=f"it is for {task}, and the data is for {spec.task}",
            )
