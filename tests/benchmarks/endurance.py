"""Whether a search of many short trials needs more and more memory or disk.

    python tests/benchmarks/endurance.py
    python tests/benchmarks/endurance.py --oracle pareto

One search on digits through the real command, with two workers. Every second it is looked at from outside: the memory of the
search, of the fork server and of all workers together, resident (RSS) and proportional (PSS: what a process has alone, and
its part of what it shares), and the bytes of every folder of the store. The medians of the second and of the last quarter of the trials are
compared. A worker is replaced after 48 jobs, so its memory is a sawtooth. Each run is written to ``results/endurance.json``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

PATH = HERE / "results" / "endurance.json"
TRIALS, EVERY_S = 160, 1.0
MB = 1e6
SUITE = """
name: endurance
template: mlp-auto
template_options: {initializer: he_normal}
hyperparameters: {optimizer: [adam, rmsprop], learning_rate: [0.001, 0.002]}
data: {name: digits, sample: 0.3, size: [16, 16]}
objectives: {val_accuracy: max, param_bytes: min, latency_ms: min}
reference: {val_accuracy: 0.2, param_bytes: 4000000, latency_ms: 1}
training: {max_epochs: 4, batch_size: 32}
latency: {blocks: 1, winner_blocks: 1, block_s: 0.1}
export: [tflite-fp32]
"""
KINDS = ("Rss", "Pss")
WHO = ("search", "fork server", "workers", "largest worker")
MEMORY = tuple(f"{name}, {kind.upper()}" for name in WHO for kind in KINDS)
FOLDERS = ("weights", "artifacts", "probes", "database")


class Process(NamedTuple):
    """A living process."""

    pid: int
    parent: int
    command: str

    def memory_mb(self, kind: str) -> float:
        """Return its ``Rss`` or ``Pss``; nothing where it has ended meanwhile."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    return int(line.split()[1]) * 1024 / MB
        return 0.0


def processes() -> dict[int, Process]:
    """Return all processes of this machine, by their numbers."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            pid = int(entry.name)
            found[pid] = Process(pid, parent, (entry / "cmdline").read_text())
    return found


def memory(search: int) -> dict[str, float] | None:
    """Return the megabytes of each kind of process, or None while there are no workers."""
    known = processes()
    servers = [
        each for each in known.values() if each.parent == search and "forkserver" in each.command
    ]
    workers = [each for each in known.values() if servers and each.parent == servers[0].pid]
    if search not in known or not workers:
        return None
    sizes = {}
    for kind in KINDS:
        each = [worker.memory_mb(kind) for worker in workers]
        found = (known[search].memory_mb(kind), servers[0].memory_mb(kind), sum(each), max(each))
        sizes |= {f"{name}, {kind.upper()}": size for name, size in zip(WHO, found, strict=True)}
    return {name: round(size, 1) for name, size in sizes.items()}


def disk(store: Path) -> dict[str, float]:
    """Return the megabytes of each part of the store, and how many weights it has."""
    sizes = dict.fromkeys(FOLDERS, 0)
    weights = 0
    for path in store.rglob("*"):
        with contextlib.suppress(OSError):
            part = path.relative_to(store).parts[0]
            name = "database" if part.startswith("edgebench.sqlite") else part
            if path.is_file() and name in sizes:
                sizes[name] += path.stat().st_size
                weights += name == "weights"
    return {**{name: round(size / MB, 2) for name, size in sizes.items()}, "kept": weights}


def ended(store: Path) -> int:
    """Return how many trials have ended; the database is only read."""
    path = store / "edgebench.sqlite"
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM trials").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def run_one(oracle: str, trials: int) -> dict[str, Any]:
    samples = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "endurance.yaml").write_text(SUITE)
        store = Path(folder) / ".edgebench"
        options = ["--oracle", oracle, "--max-trials", str(trials), "--workers", "2", "--json"]
        search = subprocess.Popen(
            [sys.executable, "-m", "edgebench", "search", "endurance.yaml", *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while search.poll() is None:
            number = ended(store)
            if (found := memory(search.pid)) is not None and 0 < number < trials:
                samples.append({"trials": number, **found, **disk(store)})
                print(samples[-1], file=sys.stderr)  # noqa: T201
            time.sleep(EVERY_S)
        number, last = ended(store), disk(store)
    return {
        "oracle": oracle,
        "trials": number,
        "exit_code": search.returncode,
        "samples": samples,
        "at_the_end": last,
    }


def quarter(run: dict[str, Any], number: int) -> list[dict[str, float]]:
    """Return the samples of a quarter of the trials, from 1."""
    size = run["trials"] / 4
    return [each for each in run["samples"] if number - 1 < each["trials"] / size <= number]


def table(runs: list[dict[str, Any]]) -> str:
    """Return the result as Markdown: memory and disk in the second and the last quarter of each search."""
    rows = [
        "| oracle, trials | what | second quarter, MB | last quarter, MB | ratio |",
        "|---|---|---|---|---|",
    ]
    for run in runs:
        name = f"{run['oracle']}, {run['trials']}"
        for what in (*MEMORY, *FOLDERS, "kept"):
            early, late = (
                statistics.median(sample[what] for sample in quarter(run, number))
                for number in (2, 4)
            )
            ratio = f"{late / early:.2f}" if early else ""
            label = "number of kept weights" if what == "kept" else what
            rows.append(f"| {name} | {label} | {early:.4g} | {late:.4g} | {ratio} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", choices=("random", "pareto"), default="random")
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    options = parser.parse_args()
    journal = Journal(PATH, {"suite": SUITE, "every_s": EVERY_S, "machine": MACHINE})
    is_done = (options.oracle, options.trials) in {(r["oracle"], r["trials"]) for r in journal.runs}
    if not (options.table or is_done):
        journal.add(run_one(options.oracle, options.trials))
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    main()
