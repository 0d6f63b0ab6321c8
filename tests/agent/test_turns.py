"""Two processes that take turns: the pipes by themselves, then pairs of blocks by the agent as a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgebench.agent.job import JobError
from edgebench.agent.turns import Turns, pipes


@pytest.fixture
def ends() -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    both = pipes()
    yield both
    for end in (*both[0], *both[1]):
        try:
            os.close(end)
        except OSError:
            continue


def test_they_run_one_at_a_time_in_turns_until_each_is_done(ends) -> None:
    log: list[str] = []

    def run(name: str, pair: tuple[int, int], count: int) -> None:
        turns = Turns(*pair)
        turns.take()
        for number in range(count):
            if number:
                turns.pass_on()
            log.append(name)
        turns.end()
        log.append(f"{name} left")

    threads = [
        threading.Thread(target=run, args=("a", ends[0], 5)),
        threading.Thread(target=run, args=("b", ends[1], 3)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert log[:8] == ["a", "b", "a", "b", "a", "b", "a", "a"]
    assert sorted(log[8:]) == ["a left", "b left"]


def test_the_other_is_not_waited_for_when_it_ended_too_soon(ends) -> None:
    turns = Turns(*ends[1])
    for end in ends[0]:
        os.close(end)
    with pytest.raises(JobError, match="ended too soon") as caught:
        turns.take()
    assert caught.value.kind == "abandoned"
    with pytest.raises(JobError, match="ended too soon"):
        turns.pass_on()


def ask_pair(first: Path, second: Path, **changes: Any) -> tuple[int, dict[str, Any]]:
    common = {"block_s": 0.4, **changes}
    job = {
        "kind": "pair",
        "first": {"model": str(first), **common},
        "second": {"model": str(second), **common},
    }
    done = subprocess.run(
        [sys.executable, "-m", "edgebench.agent", json.dumps(job)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def model(folder: Path, name: str, invoke_us: int) -> Path:
    path = folder / name
    path.write_text(json.dumps({"invoke_us": invoke_us}))
    return path


def test_each_is_timed_in_a_process_of_its_own_on_the_same_cores(tmp_path: Path) -> None:
    fast, slow = model(tmp_path, "fast.null", 500), model(tmp_path, "slow.null", 2000)
    code, answer = ask_pair(fast, slow)
    assert code == 0
    first, second = answer["first"], answer["second"]
    assert min(first["samples_ns"]) >= 500_000
    assert min(second["samples_ns"]) >= 2_000_000
    assert first["pinned"] == second["pinned"] == first["affinity"]
    for block in (first, second):
        assert len(block["samples_ns"]) >= 64
    assert answer["agent"].keys() == first["agent"].keys()


@pytest.mark.parametrize("missing", ["first", "second"])
def test_what_ended_one_of_them_is_told_whichever_it_was(tmp_path: Path, missing: str) -> None:
    there, absent = model(tmp_path, "there.null", 200), tmp_path / "absent.null"
    code, answer = ask_pair(*((absent, there) if missing == "first" else (there, absent)))
    assert code == 1
    assert answer["error"]["kind"] == "model_missing"
    assert "absent.null" in answer["error"]["message"]


@pytest.mark.parametrize("which", ["first", "second"])
@pytest.mark.parametrize(
    ("limits", "ended_by"),
    [({"wall_s": 0.2}, signal.SIGALRM), ({"cpu_s": 1}, signal.SIGKILL)],
    ids=["time", "processor time"],
)
def test_a_signal_that_ended_one_ends_the_pair(
    tmp_path: Path, which: str, limits: dict[str, Any], ended_by: signal.Signals
) -> None:
    job = {"model": str(model(tmp_path, "m.null", 200)), "block_s": 4.0}
    late = {**job, "limits": limits}
    pair = {"kind": "pair", "first": job, "second": job, which: late}
    done = subprocess.run(
        [sys.executable, "-m", "edgebench.agent", json.dumps(pair)],
        capture_output=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == -ended_by
    assert done.stdout == b""


@pytest.mark.parametrize("job", [{}, {"first": {"model": "a.null"}}, {"first": 3, "second": 4}])
def test_half_a_pair_is_no_job(job: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgebench.agent", json.dumps({"kind": "pair", **job})],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["kind"] == "job_invalid"
