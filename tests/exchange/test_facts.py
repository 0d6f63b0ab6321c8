"""What other programs are told of a trial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgebench.exchange.facts import run_span, trial_span
from edgebench.testing.store import example_run, example_trial


@pytest.mark.parametrize("text", ["", "yesterday"])
def test_a_time_that_is_none_is_as_if_nobody_wrote_it_down(text: str) -> None:
    run = replace(example_run(), started_utc=text)
    trial = replace(example_trial(), started_utc=text, finished_utc=text)
    assert run_span(run).start.timestamp() == 0
    assert run_span(run).end.timestamp() == run.wall_s
    assert trial_span(trial, run).end == trial_span(trial, run).start == run_span(run).start


def test_a_time_without_a_zone_is_utc() -> None:
    run = replace(example_run(), started_utc="2025-01-02T03:04:05")
    assert run_span(run) == run_span(example_run())
