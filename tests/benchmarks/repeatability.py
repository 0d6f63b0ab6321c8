"""How well a measurement repeats: `edgebench profile`, again and again, on a quiet machine and on a busy one.

    python tests/benchmarks/repeatability.py resnet.tflite keywords.tflite --repeats 20 --minutes 35

One repeat is one `edgebench profile MODEL... --json` of its own, every block of it a fresh process. Repeats are spread evenly;
each is done with every ``--load``: ``quiet`` starts nothing, ``busy`` keeps a process busy on the first core. Each is written
to ``results/repeatability.json`` when it is done and not run again.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

PATH = HERE / "results" / "repeatability.json"
LOADS = ("quiet", "busy")
FIGURES = ("latency", "p50")
KEPT = ("model", "ranked_by", "latency_ms", "latency_low_ms", "latency_high_ms", "p50_ms", "p50_low_ms", "p50_high_ms",
        "p90_ms", "valid", "reasons")  # fmt: skip


@contextlib.contextmanager
def load(kind: str) -> Iterator[None]:
    """Keep a process busy on the first core while the block runs, where ``kind`` says so."""
    if kind == "quiet":
        yield
        return
    code = "import os\nos.sched_setaffinity(0, {0})\nmine = os.getppid()\nwhile os.getppid() == mine: pass"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            yield
        finally:
            process.kill()


@contextlib.contextmanager
def quiet(lock: Path | None) -> Iterator[None]:
    """Hold a file locked: whoever else works on this machine waits for it."""
    if lock is None:
        yield
        return
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def repeat(models: list[Path], options: list[str], kind: str) -> list[dict[str, Any]]:
    """Return what one `edgebench profile` says of each model."""
    command = [sys.executable, "-m", "edgebench", "profile", *map(str, models), *options, "--json"]
    with load(kind):
        before = os.getloadavg()[0]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)["measurements"]
    return [{name: m[name] for name in KEPT} | {"load": kind, "load_1m": before} for m in found]


def table(runs: list[dict[str, Any]]) -> str:
    """Return the result as Markdown: spread is the coefficient of variation, covers how often an interval holds the median."""
    lines = [
        "| load | model | figure | repeats | minutes | median ms | spread | interval covers | noisy |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, model in sorted({(run["load"], run["model"]) for run in runs}, reverse=True):
        rows = [run for run in runs if (run["load"], run["model"]) == (kind, model)]
        if len(rows) < 2:
            continue
        minutes = (max(row["at_s"] for row in rows) - min(row["at_s"] for row in rows)) / 60
        noisy = sum(bool(row["reasons"]) for row in rows)
        for figure in FIGURES:
            values = [row[f"{figure}_ms"] for row in rows]
            middle = statistics.median(values)
            covers = sum(
                row[f"{figure}_low_ms"] <= middle <= row[f"{figure}_high_ms"] for row in rows
            )
            name = f"reported, {rows[0]['ranked_by']}" if figure == "latency" else figure
            lines.append(
                f"| {kind} | {model} | {name} | {len(rows)} | {minutes:.0f} | {middle:.4f} "
                f"| {statistics.stdev(values) / statistics.mean(values):.2%} | {covers} of {len(rows)} | {noisy} |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="How well a measurement repeats.")
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=35.0)
    parser.add_argument("--load", choices=LOADS, action="append")
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--lock", type=Path, help="A file held locked while a repeat is quiet.")
    parser.add_argument(
        "--option", action="append", default=[], help="Of profile: --option=--blocks=6"
    )
    given = parser.parse_args()
    models = [model.resolve() for model in given.models]
    settings = {
        "machine": MACHINE,
        "models": [model.name for model in models],
        "options": given.option,
        "minutes": given.minutes,
    }
    journal = Journal(given.out, settings)
    kinds = tuple(given.load or LOADS)
    begun_s = time.time()
    for index in range(given.repeats):
        due_s = begun_s + index * given.minutes * 60 / max(1, given.repeats - 1)
        time.sleep(max(0.0, due_s - time.time()))
        for kind in kinds if index % 2 == 0 else kinds[::-1]:
            if any((r["index"], r["load"]) == (index, kind) for r in journal.runs):
                continue
            with quiet(given.lock if kind == "quiet" else None):
                at_s = round(time.time(), 1)
                rows = repeat(models, given.option, kind)
            for row in rows:
                journal.add({**row, "index": index, "at_s": at_s})
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    main()
