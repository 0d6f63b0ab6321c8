"""How large the report of a run of very many trials is, and how soon a browser shows it.

    python tests/benchmarks/large_report.py RUN --store DIR --trials 200 5000

The trials of a real run are repeated under other names, with other accuracies. Told are the bytes of the page, the seconds until it
is loaded, until its first chart lives, and until all of it does: medians of 5 openings, each in a browser of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edgebench.api import open_store
from edgebench.records import RunResult
from edgebench.report import write_report

OPENINGS = 5
MOMENTS = {
    "loaded": "html",
    "first chart": "html[data-first=alive]",
    "all": "html[data-page=alive]",
}


def grown(result: RunResult, count: int) -> RunResult:
    """Return the run with so many trials: its own, then copies of them that are a little worse, each measured once."""
    draw = random.Random(0)
    own = [trial for trial in result.trials if not trial.is_baseline]
    copies = []
    for number, trial in zip(range(len(own), count), itertools.cycle(own)):
        metrics = tuple(
            dataclasses.replace(m, value=m.value * draw.uniform(0.6, 0.99))
            if m.name.startswith("val_")
            else m
            for m in trial.metrics
        )
        copies.append(dataclasses.replace(trial, trial_id=f"c{number:05}", metrics=metrics))
    baseline = [trial for trial in result.trials if trial.is_baseline]
    probe = next(taken[:1] for taken in result.measurements.values())
    probes = {(copy.trial_id, "probe"): probe for copy in copies}
    return dataclasses.replace(
        result, trials=(*own, *copies, *baseline), measurements=result.measurements | probes
    )


def opened_s(page: Path) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab: Any = browser.new_page(viewport={"width": 1440, "height": 900})
        started_s, found = time.perf_counter(), {}
        tab.goto(page.as_uri())
        for name, state in MOMENTS.items():
            tab.wait_for_selector(state, state="attached", timeout=120_000)
            found[name] = time.perf_counter() - started_s
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="How large reports are, and how soon they show.")
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".edgebench"))
    parser.add_argument("--trials", type=int, nargs="+", default=[200, 5000])
    given = parser.parse_args()
    with open_store(given.store) as store, tempfile.TemporaryDirectory() as folder:
        print(f"| trials | MB | {' | '.join(f'{name} s' for name in MOMENTS)} |")  # noqa: T201
        print("|" + "---|" * (2 + len(MOMENTS)))  # noqa: T201
        for count in given.trials:
            result = grown(store.load(given.run), count)
            page = write_report(result, Path(folder, str(count)), store.artifact_path)
            times = [opened_s(page) for _ in range(OPENINGS)]
            medians = (statistics.median(each[name] for each in times) for name in MOMENTS)
            told = " | ".join(f"{seconds:.2f}" for seconds in medians)
            print(f"| {count:,} | {page.stat().st_size / 1e6:.2f} | {told} |")  # noqa: T201


if __name__ == "__main__":
    main()
