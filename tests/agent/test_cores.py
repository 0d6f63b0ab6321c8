from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from edgebench.agent.cores import pin, quietest
from edgebench.agent.job import JobError
from edgebench.agent.machine import Machine

needs_pinning = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this platform cannot pin"
)


def trial(before: dict[int, int], after: dict[int, int], count: int) -> tuple[int, ...]:
    readings = iter([before, after])
    return quietest(sorted(after), count, lambda: next(readings), lambda seconds: None)


def test_quietest_core_of_the_trial_is_chosen_not_of_all_time() -> None:
    assert trial({0: 0, 1: 500, 2: 90}, {0: 20, 1: 501, 2: 100}, count=1) == (1,)


def test_as_many_as_there_are_threads_in_order() -> None:
    assert trial({0: 0, 1: 0, 2: 0, 3: 0}, {0: 9, 1: 2, 2: 8, 3: 1}, count=2) == (1, 3)
    assert trial({0: 0, 1: 0}, {0: 9, 1: 2}, count=4) == (0, 1)


def test_of_equal_cores_the_highest_numbered() -> None:
    assert trial({0: 5, 1: 5, 2: 5}, {0: 5, 1: 5, 2: 5}, count=1) == (2,)


@needs_pinning
def test_core_that_is_not_there_is_told() -> None:
    with pytest.raises(JobError, match="core 4000 is not among those offered") as caught:
        pin((4000,), 1, Machine())
    assert caught.value.kind == "cores_unavailable"


@needs_pinning
def test_pinning_holds_for_the_process() -> None:
    core = max(os.sched_getaffinity(0))
    code = (
        "import json, os; from edgebench.agent.cores import pin; "
        "from edgebench.agent.machine import Machine; "
        f"asked = pin(({core},), 1, Machine()); quiet = pin((), 1, Machine()); "
        "print(json.dumps([asked, quiet, sorted(os.sched_getaffinity(0))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[core], [core], [core]]
