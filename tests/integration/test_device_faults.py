"""A search whose device goes away: its trials keep what is known of them, and a resume measures the rest.

The device is this machine, with an interpreter of its own that ends at once as long as a file ``down`` is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgebench import api
from edgebench.tuning import SilentObserver

TRIALS = 2
SUITE = "reference: {val_accuracy: 0.0, latency_ms: 1000}\noracle: {max_trials: 2}\ntraining: {max_epochs: 1}\n"


class Unplugs(SilentObserver):
    """Takes the device away, or brings it back, at one moment of a search."""

    def __init__(self, switch: Path, *, at: str, up: bool = False) -> None:
        self._switch = switch
        self._at = at
        self._up = up

    def run_started(self, run, *, is_new, progress) -> None:
        self._turn("run_started")

    def trial_ended(self, trial, progress) -> None:
        self._turn(trial.trial_id)

    def phase(self, name, done, total) -> None:
        self._turn(name)

    def _turn(self, moment: str) -> None:
        if moment == self._at and self._up:
            self._switch.unlink(missing_ok=True)
        elif moment == self._at:
            self._switch.touch()


@pytest.fixture
def switch(tmp_path, monkeypatch, small_suite) -> Path:
    """A suite on such a device in the current folder; the file that takes it down."""
    monkeypatch.chdir(tmp_path)
    down = tmp_path / "down"
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\n[ -e {down} ] && exit 1\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "flaky.yaml").write_text(
        f"name: flaky\ntransport: {{kind: local}}\npython: {program}\n"
    )
    small_suite(SUITE)
    return down


def search(**options):
    return api.search("small.yaml", devices=["flaky.yaml"], workers=1, **options)


def latencies(result) -> list[bool]:
    return [trial.metric("latency_ms") is not None for trial in result.result.trials]


def test_what_a_lost_device_did_not_measure_is_measured_on_resume(switch: Path) -> None:
    lost = search(observer=Unplugs(switch, at="run_started"))
    assert lost.summary["trials"]["completed"] == TRIALS
    assert latencies(lost) == [False] * TRIALS
    assert all(trial.metric("val_accuracy") for trial in lost.result.trials)
    assert lost.summary["front"] == []
    (note,) = lost.result.run.notes
    assert "latency of t001, t002 is missing: the agent on flaky gave no answer" in note
    assert f"edgebench search --resume {lost.run_id}" in note
    switch.unlink()
    found = api.search(resume=lost.run_id, workers=1)
    assert found.run_id == lost.run_id
    assert latencies(found) == [True] * TRIALS
    assert [trial.epochs for trial in found.result.trials] == [1] * TRIALS
    assert found.summary["front"]
    assert all(member["artifacts"] for member in found.summary["front"])
    assert found.result.run.notes == ()
    assert [metric.value for metric in found.result.trials[0].metrics if metric.name == "val_accuracy"] == [
        metric.value for metric in lost.result.trials[0].metrics if metric.name == "val_accuracy"
    ]  # fmt: skip


def test_device_that_is_back_before_the_end_fills_the_gap_by_itself(switch: Path) -> None:
    switch.touch()
    with pytest.raises(Exception, match="gave no answer"):
        search()
    switch.unlink()
    observer = Unplugs(switch, at="run_started")
    back = Unplugs(switch, at="t001", up=True)
    observer.trial_ended = back.trial_ended
    found = search(observer=observer)
    assert latencies(found) == [True] * TRIALS
    assert found.result.trials[0].missing
    assert not found.result.trials[0].lacks
    assert found.summary["front"]


def test_winner_that_was_not_measured_keeps_its_trial(switch: Path) -> None:
    lost = search(observer=Unplugs(switch, at="export and measure"))
    assert latencies(lost) == [True] * TRIALS
    assert lost.summary["front"]
    assert any("has no files" in note for note in lost.result.run.notes)
    switch.unlink()
    found = api.search(resume=lost.run_id, workers=1)
    assert all(member["artifacts"] for member in found.summary["front"])
    assert all(file["latency"] for m in found.summary["front"] for file in m["artifacts"])


def test_measuring_may_wait_for_the_device(switch: Path) -> None:
    switch.touch()
    later = search(measure_later=True)
    assert latencies(later) == [False] * TRIALS
    assert "to be measured later" in later.result.run.notes[0]
    switch.unlink()
    found = api.search(resume=later.run_id, workers=1)
    assert latencies(found) == [True] * TRIALS
    assert found.summary["front"]


def test_device_that_joins_a_run_measures_what_it_has(switch: Path) -> None:
    alone = api.search("small.yaml", workers=1)
    joined = api.search("small.yaml", devices=["local", "flaky.yaml"], workers=1)
    assert joined.run_id == alone.run_id
    for trial in joined.result.trials:
        assert trial.metric("latency_ms@flaky"), trial.trial_id
    for member in joined.summary["front"]:
        assert member["metrics"]["latency_ms@flaky"]["device"] == "flaky"
        assert {row["device"] for f in member["artifacts"] for row in f["latency"]} == {
            "local",
            "flaky",
        }
    elsewhere = search()
    assert elsewhere.run_id != alone.run_id
