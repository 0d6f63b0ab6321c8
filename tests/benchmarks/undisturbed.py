"""Latencies measured inside a search with two trainers at work, beside those of the same untrained networks measured alone.

    python tests/benchmarks/undisturbed.py --trials 8

One search on the digits with two local workers; then, with nothing else running, each of its networks is written again from
its values and seed, and measured with the same plan, ``--rounds`` times in turns. Written to ``results/undisturbed.json``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

from edgebench import api  # noqa: E402
from edgebench.datasets import load_dataset  # noqa: E402
from edgebench.devices import open_device  # noqa: E402
from edgebench.evaluators import ProbeJob, export_probe  # noqa: E402
from edgebench.profiling import MeasurePlan, Profiler  # noqa: E402

PATH = HERE / "results" / "undisturbed.json"
BLOCKS = 3
SUITE = f"""\
name: undisturbed
template: squeezenet-se-auto
data: {{name: digits, size: [32, 32]}}
objectives: {{val_accuracy: max, param_bytes: min, latency_ms: min}}
reference: {{val_accuracy: 0.0, param_bytes: 4000000, latency_ms: 100}}
oracle: {{name: random}}
training: {{max_epochs: 4}}
latency: {{runtime: litert, blocks: {BLOCKS}, winner_blocks: 1}}
export: [tflite-fp32]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Latencies inside a search and alone.")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=PATH)
    given = parser.parse_args()
    journal = Journal(given.out, {"machine": MACHINE, "blocks": BLOCKS, "trials": given.trials})
    if not journal.runs:
        for row in measured(given.trials, given.rounds):
            journal.add(row)
    print(table(journal.runs))  # noqa: T201


def measured(trials: int, rounds: int) -> list[dict[str, Any]]:
    from edgebench.tuning.blueprints import blueprint_of

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "undisturbed.yaml").write_text(SUITE)
        found = api.search(
            folder / "undisturbed.yaml",
            max_trials=trials,
            workers=2,
            store=folder / "store",
            reports=folder / "reports",
        ).result
        suite, spec = found.run.suite, load_dataset(found.run.suite.data).spec
        inside, files = {}, {}
        for trial in found.trials:
            (folder / trial.trial_id).mkdir()
            job = ProbeJob(
                blueprint=blueprint_of(suite, spec, trial.hyperparameters, is_baseline=False),
                precision=suite.latency.precision,
                data=suite.data,
                folder=str(folder / trial.trial_id),
            )
            inside[trial.trial_id] = trial.values()["latency_ms"]
            files[trial.trial_id] = Path(export_probe(job).path)
        plan = MeasurePlan(runtime="litert", blocks=BLOCKS)
        alone: dict[str, list[float]] = {trial_id: [] for trial_id in files}
        with open_device("local") as device:
            profiler = Profiler(device)
            for _ in range(rounds):
                for trial_id, path in files.items():
                    alone[trial_id].append(profiler.measure(path, plan).as_metric().value)
    return [
        {"trial": trial_id, "inside_ms": inside[trial_id], "alone_ms": alone[trial_id]}
        for trial_id in files
    ]


def table(runs: list[dict[str, Any]]) -> str:
    lines = [
        "| trial | inside ms | alone ms, median | least, largest | ratio |",
        "|---|---|---|---|---|",
    ]
    for row in runs:
        alone = statistics.median(row["alone_ms"])
        lines.append(
            f"| {row['trial']} | {row['inside_ms']:.4f} | {alone:.4f} "
            f"| {min(row['alone_ms']):.4f}, {max(row['alone_ms']):.4f} | {row['inside_ms'] / alone:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
