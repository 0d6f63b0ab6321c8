"""Trained weights are kept only for trials that may still win, checkpoints for those that may go on: disk does not
grow with trials."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path

from edgebench.evaluators import CHECKPOINT_SUFFIX, WEIGHTS_SUFFIX
from edgebench.objectives import select_front
from edgebench.records import Suite, Trial

LATENCY_SLACK = 0.75


def weights_path(folder: Path, trial_id: str) -> Path:
    """Return where a trial's best weights are."""
    return folder / f"{trial_id}{WEIGHTS_SUFFIX}"


def prune_weights(folder: Path, trials: Sequence[Trial], suite: Suite) -> None:
    """Delete the weights of finished trials that are off the front even with their latency a quarter less.

    A latency is measured again for the front; that may lift a trial onto it.
    """
    kept = {trial.trial_id for trial in trials if trial.is_baseline}
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
