"""Validation accuracy of a network, by training it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.datasets import Dataset, load_dataset
from edgebench.evaluators.base import Candidate, Findings, TrainingJob
from edgebench.records import Cost, DataPlan, Metric, TrainingPlan

if TYPE_CHECKING:
    from edgebench.executors import Executor


class AccuracyEvaluator:
    """Trains the network in a worker and leaves its best weights in ``weights_dir``.

    Args:
        executor: Where to train.
        data: What to train on; only its training and validation parts are read.
        plan: For how long.
        weights_dir: Gets ``TRIAL.weights.h5``.
    """

    metrics = ("val_accuracy",)
    cost = Cost.TRAINING

    def __init__(
        self, executor: Executor, data: DataPlan, plan: TrainingPlan, weights_dir: Path
    ) -> None:
        self._executor = executor
        self._data = data
        self._plan = plan
        self._weights_dir = weights_dir

    def evaluate(self, candidate: Candidate) -> Findings:
        job = TrainingJob(
            blueprint=candidate.blueprint,
            data=self._data,
            plan=self._plan,
            weights_path=str(self._weights_dir / f"{candidate.trial_id}.weights.h5"),
        )
        return self._executor.submit(train, job).result()


def train(job: TrainingJob) -> Findings:
    """Train one network. Runs in a worker."""
    from edgebench.training import fit

    dataset = dataset_of(job.data, job.blueprint.seed)
    model = job.blueprint.build()
    values = job.blueprint.values
    result = fit(
        model,
        dataset.train(),
        dataset.validation(),
        job.plan,
        optimizer=str(values.get("optimizer", "adam")),
        learning_rate=float(values.get("learning_rate", 1e-3)),
        seed=job.blueprint.seed,
    )
    path = Path(job.weights_path)
    partial = path.with_name(f"partial-{path.name}")
    model.save_weights(partial)
    partial.rename(path)
    accuracy = Metric(name="val_accuracy", value=result.best_accuracy, n=len(dataset.validation()))
    return Findings(
        metrics=(accuracy,),
        facts={
            "epochs": len(result.history),
            "history": result.history,
            "step_s": result.step_s,
        },
    )


@functools.lru_cache(maxsize=2)
def dataset_of(plan: DataPlan, seed: int) -> Dataset:
    """Return the data set, read once a worker."""
    return load_dataset(plan, seed)
