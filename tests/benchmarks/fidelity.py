"""What rungs save: real trainings on digits, the same search with and without them.

    python tests/benchmarks/fidelity.py --seeds 3
    python tests/benchmarks/fidelity.py --seeds 3 --oracle random
    python tests/benchmarks/fidelity.py --seeds 3 --schedule cosine

A search without rungs trains `TRIALS` candidates to the end. One with rungs begins `MORE` times as many. For each, the
epochs trained so far, the hypervolume and the best accuracy are kept after every trial that ended. Each run is written to
``results/fidelity.json`` when it is done and not run again.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

from edgebench import api  # noqa: E402
from edgebench.records import Trial  # noqa: E402
from edgebench.tuning import Progress, SilentObserver  # noqa: E402

PATH = HERE / "results" / "fidelity.json"
TRIALS, MORE = 20, 2


class Training(NamedTuple):
    """How long a training is, and where it may pause, in epochs."""

    epochs: int
    rungs: tuple[int, ...]


SCHEDULES = {
    "constant": Training(epochs=40, rungs=(5, 10, 20)),
    "cosine": Training(epochs=20, rungs=(2, 4, 8)),
}
ORACLES = ("pareto", "random")
SIDES = ("to the end", "rungs")
SUITE = """
name: fidelity
template: squeezenet-se-auto
template_options: {{initializer: he_normal}}
data: {{name: digits, validation: 0.4, size: [32, 32]}}
objectives: {{val_accuracy: max, param_bytes: min, latency_ms: min}}
reference: {{val_accuracy: 0.8, param_bytes: 2000000, latency_ms: 1}}
training: {{max_epochs: {epochs}, batch_size: 32, patience: {epochs}, schedule: {schedule}}}
latency: {{blocks: 1, winner_blocks: 1, block_s: 0.3}}
export: [tflite-fp32]
"""


class Curve(SilentObserver):
    """Keeps [epochs trained by all, hypervolume, best accuracy] after each trial that ended."""

    def __init__(self) -> None:
        self.points: list[list[float]] = []
        self._epochs: dict[str, int] = {}
        self._best = 0.0

    def trial_paused(self, trial: Trial, progress: Progress) -> None:
        self._epochs[trial.trial_id] = trial.epochs

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        self._epochs[trial.trial_id] = trial.epochs
        if trial.status == "completed":
            self._best = max(self._best, trial.values()["val_accuracy"])
        epochs = sum(self._epochs.values())
        self.points.append([epochs, round(progress.hypervolume, 6), round(self._best, 5)])
        print(f"  {len(self.points)}: {self.points[-1]}", file=sys.stderr)  # noqa: T201


def run_one(schedule: str, oracle: str, side: str, seed: int) -> dict[str, Any]:
    curve, training = Curve(), SCHEDULES[schedule]
    options: dict[str, Any] = {"max_trials": TRIALS}
    if side == "rungs":
        options = {"max_trials": TRIALS * MORE, "rungs": training.rungs}
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder) / "fidelity.yaml"
        suite.write_text(SUITE.format(epochs=training.epochs, schedule=schedule))
        api.search(
            suite,
            observer=curve,
            oracle=oracle,
            seed=seed,
            store=f"{folder}/store",
            reports=f"{folder}/reports",
            **options,
        )
    kind = {"schedule": schedule, "oracle": oracle, "side": side, "seed": seed}
    return {**kind, "curve": curve.points}


def epochs_to(curve: list[list[float]], level: float) -> float | None:
    """Return the epochs after which the hypervolume had reached a level, or None if it never did."""
    return next((epochs for epochs, volume, _ in curve if volume >= level), None)


def table(runs: list[dict[str, Any]]) -> str:
    """Return the result as Markdown, a row a pair of runs; shares are of the epochs of the search without rungs."""
    curves = {tuple(run[n] for n in ("schedule", "oracle", "side", "seed")): run for run in runs}
    rows = [
        "| schedule | oracle | seed | epochs without | hypervolume | with rungs at half the epochs | reached at "
        "| best accuracy without | with, at half the epochs |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for schedule, oracle, side, seed in sorted(curves):
        whole, saving = (curves.get((schedule, oracle, each, seed)) for each in SIDES)
        if side != "rungs" or whole is None or saving is None:
            continue
        epochs, level, best = whole["curve"][-1]
        reached = epochs_to(saving["curve"], level)
        shown = "never" if reached is None else f"{reached} epochs, {reached / epochs:.2f}"
        _, volume, half = max(
            (point for point in saving["curve"] if point[0] <= epochs / 2), default=(0, 0.0, 0.0)
        )
        rows.append(
            f"| {schedule} | {oracle} | {seed} | {epochs} | {level:.4f} | {volume:.4f} | {shown} "
            f"| {best:.4f} | {half:.4f} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--oracle", choices=ORACLES, default=ORACLES[0])
    parser.add_argument("--schedule", choices=list(SCHEDULES), default="constant")
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    options = parser.parse_args()
    journal = Journal(PATH, {"suite": SUITE, "trials": [TRIALS, TRIALS * MORE], "machine": MACHINE})
    done = {(r["schedule"], r["oracle"], r["side"], r["seed"]) for r in journal.runs}
    for seed in range(0 if options.table else options.seeds):
        for side in SIDES:
            run = (options.schedule, options.oracle, side, seed)
            if run not in done:
                print(*run, file=sys.stderr)  # noqa: T201
                journal.add(run_one(*run))
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
