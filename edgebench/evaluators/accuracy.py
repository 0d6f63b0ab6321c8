"""How well a network does on the validation part, by training it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.datasets import Dataset, dataset_of
from edgebench.evaluators.base import Candidate, Findings, TrainingJob
from edgebench.evaluators.shipped import ShippedAccuracy
from edgebench.evaluators.workbench import pick_up, put_aside, take
from edgebench.records import METRICS, Cost, DataPlan, Metric, TrainingPlan

if TYPE_CHECKING:
    from edgebench.executors import Executor
    from edgebench.training import FitResult, Trainee, TrainingState


CHECKPOINT_SUFFIX = ".checkpoint.npz"
WEIGHTS_SUFFIX = ".weights.h5"


class AccuracyEvaluator:
    """Trains the network in a worker and leaves its best weights in ``weights_dir``, once it does not pause.

    Args:
        executor: Where to train.
        data: What to train on; only its training and validation parts are read.
        plan: For how long.
        weights_dir: Gets ``TRIAL.weights.h5``, and ``TRIAL.checkpoint.npz`` where a candidate is trained in parts.
        devices: See `TrainingJob`.
        shipped: Scores the file in the place of the Keras model, once a training is over.
    """

    metrics = tuple(name for name in METRICS if name.startswith(("val_", "float_val_")))
    cost = Cost.TRAINING

    def __init__(
        self,
        executor: Executor,
        data: DataPlan,
        plan: TrainingPlan,
        weights_dir: Path,
        devices: tuple[str, ...] = (),
        shipped: ShippedAccuracy | None = None,
    ) -> None:
        self._shipped = shipped
        self._executor = executor
        self._data = data
        self._plan = plan
        self._weights_dir = weights_dir
        self._devices = devices

    def evaluate(self, candidate: Candidate) -> Findings:
        job = TrainingJob(
            blueprint=candidate.blueprint,
            data=self._data,
            plan=self._plan,
            weights_path=self._path(candidate.trial_id, WEIGHTS_SUFFIX),
            devices=self._devices,
        )
        part = candidate.part
        if part is not None:
            job = dataclasses.replace(
                job,
                from_epoch=part.from_epoch,
                until_epoch=part.until_epoch,
                pauses=part.pauses,
                read_from=self._path(part.source, CHECKPOINT_SUFFIX) if part.source else None,
                write_to=self._path(candidate.trial_id, CHECKPOINT_SUFFIX),
            )
        found = self._executor.submit(train, job, near=candidate.trial_id).result()
        if self._shipped is None or (job.pauses and not found.facts["is_over"]):
            return found
        return self._shipped.of(job, found)

    def _path(self, trial_id: str, suffix: str) -> str:
        return str(self._weights_dir / f"{trial_id}{suffix}")


def train(job: TrainingJob) -> Findings:
    """Train one network, or a part of its training. Runs in a worker.

    A checkpoint that cannot be gone on from costs time alone: training starts again at the first epoch, and a ``note``
    among the facts says why. ``epochs`` counts those trained beyond ``from_epoch``, or beyond none after such a start.
    """
    from edgebench.training import CheckpointError, read_state, write_state

    dataset = dataset_of(job.data, job.blueprint.seed)
    key, note, first_epoch = _training_key(job), "", job.from_epoch
    try:
        state = read_state(Path(job.read_from), key) if job.read_from else None
        trainee = (state and pick_up(key)) or _prepared(job)
        result = _fit(job, trainee, dataset, state)
    except CheckpointError as error:
        note = f"trained again from the first epoch: {error.message}"
        first_epoch = 0
        trainee = _prepared(job)
        result = _fit(job, trainee, dataset, None)
    if job.pauses and not result.is_over:
        put_aside(key, trainee)
    else:
        path = Path(job.weights_path)
        partial = path.with_name(f"partial-{path.name}")
        trainee.model.save_weights(partial)
        partial.rename(path)
    if job.write_to:
        write_state(Path(job.write_to), result.state, key)
    count, watch = len(dataset.validation()), job.plan.watch
    watched = Metric(name=watch, value=result.best, n=count)
    others = (
        Metric(name=name, value=value, n=count)
        for name, value in result.marks.items()
        if name != watch and math.isfinite(value)
    )
    return Findings(
        metrics=(watched, *others),
        facts={
            "epochs": len(result.history) - first_epoch,
            "history": result.history,
            "is_over": result.is_over,
            "steps_s": result.steps_s,
            **({"note": note} if note else {}),
        },
    )


def _prepared(job: TrainingJob) -> Trainee:
    from edgebench.training import Exam, prepare, training_scope

    values, dataset = job.blueprint.values, dataset_of(job.data, job.blueprint.seed)
    model = take(job.blueprint, job.devices)
    with training_scope(job.devices):
        return prepare(
            model,
            optimizer=str(values.get("optimizer", "adam")),
            learning_rate=float(values.get("learning_rate", 1e-3)),
            seed=job.blueprint.seed,
            exam=Exam.of(dataset.spec, job.plan),
        )


def _fit(
    job: TrainingJob, trainee: Trainee, dataset: Dataset, state: TrainingState | None
) -> FitResult:
    from edgebench.training import fit, training_scope

    with training_scope(job.devices):
        return fit(
            trainee,
            dataset.train(),
            dataset.validation(),
            job.plan,
            state=state,
            until_epoch=job.until_epoch,
        )


def _training_key(job: TrainingJob) -> str:
    """Return a hash of all that decides a training but how far it goes at a time."""
    question = [dataclasses.asdict(part) for part in (job.blueprint, job.data, job.plan)]
    text = json.dumps(question, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
