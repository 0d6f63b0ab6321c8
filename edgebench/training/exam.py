"""How a network is judged while it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgebench.datasets import DatasetSpec, Floats, Part
from edgebench.records import LOSS, Goal, TrainingPlan, metric_kind
from edgebench.tasks import Classification, Task, load_task
from edgebench.training.losses import CrossEntropy, Loss, load_loss

LOSS_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """What a network is asked after each epoch, and what it is taught by.

    Args:
        task: Scores its answers.
        loss: Is made small.
        watch: The metric that says which epoch was the best: the task's own, or `LOSS`.
    """

    task: Task = field(default_factory=Classification)
    loss: Loss = field(default_factory=CrossEntropy)
    watch: str = "val_accuracy"

    @classmethod
    def of(cls, spec: DatasetSpec, plan: TrainingPlan) -> Exam:
        """Return the exam of a data set, as a plan has it.

        Raises:
            UnknownNameError: the task has no such loss.
        """
        task = load_task(spec.task, spec.input_shapes)
        return cls(task=task, loss=load_loss(plan.loss, spec), watch=plan.watch)

    def mark(self, outputs: Floats, part: Part) -> float:
        """Return the metric that is watched."""
        if self.watch == LOSS:
            return self._loss_of(outputs, part)
        if self.watch == f"val_{self.task.metric}":
            return self.task.score([outputs], part.y)
        return self.marks(outputs, part)[self.watch]

    def marks(self, outputs: Floats, part: Part) -> dict[str, float]:
        """Return every metric there is, by name."""
        found = {f"val_{self.task.metric}": self.task.score([outputs], part.y)}
        if self.task.other_metrics:
            scores = self.task.scores([outputs], part.y, ())
            for name in self.task.other_metrics:
                found[f"val_{name}"] = scores[name.replace("_", " ")]
        return {**found, LOSS: self._loss_of(outputs, part)}

    def best_epoch(self, history: Sequence[float]) -> int:
        """Return the first of the best epochs, from 1."""
        is_gain = metric_kind(self.watch).goal is Goal.MAX
        return 1 + int(np.argmax(history) if is_gain else np.argmin(history))

    def _loss_of(self, outputs: Floats, part: Part) -> float:
        from keras import ops

        targets = self.loss.targets(part.y)
        losses = [
            ops.convert_to_numpy(
                self.loss(
                    ops.convert_to_tensor(targets[first : first + LOSS_BATCH]),
                    ops.convert_to_tensor(outputs[first : first + LOSS_BATCH]),
                )
            )
            for first in range(0, len(part), LOSS_BATCH)
        ]
        return float(np.concatenate(losses).mean())
