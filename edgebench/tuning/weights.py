"""Trained weights are kept only for trials that may still win, checkpoints for those that may go on: disk does not
grow with trials."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Collection, Sequence
from pathlib import Path

from edgebench.evaluators import CHECKPOINT_SUFFIX, WEIGHTS_SUFFIX
from edgebench.objectives import select_front
from edgebench.records import Goal, RunResult, Suite, Trial, metric_kind

LATENCY_SLACK = 0.75


def weights_path(folder: Path, trial_id: str, seed: int | None = None) -> Path:
    """Return where a trial's best weights are, or those of its repeat with that seed."""
    name = trial_id if seed is None else f"{trial_id}-seed{seed}"
    return folder / f"{name}{WEIGHTS_SUFFIX}"


def shipped_weights(folder: Path, trial: Trial, result: RunResult) -> Path:
    """Return the weights to ship: those of the training with the median score, of an even number the worse one.

    Not the best: the best of several is a lucky draw on the validation part, and its number would promise too much. Of
    weights that are no longer there the nearest to the median stand in.

    Args:
        result: The run, with its repeats.
    """
    watch = result.run.suite.training.watch
    metric = trial.metric(watch)
    trainings = {weights_path(folder, trial.trial_id): metric.value if metric else 0.0}
    for repeat in result.repeats:
        if repeat.trial_id == trial.trial_id and repeat.accuracy is not None:
            trainings[weights_path(folder, trial.trial_id, repeat.seed)] = repeat.accuracy
    is_gain = metric_kind(watch).goal is Goal.MAX
    worse = statistics.median_low if is_gain else statistics.median_high
    middle = worse(trainings.values())
    kept = [path for path in trainings if path.exists()] or list(trainings)
    return min(kept, key=lambda path: abs(trainings[path] - middle))


def keep_shipped(folder: Path, result: RunResult) -> None:
    """Delete all weights of a run but those that ship of the baseline and of each trial that was repeated.

    A trial that lacks a measurement keeps its own: once that is taken it may be on the front.
    """
    repeated = {repeat.trial_id for repeat in result.repeats}
    kept = {
        shipped_weights(folder, trial, result)
        for trial in result.trials
        if trial.is_baseline or trial.lacks or trial.trial_id in repeated
    }
    for path in set(folder.glob(f"*{WEIGHTS_SUFFIX}")) - kept:
        path.unlink()


def sweep_weights(folder: Path, trial_ids: Collection[str]) -> None:
    """Delete what a killed process left half written, or of a trial that it did not come to record.

    Args:
        folder: Of a run that no other process works on.
        trial_ids: Of its ended and paused trials.
    """
    for path in folder.glob("*.*"):
        if path.name.split(".")[0].split("-")[0] not in trial_ids:
            path.unlink()


def prune_weights(folder: Path, trials: Sequence[Trial], suite: Suite) -> None:
    """Delete the weights of finished trials that are off the front even with their latency a quarter less.

    A latency is measured again for the front; that may lift a trial onto it, and so may one that is still missing.
    Where accuracies are to be repeated, any trial may yet be lifted so far: all weights stay then, until `keep_shipped`.
    """
    if suite.repeats > 1:
        return
    kept = {trial.trial_id for trial in trials if trial.is_baseline or trial.lacks}
    kept |= {m.trial.trial_id for m in select_front(trials, suite.objectives, suite.constraints)}
    for trial in trials:
        path = weights_path(folder, trial.trial_id)
        if trial.trial_id in kept or not path.exists():
            continue
        lucky = [_faster(t) if t is trial else t for t in trials]
        front = select_front(lucky, suite.objectives, suite.constraints)
        if trial.trial_id not in {member.trial.trial_id for member in front}:
            path.unlink()


def prune_checkpoints(folder: Path, kept: Collection[str]) -> None:
    """Delete the checkpoints that no trial of ``kept`` left, those of a process that was killed too."""
    for path in folder.glob(f"*{CHECKPOINT_SUFFIX}"):
        if path.name.removeprefix("partial-").removesuffix(CHECKPOINT_SUFFIX) not in kept:
            path.unlink(missing_ok=True)


def _faster(trial: Trial) -> Trial:
    metrics = tuple(
        dataclasses.replace(m, value=m.value * LATENCY_SLACK) if m.unit == "ms" else m
        for m in trial.metrics
    )
    return dataclasses.replace(trial, metrics=metrics)
