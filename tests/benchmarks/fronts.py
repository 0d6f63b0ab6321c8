"""Holds oracles against each other: the hypervolume each reaches after so many trials, seed by seed.

    python tests/benchmarks/fronts.py nasbench --seeds 20
    python tests/benchmarks/fronts.py squeezenet --seeds 20

Each (side, seed) is written to ``results/PROBLEM.json`` when it is done and not run again. ``--table`` prints the table.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import numpy as np  # noqa: E402
import problems  # noqa: E402
from journal import MACHINE, Journal  # noqa: E402

from edgebench.objectives import hypervolume, normalise  # noqa: E402
from edgebench.records import Goal  # noqa: E402

DATA = Path(os.environ.get("EDGEBENCH_DATA", HERE.parents[2] / "shared" / "data"))
TRIALS = 100
SHOWN = (25, 50, 100)
Side = Callable[[problems.Problem, int], Iterator[dict[str, Any]]]


def edgebench(free: Callable[[problems.Problem], tuple[str, ...]]) -> Side:
    def run(problem: problems.Problem, seed: int) -> Iterator[dict[str, Any]]:
        from edgebench.tuning import ParetoOracle

        told = free(problem)

        def cheap(values: dict[str, Any]) -> dict[str, float]:
            known = problem.judge(values)
            return {name: known[name] for name in told}

        oracle = ParetoOracle(
            problem.goals,
            max_trials=None,
            hyperparameters=problem.space(),
            seed=seed,
            cheap=cheap if told else None,
            reference=problem.reference,
        )
        for number in range(TRIALS):
            trial = oracle.create_trial(f"worker-{number}")
            values = dict(trial.hyperparameters.values)
            measured = problem.measure(values, seed)
            oracle.update_trial(trial.trial_id, {name: measured[name] for name in problem.goals})
            trial.status = "COMPLETED"
            oracle.end_trial(trial)
            yield values

    return run


def random_search(problem: problems.Problem, seed: int) -> Iterator[dict[str, Any]]:
    from edgebench.tuning.walk import Walk, key_of

    walk, rng, seen = Walk(problem.space()), random.Random(seed), set()
    while len(seen) < TRIALS:
        values = walk.sample(rng)
        if key_of(values) not in seen:
            seen.add(key_of(values))
            yield values


def optuna_sampler(make: Callable[[int], Any]) -> Side:
    def run(problem: problems.Problem, seed: int) -> Iterator[dict[str, Any]]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        directions = ["maximize" if g == "max" else "minimize" for g in problem.goals.values()]
        study = optuna.create_study(directions=directions, sampler=make(seed))
        space = problem.space()
        for _ in range(TRIALS):
            trial = study.ask()
            values = suggested(space, trial)
            measured = problem.measure(values, seed)
            study.tell(trial, [measured[name] for name in problem.goals])
            yield values

    return run


def suggested(space: Any, trial: Any) -> dict[str, Any]:
    """Walk a space of keras-tuner's with an Optuna trial; each name has one domain in these problems."""
    from edgebench.tuning.walk import Walk

    def choose(entry: Any) -> Any:
        match type(entry).__name__:
            case "Boolean":
                return trial.suggest_categorical(entry.name, [False, True])
            case "Choice":
                return trial.suggest_categorical(entry.name, list(entry.values))
            case "Int":
                return trial.suggest_int(entry.name, entry.min_value, entry.max_value)
            case _:
                return trial.suggest_float(entry.name, entry.min_value, entry.max_value)

    return Walk(space).settle(choose)


def tpe(seed: int) -> Any:
    import optuna

    return optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed)


def nsga2(seed: int) -> Any:
    import optuna

    return optuna.samplers.NSGAIISampler(seed=seed)


SIDES: dict[str, Side] = {
    "random": random_search,
    "optuna-nsga2": optuna_sampler(nsga2),
    "optuna-tpe": optuna_sampler(tpe),
    "edgebench, nothing known before": edgebench(lambda problem: ()),
    "edgebench, size known before": edgebench(lambda problem: problem.free[:1]),
    "edgebench, size and cost known before": edgebench(lambda problem: problem.free),
}


def load(name: str) -> problems.Problem:
    return problems.nasbench(DATA) if name == "nasbench" else problems.squeezenet()


def losses(problem: problems.Problem, found: list[dict[str, float]]) -> Any:
    goals = [Goal(goal) for goal in problem.goals.values()]
    signs = np.array([-1.0 if goal is Goal.MAX else 1.0 for goal in goals])
    table = np.array([[each[name] for name in problem.goals] for each in found]) * signs
    return normalise(table, goals, [problem.reference[name] for name in problem.goals])


def volume(problem: problems.Problem, found: list[dict[str, float]]) -> float:
    return hypervolume(losses(problem, found), [1.0] * len(problem.goals))


def run_one(job: tuple[str, str, int]) -> dict[str, Any]:
    name, side, seed = job
    warnings.simplefilter("ignore")
    problem = load(name)
    started = time.process_time()
    found: list[dict[str, float]] = []
    volumes = []
    for values in SIDES[side](problem, seed):
        found.append(problem.judge(values))
        volumes.append(round(volume(problem, found), 6))
    cpu_s = time.process_time() - started
    return {"side": side, "seed": seed, "volumes": volumes, "cpu_s": round(cpu_s, 2)}


def best_known(problem: problems.Problem) -> float:
    """Return the hypervolume of all candidates, or 0 where they cannot be listed."""
    return volume(problem, list(problem.candidates)) if problem.candidates else 0.0


def table(runs: list[dict[str, Any]], best: float) -> str:
    """Return the result as Markdown: the gap to the true hypervolume as a share of random's, or the volumes."""
    means = {}
    for side in SIDES:
        mine = [run["volumes"] for run in runs if run["side"] == side]
        if mine:
            means[side] = [statistics.fmean(v[n - 1] for v in mine) for n in SHOWN]
    drawn = means["random"]
    rows = [
        f"| side | seeds | {' | '.join(f'after {n}' for n in SHOWN)} | CPU s a suggestion |",
        "|---|---|" + "---|" * (len(SHOWN) + 1),
    ]
    for side, volumes in means.items():
        mine = [run for run in runs if run["side"] == side]
        shown = (
            [f"{(best - v) / (best - d):.2f}" for v, d in zip(volumes, drawn, strict=True)]
            if best
            else [f"{v:.4f}" for v in volumes]
        )
        cpu_s = statistics.median(run["cpu_s"] for run in mine) / TRIALS
        rows.append(f"| {side} | {len(mine)} | {' | '.join(shown)} | {cpu_s:.2f} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problem", choices=["nasbench", "squeezenet"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--side", choices=list(SIDES), action="append")
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    options = parser.parse_args()
    problem = load(options.problem)
    journal = Journal(
        HERE / "results" / f"{options.problem}.json",
        {
            "problem": options.problem,
            "reference": dict(problem.reference),
            "best": round(best_known(problem), 6),
            "machine": MACHINE,
        },
    )
    done = {(run["side"], run["seed"]) for run in journal.runs}
    jobs = [
        (options.problem, side, seed)
        for seed in range(0 if options.table else options.seeds)
        for side in options.side or SIDES
        if (side, seed) not in done
    ]
    with ProcessPoolExecutor(options.workers) as pool:
        futures = [pool.submit(run_one, job) for job in jobs]
        for count, future in enumerate(as_completed(futures), 1):
            journal.add(future.result())
            print(f"{count} of {len(jobs)}", file=sys.stderr)  # noqa: T201
    print(table(journal.runs, journal["best"]))  # noqa: T201


if __name__ == "__main__":
    main()
