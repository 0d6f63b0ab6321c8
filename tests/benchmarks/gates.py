"""What the regression gate calls red: real gates, and thousands resampled from their blocks, beside a stored-number gate.

    python tests/benchmarks/gates.py --truth 50 --same 60 --slower 10

The files are a convolutional network and four of the same kind with more work, about 3, 8, 10 and 20 %. What that truly comes
to is told by ``--truth`` interleaved pairs each. Then ``--same`` gates of the file against itself, and ``--slower`` of it
against each heavier one, through `edgebench.gate` as ``edgebench compare`` does, with blocks of ``--block-s`` seconds on one
core, while a neighbour process starts and stops at random (busy for 2 to 20 s, then quiet as long). Every block of it is
written to ``results/gates.json`` when its gate ends, and a gate that is there is not run again.

The resampled gates take runs of pairs from those blocks in the order they were timed, a random start each time, so that what one
block has to do with the next is kept; heavier files' blocks are the file's own times the true ratio.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

from edgebench import stats  # noqa: E402
from edgebench.devices import open_device  # noqa: E402
from edgebench.gate import (  # noqa: E402
    Contest,
    Pair,
    PairTaker,
    Series,
    Verdict,
    decide,
    hodges_lehmann,
)
from edgebench.profiling import MeasurePlan, Profiler, TimedBlock  # noqa: E402

PATH = HERE / "results" / "gates.json"
MARGIN = 0.05
STORED_LIMIT = 0.10  # --benchmark-compare-fail=mean:10%
SIDE, CHANNELS, LAYERS = 48, 16, 12
MORE_PERCENT = (3, 8, 10, 20)
NEIGHBOUR = """
import os, random, sys, time
mine, draw = os.getppid(), random.Random(int(sys.argv[1]))
while os.getppid() == mine:
    until = time.monotonic() + draw.uniform(2, 20)
    while time.monotonic() < until:
        sum(range(10000))
    time.sleep(draw.uniform(2, 20))
"""


def make_models(folder: Path) -> dict[int, Path]:
    """Write the network and the heavier ones as TFLite files; by how many per cent more multiplications they have."""
    import keras

    from edgebench.export import export_model
    from edgebench.records import ExportTarget

    found = {}
    for percent in (0, *MORE_PERCENT):
        keras.utils.set_random_seed(0)
        x = door = keras.Input((SIDE, SIDE, CHANNELS))
        rows = round(percent / 100 * LAYERS * SIDE)
        for _ in range(LAYERS):
            x = keras.layers.Conv2D(CHANNELS, 3, padding="same", activation="relu")(x)
        while rows > 0:
            here = keras.layers.Cropping2D(((0, SIDE - min(rows, SIDE)), (0, 0)))(x)
            here = keras.layers.Conv2D(CHANNELS, 3, padding="same", activation="relu")(here)
            x, rows = (here, rows - SIDE) if rows >= SIDE else (here, 0)
        model = keras.Model(door, keras.layers.GlobalAveragePooling2D()(x))
        (folder / str(percent)).mkdir()
        found[percent] = export_model(
            model, ExportTarget.parse("tflite-fp32"), folder / str(percent), None
        ).path
    return found


@contextlib.contextmanager
def neighbour(seed: int) -> Iterator[None]:
    """Let a process start and stop being busy, on whichever core it gets."""
    with subprocess.Popen([sys.executable, "-c", NEIGHBOUR, str(seed)]) as process:
        try:
            yield
        finally:
            process.kill()


@dataclass
class Recorder:
    """Times blocks, and keeps of each what it was, when, its median, mean and whether it was noisy."""

    profiler: Profiler
    base: Path
    blocks: list[dict[str, Any]]

    def pair(self, first: Path, second: Path, plan: MeasurePlan) -> tuple[TimedBlock, TimedBlock]:
        pair = self.profiler.pair(first, second, plan)
        for model, timed in zip((first, second), pair, strict=True):
            samples = timed.block.samples_ns
            self.blocks.append(
                {
                    "side": "base" if model == self.base else "head",
                    "at_s": round(time.time(), 1),
                    "median_ns": round(stats.median(samples)),
                    "mean_ns": round(statistics.fmean(samples)),
                    "noisy": list(timed.block.reasons),
                    "invalid": list(timed.invalid_reasons),
                }
            )
        return pair


def run_gates(
    journal: Journal, files: Mapping[int, Path], wanted: Mapping[int, int], plan: MeasurePlan
) -> None:
    """Run the gates that are missing, kinds in turn, so that a slow hour of the machine meets them all."""
    with open_device("local") as device:
        profiler = Profiler(device)
        for number in range(max(wanted.values())):
            for percent, count in wanted.items():
                key = {"kind": "gate", "percent": percent, "number": number}
                if number >= count or done(journal, key):
                    continue
                base, head = files[0], files[percent]
                if percent == 0:
                    head = base.parent / "again" / base.name
                    head.parent.mkdir(exist_ok=True)
                    head.write_bytes(base.read_bytes())
                recorder = Recorder(profiler, base, [])
                contest = Contest(name="file", base=base, head=head, plan=plan)
                with neighbour(number * 100 + percent):
                    started_s, load = time.monotonic(), os.getloadavg()[0]
                    ruling = decide(PairTaker(recorder, [contest]), {"file": MARGIN})["file"]
                journal.add(
                    {
                        **key,
                        "verdict": ruling.verdict.value,
                        "looks": [len(series.pairs) for series in ruling.looks],
                        "ratio": ruling.ratio.value if ruling.ratio else None,
                        "wall_s": round(time.monotonic() - started_s, 1),
                        "load_1m": load,
                        "blocks": recorder.blocks,
                    }
                )


def done(journal: Journal, key: Mapping[str, Any]) -> bool:
    return any(key.items() <= run.items() for run in journal.runs)


def run_truth(journal: Journal, files: Mapping[int, Path], pairs: int, plan: MeasurePlan) -> None:
    """Tell how much slower each heavier file truly is, with nothing started beside it."""
    with open_device("local") as device:
        profiler = Profiler(device)
        for percent in files:
            key = {"kind": "truth", "percent": percent}
            if percent == 0 or done(journal, key):
                continue
            contest = Contest(name="file", base=files[0], head=files[percent], plan=plan)
            taken = PairTaker(profiler, [contest])(["file"], pairs)["file"].pairs
            journal.add({**key, "log_ratios": [round(pair.log_ratio, 5) for pair in taken]})


def paired(
    runs: Collection[Mapping[str, Any]],
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the (median, mean) of both blocks of each pair, as they followed each other in gates of a file against itself."""
    found = []
    for run in runs:
        valid = [b for b in run["blocks"] if not b["invalid"]]
        for first, second in zip(valid[::2], valid[1::2], strict=False):
            found.append(
                ((first["median_ns"], first["mean_ns"]), (second["median_ns"], second["mean_ns"]))
            )
    return found


def resample(pairs: list[Any], ratio: float, gates: int, draw: random.Random) -> Counter[str]:
    """Return the verdicts of gates whose every look is a run of recorded pairs; the second file takes ``ratio`` times as long."""
    verdicts: Counter[str] = Counter()
    for _ in range(gates):

        def take(names: Collection[str], count: int) -> dict[str, Series]:
            start, flips = draw.randrange(len(pairs)), draw.random() < 0.5
            taken = []
            for step in range(count):
                first, second = pairs[(start + step) % len(pairs)]
                base_first = (step % 2 == 0) ^ flips
                base, head = (first, second) if base_first else (second, first)
                taken.append(Pair(base_ns=base[0], head_ns=head[0] * ratio, base_first=base_first))
            return dict.fromkeys(names, Series(pairs=tuple(taken)))

        verdicts[decide(take, {"file": MARGIN})["file"].verdict.value] += 1
    return verdicts


def stored_red(pairs: list[Any], ratio: float, trials: int, draw: random.Random) -> int:
    """Return how often the mean of one block is over a stored one's by the limit, as pytest-benchmark compares."""
    means = [block[1] for pair in pairs for block in pair]
    return sum(
        draw.choice(means) * ratio / draw.choice(means) - 1.0 > STORED_LIMIT for _ in range(trials)
    )


def tables(journal: Journal, same: int, slower: int) -> str:
    """Return the results as Markdown."""
    gates = [run for run in journal.runs if run["kind"] == "gate"]
    own = [run for run in gates if run["percent"] == 0]
    truth = {
        run["percent"]: hodges_lehmann(run["log_ratios"])
        for run in journal.runs
        if run["kind"] == "truth"
    }
    verdicts = [verdict.value for verdict in Verdict]
    lines = [
        f"| more work | true ratio [95 %] | gates | {' | '.join(verdicts)} | seconds a gate |",
        "|" + "---|" * (len(verdicts) + 4),
    ]
    for percent in (0, *MORE_PERCENT):
        mine = [run for run in gates if run["percent"] == percent]
        if mine:
            counts = Counter(run["verdict"] for run in mine)
            ratio = truth.get(percent)
            told = f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]" if ratio else "1"
            seconds = statistics.median(run["wall_s"] for run in mine)
            cells = " | ".join(str(counts[verdict]) for verdict in verdicts)
            lines.append(f"| {percent} % | {told} | {len(mine)} real | {cells} | {seconds:.0f} |")
    pairs, draw = paired(own), random.Random(0)
    if len(pairs) < 60:
        return "\n".join(lines)
    stored = ["| true ratio | stored numbers: red | pairs: REGRESSED |", "|---|---|---|"]
    for percent in (0, *MORE_PERCENT):
        ratio = truth[percent].value if percent in truth else 1.0
        count = same if percent == 0 else slower
        found = resample(pairs, ratio, count, draw)
        cells = " | ".join(str(found[verdict]) for verdict in verdicts)
        lines.append(f"| {percent} % | {ratio:.3f} | {count:,} resampled | {cells} | |")
        red = stored_red(pairs, ratio, count, draw)
        stored.append(f"| {ratio:.3f} | {red / count:.1%} | {found['REGRESSED'] / count:.1%} |")
    stored += stored_exactly(pairs, slower, draw)
    kept = f"\n{2 * len(pairs)} blocks of the file against itself were resampled.\n"
    return "\n".join([*lines, kept, *stored])


def stored_exactly(pairs: list[Any], count: int, draw: random.Random) -> list[str]:
    """Return the row of a file that takes exactly a tenth longer."""
    found = resample(pairs, 1.10, count, draw)
    red = stored_red(pairs, 1.10, count, draw)
    return [f"| 1.100 | {red / count:.1%} | {found['REGRESSED'] / count:.1%} |"]


def main() -> None:
    parser = argparse.ArgumentParser(description="What the regression gate calls red.")
    parser.add_argument("--truth", type=int, default=50)
    parser.add_argument("--same", type=int, default=60)
    parser.add_argument("--slower", type=int, default=10)
    parser.add_argument("--block-s", type=float, default=1.0)
    parser.add_argument("--resampled", type=int, nargs=2, default=(10_000, 2_000))
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--models", type=Path, default=Path(".edgebench/gates"))
    given = parser.parse_args()
    journal = Journal(given.out, {"machine": MACHINE, "block_s": given.block_s, "margin": MARGIN})
    files = models_in(given.models)
    plan = MeasurePlan(runtime="litert", blocks=1, block_s=given.block_s)
    run_truth(journal, files, given.truth, plan)
    wanted = dict.fromkeys(MORE_PERCENT, given.slower) | {0: given.same}
    run_gates(journal, files, wanted, plan)
    print(tables(journal, *given.resampled))  # noqa: T201


def models_in(folder: Path) -> dict[int, Path]:
    """Return the files of a folder, made there if it has none: the same bytes for all gates."""
    if not folder.exists():
        partial = folder.with_suffix(".part")
        partial.mkdir(parents=True)
        make_models(partial)
        partial.replace(folder)
    return {
        percent: next((folder / str(percent)).glob("*.tflite")) for percent in (0, *MORE_PERCENT)
    }


if __name__ == "__main__":
    main()
