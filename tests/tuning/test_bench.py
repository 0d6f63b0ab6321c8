"""The devices of a search: nothing of the search disturbs a measurement on them."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from edgebench.executors import InlineExecutor
from edgebench.records import LatencyPlan
from edgebench.testing.store import example_run
from edgebench.tuning.bench import Bench
from edgebench.tuning.crew import Crew


class Watching(InlineExecutor):
    def __init__(self):
        self.held = []

    @contextlib.contextmanager
    def measuring(self, device, *, is_local):
        self.held.append((device, is_local))
        yield


def test_each_measurement_is_undisturbed(tmp_path):
    model = tmp_path / "model.null"
    model.write_text('{"invoke_us": 10}')
    plan = LatencyPlan(runtime="null", block_s=0.01, winner_blocks=2)
    suite = replace(example_run().suite, devices=("local",), latency=plan)
    executor = Watching()
    with Bench(suite, Crew(trainers=executor, exporters=executor)) as bench:
        assert bench.measure(model, blocks=1).p50_ms > 0
        assert executor.held == [("local", True)]
