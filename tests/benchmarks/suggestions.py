"""How long one suggestion takes with 200 trials known, on one core, and whether memory grows.

    python tests/benchmarks/suggestions.py

Each of 200 trials is asked for with 200 to 399 others known, and told. Writes ``results/suggestions.json``.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
import warnings
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import fronts  # noqa: E402

KNOWN = ASKED = 200


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def measure(name: str) -> dict[str, object]:
    from edgebench.tuning import ParetoOracle
    from edgebench.tuning.walk import Walk

    problem = fronts.load(name)
    told = problem.free[:1]
    oracle = ParetoOracle(
        problem.goals,
        max_trials=None,
        hyperparameters=problem.space(),
        cheap=lambda values: {n: problem.judge(values)[n] for n in told},
        reference=problem.reference,
    )

    def tell(trial: object) -> None:
        measured = problem.measure(dict(trial.hyperparameters.values), 0)
        oracle.update_trial(trial.trial_id, {n: measured[n] for n in problem.goals})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)

    walk, rng = Walk(problem.space()), fronts.random.Random(0)
    for number in range(KNOWN):
        tell(oracle.adopt(f"known-{number}", walk.sample(rng)))
    seconds, memory_mb = [], []
    for number in range(ASKED):
        started = time.process_time()
        trial = oracle.create_trial(f"asked-{number}")
        seconds.append(time.process_time() - started)
        memory_mb.append(resident_mb())
        tell(trial)
    quarter = ASKED // 4
    return {
        "problem": name,
        "cpu_s_median": round(statistics.median(seconds), 3),
        "cpu_s_first_quarter": round(statistics.median(seconds[:quarter]), 3),
        "cpu_s_last_quarter": round(statistics.median(seconds[-quarter:]), 3),
        "cpu_s_most": round(max(seconds), 3),
        "memory_mb_second_quarter": round(statistics.median(memory_mb[quarter : 2 * quarter]), 1),
        "memory_mb_last_quarter": round(statistics.median(memory_mb[-quarter:]), 1),
    }


def main() -> None:
    warnings.simplefilter("ignore")
    results = []
    for name in ("nasbench", "squeezenet"):
        results.append(measure(name))
        print(results[-1])  # noqa: T201
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "suggestions.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
