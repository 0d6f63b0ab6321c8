"""Whether a search costs more of its own time than at an earlier commit: the gate, on programs instead of model files.

    python tests/benchmarks/overhead.py --base REV

As files are by `edgebench compare`, both commits are run now, in pairs of fresh processes in the order ABBA, pinned to one core,
and judged by `edgebench.gate.decide`. ``--base`` is by default the commit named in ``baseline/commit``. What is timed is this
file's own code with the package of either commit: the start of the command line, one suggestion of the oracle with 30 trials
known, one trial of a search that trains and measures nothing, kept in a store. Exits with 1 where one of them takes 10 % longer.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MARGIN = 0.10
KNOWN = 30


def start_samples() -> list[int]:
    """Time the start of the command line, in nanoseconds."""
    command, samples = [sys.executable, "-m", "edgebench", "--help"], []
    for _ in range(8):
        started_ns = time.perf_counter_ns()
        subprocess.run(command, check=True, capture_output=True)
        samples.append(time.perf_counter_ns() - started_ns)
    return samples


def suggestion_samples() -> list[int]:
    """Time suggestions of the oracle on the space of squeezenet-se-auto, in nanoseconds."""
    import problems

    from edgebench.tuning import ParetoOracle
    from edgebench.tuning.walk import Walk

    problem, rng = problems.squeezenet(), random.Random(0)
    oracle = ParetoOracle(
        problem.goals,
        max_trials=None,
        hyperparameters=problem.space(),
        reference=problem.reference,
    )
    walk, samples = Walk(problem.space()), []
    for number in range(KNOWN + 10):
        started_ns = time.perf_counter_ns()
        if number < KNOWN:
            trial = oracle.adopt(f"known-{number}", walk.sample(rng))
        else:
            trial = oracle.create_trial("worker")
            samples.append(time.perf_counter_ns() - started_ns)
        measured = problem.measure(dict(trial.hyperparameters.values), 0)
        oracle.update_trial(trial.trial_id, {name: measured[name] for name in problem.goals})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    return samples


def trial_samples() -> list[int]:
    """Time trials from candidate to store, with evaluators that answer at once, in nanoseconds."""
    from edgebench.evaluators import Blueprint, Candidate, Findings, FixedEvaluator
    from edgebench.records import Cost, Metric
    from edgebench.store import SqliteStore
    from edgebench.testing.store import example_run
    from edgebench.tuning.pipeline import Pipeline

    found = {
        Cost.FREE: ("param_bytes", 1000.0),
        Cost.DEVICE: ("latency_ms", 2.0),
        Cost.TRAINING: ("val_accuracy", 0.9),
    }
    pipeline = Pipeline(
        [
            FixedEvaluator(cost, Findings(metrics=(Metric(name=name, value=value),)))
            for cost, (name, value) in found.items()
        ],
        (),
    )
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder))
        store.save_run(example_run("run-1"))

        def one(number: int) -> int:
            started_ns = time.perf_counter_ns()
            blueprint = Blueprint(
                template="mlp-auto", input_shapes=((8, 8, 1),), classes=10, values={"units": number}
            )
            candidate = Candidate(trial_id=f"t{number:03}", blueprint=blueprint)
            store.record_trial("run-1", pipeline.run(candidate))
            return time.perf_counter_ns() - started_ns

        return [one(number) for number in range(60)]


TIMED: Mapping[str, Callable[[], list[int]]] = {
    "command start": start_samples,
    "suggestion": suggestion_samples,
    "trial kept": trial_samples,
}


def named() -> str:
    """Return the commit that is compared with."""
    return (HERE / "baseline" / "commit").read_text().strip()


def unpack(revision: str, folder: Path) -> Path:
    """Put the package as it was at a commit into a folder."""
    packed = subprocess.run(
        ["git", "archive", "--format=tar", revision, "edgebench"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def block_ns(name: str, package: Path, core: int) -> float:
    """Return the median of one fresh process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(package), str(HERE)))}
    done = subprocess.run(
        [sys.executable, __file__, "--samples", name, "--core", str(core)],
        env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    if Path(told["package"]) != package / "edgebench":
        raise RuntimeError(f"{told['package']} was timed instead of {package}")
    samples = sorted(told["samples"])
    return samples[len(samples) // 2]


def judge(base: Path, head: Path, names: Collection[str]) -> bool:
    """Print each verdict; return whether one regressed."""
    sys.path.insert(0, str(ROOT))
    from edgebench.gate import Pair, Series, Verdict, decide

    core = max(os.sched_getaffinity(0))
    taken = dict.fromkeys(names, 0)

    def pair(name: str) -> Pair:
        base_first = taken[name] % 2 == 0
        taken[name] += 1
        order = (base, head) if base_first else (head, base)
        found = {package: block_ns(name, package, core) for package in order}
        return Pair(base_ns=found[base], head_ns=found[head], base_first=base_first)

    def take(wanted: Collection[str], count: int) -> dict[str, Series]:
        pairs: dict[str, list[Pair]] = {name: [] for name in wanted}
        for number in range(count):
            print(f"pair {number + 1} of {count}", file=sys.stderr)  # noqa: T201
            for name in wanted:
                pairs[name].append(pair(name))
        return {name: Series(pairs=tuple(found)) for name, found in pairs.items()}

    rulings = decide(take, dict.fromkeys(names, MARGIN))
    for name, ruling in rulings.items():
        ratio, head_ms = ruling.ratio, sorted(pair.head_ns for pair in ruling.pairs)
        told = f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]" if ratio else ""
        print(  # noqa: T201
            f"{name:14}  {ruling.verdict.value:12}  {told}  {len(ruling.pairs)} pairs"
            f"  {head_ms[len(head_ms) // 2] / 1e6:.2f} ms"
        )
    return any(ruling.verdict is Verdict.REGRESSED for ruling in rulings.values())


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether a search costs more than at a commit.")
    parser.add_argument("--base", default=named())
    parser.add_argument("--only", choices=TIMED, action="append")
    parser.add_argument("--samples", choices=TIMED, help="print one block's samples")
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    if given.samples:
        import edgebench

        os.sched_setaffinity(0, {given.core})
        samples = TIMED[given.samples]()
        package = str(Path(edgebench.__file__).parent)
        print(json.dumps({"package": package, "samples": samples}))  # noqa: T201
        return 0
    with tempfile.TemporaryDirectory() as folder:
        # Both from a copy without byte code, written by the first block of each.
        base, head = unpack(given.base, Path(folder) / "base"), Path(folder) / "head"
        head.mkdir()
        (head / "edgebench").symlink_to(ROOT / "edgebench")
        return int(judge(base, head, given.only or tuple(TIMED)))


if __name__ == "__main__":
    sys.exit(main())
