"""Whether a certain member of a front is one: real searches on digits with repeats, scored again from other seeds.

    python tests/benchmarks/certain.py --runs 3

Each run searches with three trainings a member. Then every trial that is or may be on its front is trained from 60 other
seeds. A case takes three of those for each trial (``means``) or one (``singles``), makes a front of them, and counts which
certain members are on it: 20 cases a run and kind. Each run is written to ``results/certain.json`` when it is done and not
run again.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import Journal  # noqa: E402

from edgebench import api, datasets  # noqa: E402
from edgebench.evaluators import TrainingJob, train  # noqa: E402
from edgebench.executors import LocalExecutor, preload_for  # noqa: E402
from edgebench.objectives import (  # noqa: E402
    confirmed_metrics,
    front_indices,
    points,
    select_contenders,
    select_front,
)
from edgebench.records import Objective, RunResult, Trial  # noqa: E402
from edgebench.store import SqliteStore  # noqa: E402
from edgebench.tuning.blueprints import blueprint_of  # noqa: E402

PATH = HERE / "results" / "certain.json"
CASES, REPEATS, FIRST_SEED = 20, 3, 500_000
SUITE = f"""
name: certain
template: mlp-auto
template_options: {{initializer: he_normal}}
hyperparameters: {{optimizer: [adam, rmsprop], learning_rate: [0.001, 0.002]}}
data: {{name: digits, sample: 0.3, size: [16, 16]}}
objectives: {{val_accuracy: max, param_bytes: min}}
reference: {{val_accuracy: 0.2, param_bytes: 4000000}}
oracle: {{name: pareto, max_trials: 16}}
training: {{max_epochs: 5, batch_size: 32}}
repeats: {REPEATS}
latency: {{blocks: 1, winner_blocks: 1, block_s: 0.1}}
export: [tflite-fp32]
"""


def run_one(seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder) / "certain.yaml"
        suite.write_text(SUITE)
        found = api.search(suite, seed=seed, store=f"{folder}/store", reports=f"{folder}/reports")
        with SqliteStore(Path(folder) / "store") as store:
            result = store.load(found.run_id)
        rules = result.run.suite.objectives, result.run.suite.constraints
        confirmed = confirmed_metrics(result)
        front = select_front(result.trials, *rules, confirmed)
        trials = [m.trial for m in (*front, *select_contenders(result.trials, *rules, confirmed))]
        accuracies = train_again(result, trials, Path(folder))
    certain = [m.trial.trial_id for m in front if m.certain]
    return {
        "seed": seed,
        "members": len(front),
        "contenders": len(trials) - len(front),
        "certain": certain,
        "accuracies": {
            trial_id: [round(a, 4) for a in each] for trial_id, each in accuracies.items()
        },
        "means": stays(rules[0], trials, certain, accuracies, REPEATS),
        "singles": stays(rules[0], trials, certain, accuracies, 1),
    }


def train_again(result: RunResult, trials: list[Trial], folder: Path) -> dict[str, list[float]]:
    """Return the accuracies of each trial from seeds that the search did not use."""
    suite = result.run.suite
    spec = datasets.load_dataset(suite.data, suite.seed).spec
    executor = LocalExecutor(os.cpu_count() or 1, preload=preload_for("tensorflow"))
    executor.warm_up()
    jobs = {}
    for trial in trials:
        blueprint = blueprint_of(suite, spec, trial.hyperparameters, is_baseline=False)
        for number in range(CASES * REPEATS):
            job = TrainingJob(
                blueprint=dataclasses.replace(blueprint, seed=FIRST_SEED + number),
                data=suite.data,
                plan=suite.training,
                weights_path=str(folder / f"{trial.trial_id}-{number}.weights.h5"),
            )
            jobs[trial.trial_id, number] = executor.submit(train, job)
    accuracies: dict[str, list[float]] = {trial.trial_id: [] for trial in trials}
    for (trial_id, _), future in jobs.items():
        (accuracy,) = future.result().metrics
        accuracies[trial_id].append(accuracy.value)
    executor.shutdown()
    return accuracies


def stays(
    objectives: Sequence[Objective],
    trials: list[Trial],
    certain: list[str],
    accuracies: dict[str, list[float]],
    trainings: int,
) -> dict[str, int]:
    """Return in how many of the cases each certain member is on the front."""
    counts = dict.fromkeys(certain, 0)
    for case in range(CASES):
        part = slice(case * trainings, (case + 1) * trainings)
        rows = [
            {**trial.values(), "val_accuracy": statistics.fmean(accuracies[trial.trial_id][part])}
            for trial in trials
        ]
        on_front = front_indices(points(objectives, rows))
        for index in on_front:
            if trials[index].trial_id in counts:
                counts[trials[index].trial_id] += 1
    return counts


def table(runs: list[dict[str, Any]]) -> str:
    """Return the result as Markdown: a row a run, and the least number of cases that a certain member stayed in."""
    rows = [
        "| seed | front | certain | least, of 20, scored by 3 trainings | by 1 |",
        "|---|---|---|---|---|",
    ]
    for run in sorted(runs, key=lambda run: run["seed"]):
        least = [
            str(min(run[kind].values())) if run[kind] else "none" for kind in ("means", "singles")
        ]
        rows.append(
            f"| {run['seed']} | {run['members']} | {len(run['certain'])} | {least[0]} | {least[1]} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    options = parser.parse_args()
    journal = Journal(PATH, {"suite": SUITE})
    done = {run["seed"] for run in journal.runs}
    for seed in range(0 if options.table else options.runs):
        if seed not in done:
            journal.add(run_one(seed))
            print(f"{len(journal.runs)} of {options.runs}", file=sys.stderr)  # noqa: T201
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
