"""Our block medians beside those of `litert-benchmark`, the program that ships with ai-edge-litert, on the same files.

    python tests/benchmarks/against_litert.py MODEL.tflite... --rounds 12

In turns, ours first in every second round, each in a fresh process of one thread, pinned to one core. Theirs runs as often as
ours did in its block, after as many seconds of warm-up. It rounds what it writes to hundredths of a millisecond; that is
switched off here, and nothing else. Each round is written to ``results/against_litert.json`` when it is done.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

from edgebench.devices import open_device  # noqa: E402
from edgebench.profiling import MeasurePlan, Profiler  # noqa: E402
from edgebench.stats import median  # noqa: E402

PATH = HERE / "results" / "against_litert.json"
CORE = (os.cpu_count() or 1) - 1
WARM_UP = 0.5
THEIRS = f"""
import os, sys
os.sched_setaffinity(0, {{{CORE}}})
import ai_edge_litert.tools.benchmark_litert_model as tool
tool.round = lambda value, digits=0: value
sys.exit(tool.main())
"""


def ours(profiler: Profiler, model: Path) -> tuple[float, int]:
    """Return the median of one block in ms, and how many invokes it took."""
    plan = MeasurePlan(runtime="litert", blocks=1, cores=(CORE,))
    block = profiler.block(model, plan).block
    return median(block.samples_ns) / 1e6, len(block.samples_ns) * block.invokes_per_sample


def theirs(model: Path, invokes: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "found.json")
        options = ["--model", model, "--num_threads", 1, "--result_json", found]
        options += ["--num_runs", invokes, "--warmup_runs", max(1, int(WARM_UP * invokes))]
        command = [sys.executable, "-c", THEIRS, *map(str, options)]
        subprocess.run(command, check=True, capture_output=True)
        return float(json.loads(found.read_text())["latency"]["median_ms"])


def table(runs: list[dict[str, Any]]) -> str:
    lines = [
        "| model | rounds | ours ms | litert-benchmark ms | ratio of medians | ratios of the rounds |",
        "|---|---|---|---|---|---|",
    ]
    for model in sorted({run["model"] for run in runs}):
        rows = [run for run in runs if run["model"] == model]
        mine, other = (statistics.median(row[side] for row in rows) for side in ("ours", "theirs"))
        ratios = sorted(row["ours"] / row["theirs"] for row in rows)
        lines.append(
            f"| {model} | {len(rows)} | {mine:.4f} | {other:.4f} | {mine / other:.3f} "
            f"| {ratios[0]:.3f} to {ratios[-1]:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Ours beside litert-benchmark.")
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--out", type=Path, default=PATH)
    given = parser.parse_args()
    journal = Journal(given.out, {"machine": MACHINE, "core": CORE})
    with open_device("local") as device:
        profiler = Profiler(device)
        for index in range(given.rounds):
            for model in given.models:
                if any((r["model"], r["round"]) == (model.name, index) for r in journal.runs):
                    continue
                first = ours(profiler, model)
                other = theirs(model, first[1])
                if index % 2:
                    first = ours(profiler, model)
                journal.add(
                    {"model": model.name, "round": index, "ours": first[0], "theirs": other}
                )
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    main()
