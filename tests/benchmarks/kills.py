"""One search that is killed 30 times at random instants, resumed each time, and looked at afterwards.

    python tests/benchmarks/kills.py
    python tests/benchmarks/kills.py --oracle pareto

The real command searches on digits with two workers. After a random time it is ended by SIGKILL, which nothing can catch:
the search alone, its workers and agents have to end by themselves. The trials in its store are compared before and after,
and with those of all kills before. When the last kill is done the same command runs to its end, and once more. The template
writes a line whenever a training begins (`logged.py`), so that trainings are counted apart from the store.

Each kill is kept in the work folder when it is done, and the result in ``results/kills.json`` at the end; ``--minutes`` stops
after so long, to go on when called again.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

PATH = HERE / "results" / "kills.json"
KILLS, TRIALS, LONGEST_S, STRAY_S = 30, 80, 20.0, 10.0
MARK = "EDGEBENCH_KILL_RUN"
SUITE = """
name: kills
template: logged:Logged
template_options: {initializer: he_normal}
hyperparameters: {optimizer: [adam, rmsprop], learning_rate: [0.001, 0.002]}
data: {name: digits, sample: 0.3, size: [16, 16]}
objectives: {val_accuracy: max, param_bytes: min, latency_ms: min}
reference: {val_accuracy: 0.2, param_bytes: 4000000, latency_ms: 1}
training: {max_epochs: 6, batch_size: 32}
latency: {blocks: 1, winner_blocks: 1, block_s: 0.2}
export: [tflite-fp32, tflite-int8, onnx-fp32]
seed: 5
"""


class Place(NamedTuple):
    """Where one search keeps everything: its store, its reports, its temporary files and its cache."""

    root: Path

    @property
    def store(self) -> Path:
        return self.root / ".edgebench"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def trainings(self) -> Path:
        return self.root / "trainings.jsonl"

    @property
    def known(self) -> Path:
        return self.root / "known.json"

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            MARK: self.root.name,
            "EDGEBENCH_TRAININGS": str(self.trainings),
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)]),
            "TMPDIR": str(self.temporary),
            "XDG_CACHE_HOME": str(self.root / "cache"),
        }

    def make(self) -> None:
        self.temporary.mkdir(parents=True)
        (self.root / "kills.yaml").write_text(SUITE)


class Launch(NamedTuple):
    """A search that runs, and the file that its standard error goes to."""

    process: subprocess.Popen[str]
    errors: Path

    def phase(self) -> str:
        """Return what it is at by what it said last."""
        said = self.errors.read_text()
        if "goal  " not in said:
            return "start-up"
        return "shipping" if "export and measure" in said else "searching"


def command(oracle: str) -> list[str]:
    search = ["search", "kills.yaml", "--oracle", oracle, "--max-trials", str(TRIALS), "--json"]
    return [sys.executable, "-m", "edgebench", *search, "--workers", "2"]


def launched(place: Place, oracle: str) -> Launch:
    number = len(list(place.root.glob("launch-*.log")))
    errors = place.root / f"launch-{number:03d}.log"
    with errors.open("w") as file:
        process = subprocess.Popen(
            command(oracle),
            cwd=place.root,
            env=place.environment(),
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            start_new_session=True,
        )
    return Launch(process, errors)


def living(place: Place) -> dict[int, str]:
    """Return what the processes are, by their numbers, that have the mark of this search in their environment."""
    found = {}
    mark = f"{MARK}={place.root.name}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                command = (entry / "cmdline").read_text()
                kinds = (
                    kind
                    for kind in ("forkserver", "resource_tracker", "agent.pyz")
                    if kind in command
                )
                found[int(entry.name)] = next(kinds, "other")
    return found


def kill_all(processes: Iterable[int]) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)


def stored(place: Place) -> dict[str, str]:
    """Return a hash of every ended trial's record, by its id; the database is only read."""
    path = place.store / "edgebench.sqlite"
    if not path.exists():
        return {}
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    try:
        rows = connection.execute("SELECT trial_id, document FROM trials").fetchall()
    except sqlite3.OperationalError:  # killed before it made its tables
        rows = []
    finally:
        connection.close()
    return {trial_id: hashlib.sha256(text.encode()).hexdigest() for trial_id, text in rows}


def lost(known: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return the trials that are gone, or not what they were."""
    return [trial_id for trial_id, digest in known.items() if now.get(trial_id) != digest]


def known(place: Place) -> dict[str, str]:
    """Return what `stored` returned after all kills so far."""
    return json.loads(place.known.read_text()) if place.known.exists() else {}


def is_free(place: Place) -> bool:
    """Return whether nobody holds a lock of the store."""
    for path in place.store.glob("locks/*.lock"):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
    return True


def kill(place: Place, oracle: str, number: int) -> dict[str, Any] | None:
    """Start the search, kill it after a random time, and return what was found; None where it ended before that."""
    delay_s = random.Random(number).uniform(0.0, LONGEST_S)
    launch = launched(place, oracle)
    refused = is_refused(place, oracle, launch) if number == 0 else None
    with contextlib.suppress(subprocess.TimeoutExpired):
        launch.process.wait(delay_s)
        return None
    phase, before = launch.phase(), {**known(place), **stored(place)}
    launch.process.kill()
    launch.process.communicate()
    killed = time.monotonic()
    lock_is_free = is_free(place)
    left = last = living(place)
    while left and time.monotonic() - killed < STRAY_S:
        last = left
        time.sleep(0.01)
        left = living(place)
    gone_s = time.monotonic() - killed
    kill_all(left)
    after = stored(place)
    place.known.write_text(json.dumps({**before, **after}))
    return {
        "kill": number,
        "after_s": round(delay_s, 2),
        "phase": phase,
        "trials": len(after),
        "lost": lost(before, after),
        "lock_is_free": lock_is_free,
        "gone_s": round(gone_s, 2),
        "last": sorted(last.values()),
        "strays": sorted(left.values()),
        "temporary": len(list(temporary(place))),
        **({} if refused is None else {"second_is_refused": refused}),
    }


def is_refused(place: Place, oracle: str, first: Launch) -> bool:
    """Return whether the same search is refused in one sentence while the first has the run."""
    while not stored(place) and first.process.poll() is None:
        time.sleep(0.1)
    second = launched(place, oracle)
    second.process.communicate(timeout=120)
    said = second.errors.read_text().strip()
    second.errors.rename(place.root / "second.log")
    return (
        first.process.poll() is None
        and second.process.returncode == 2
        and "is being worked on by another process" in said
        and "Traceback" not in said
    )


def finish(place: Place, oracle: str) -> dict[str, Any]:
    """Run the search to its end, and return what it left."""
    last = launched(place, oracle)
    output, _ = last.process.communicate()
    first, began = stored(place), trainings(place)
    again = launched(place, oracle)
    repeated, _ = again.process.communicate()
    summary = json.loads(output or "{}")
    return {
        "exit_codes": [last.process.returncode, again.process.returncode],
        "status": summary.get("status"),
        "lost": lost(known(place), first),
        "again_is_equal": json.loads(repeated or "{}").get("front") == summary.get("front"),
        "again_trained": len(trainings(place)) - len(began),
        "again_changed": lost(first, stored(place)),
        "lock_is_free": is_free(place),
        "living": len(living(place)),
        **counts(place),
        "left": [str(path.relative_to(place.root)) for path in leftovers(place)],
    }


def trainings(place: Place) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.trainings.read_text().splitlines()]


def counts(place: Place) -> dict[str, Any]:
    """Return how many trials there are, and how many trainings, by the store and by the template's own lines."""
    trials = load(place).trials
    ended = {
        json.dumps(dict(trial.hyperparameters), sort_keys=True): datetime.fromisoformat(
            trial.finished_utc
        ).timestamp()
        for trial in trials
    }
    began = trainings(place)
    named = Counter(
        line.split()[0]
        for path in place.root.glob("launch-*.log")
        for line in path.read_text().splitlines()
        if line[:1] == "t" and line[1:4].isdigit()
    )
    return {
        "trials": len(trials),
        "statuses": dict(Counter(trial.status.value for trial in trials)),
        "ids": len({trial.trial_id for trial in trials}),
        "candidates": len({trial.candidate_id for trial in trials}),
        "paused": len(load(place).paused),
        "trainings_begun": len(began),
        "trained_after_their_end": sum(
            line["time_s"] >= ended.get(line["candidate"], float("inf")) + 1.0 for line in began
        ),
        "trials_without_training": len(set(ended) - {line["candidate"] for line in began}),
        "printed_twice": [trial_id for trial_id, times in named.items() if times > 1],
    }


def load(place: Place) -> Any:
    from edgebench.store import SqliteStore

    with SqliteStore(place.store) as store:
        (run_id,) = store.run_ids()
        return store.load(run_id)


def temporary(place: Place) -> Iterator[Path]:
    """Yield what is in the folder for temporary files, apart from the one file that onnxruntime keeps there."""
    return (path for path in place.temporary.iterdir() if path.name != ".ses")


def leftovers(place: Place) -> Iterator[Path]:
    """Yield what a finished search should not leave: temporary files, checkpoints, and weights that none can ship."""
    from edgebench.tuning.weights import prune_weights

    yield from temporary(place)
    for pattern in ("*partial*", "*.part", "*.checkpoint.npz", "cache/edgebench/results-*"):
        yield from place.root.rglob(pattern)
    result = load(place)
    folder = place.store / "weights" / result.run.run_id
    with tempfile.TemporaryDirectory() as copied:
        shutil.copytree(folder, copied, dirs_exist_ok=True)
        prune_weights(Path(copied), result.trials, result.run.suite)
        ids = {trial.trial_id for trial in result.trials}
        kept = {path.name for path in Path(copied).iterdir() if path.name.split(".")[0] in ids}
    yield from (path for path in folder.iterdir() if path.name not in kept)


def table(runs: list[dict[str, Any]]) -> str:
    """Return the result as Markdown, a row an oracle."""
    rows = [
        "| oracle | kills: start-up, searching, shipping | trials, distinct | trainings begun | of finished trials | "
        "records lost or changed | strays | last process gone, s: median, most | left on disk |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        kills, end = run["kills"], run["end"]
        phases = Counter(each["phase"] for each in kills)
        gone_s = [each["gone_s"] for each in kills]
        rows.append(
            f"| {run['oracle']} | {len(kills)}: {phases['start-up']}, {phases['searching']}, {phases['shipping']} "
            f"| {end['trials']}, {end['candidates']} | {end['trainings_begun']} | {end['trained_after_their_end']} "
            f"| {sum(len(each['lost']) for each in kills)} | {sum(len(each['strays']) for each in kills)} "
            f"| {statistics.median(gone_s):.1f}, {max(gone_s):.1f} | {len(end['left'])} |"
        )
    return "\n".join(rows)


def run_all(oracle: str, journal: Journal, stop_s: float) -> None:
    """Do the kills that are not done yet, until it is time to stop, then the end."""
    place = Place(Path(tempfile.gettempdir()) / f"edgebench-kills-{oracle}")
    kept = Journal(place.root / "kills.json", {"suite": SUITE, "kills": KILLS, "trials": TRIALS})
    kill_all(living(place))
    if not kept.runs:
        shutil.rmtree(place.root, ignore_errors=True)
        place.make()
    while len(kept.runs) < KILLS:
        if time.monotonic() > stop_s:
            return
        found = kill(place, oracle, len(kept.runs))
        if found is None:
            break
        kept.add(found)
        print(json.dumps(found), file=sys.stderr)  # noqa: T201
    end = finish(place, oracle)
    print(json.dumps(end), file=sys.stderr)  # noqa: T201
    journal.add({"oracle": oracle, "kills": kept.runs, "end": end})
    shutil.rmtree(place.root)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", choices=("random", "pareto"), default="random")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    options = parser.parse_args()
    settings = {"suite": SUITE, "kills": KILLS, "trials": TRIALS, "machine": MACHINE}
    journal = Journal(PATH, settings)
    is_done = options.oracle in {run["oracle"] for run in journal.runs}
    if not (options.table or is_done):
        run_all(options.oracle, journal, time.monotonic() + 60.0 * options.minutes)
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    main()
