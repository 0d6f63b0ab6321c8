from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.agent.job import ThreadsJob
from edgebench.agent.machine import Machine
from edgebench.agent.threads import count_threads, count_working


@pytest.mark.parametrize(
    ("spent_ns", "worked"),
    [([900, 850, 20, 0], 2), ([900], 1), ([100, 10], 2), ([0, 0], 0), ([], 0)],
)
def test_threads_that_worked_a_tenth_of_the_busiest_count(spent_ns: list[int], worked: int) -> None:
    assert count_working(spent_ns) == worked


def test_time_of_each_thread_is_read(tmp_path: Path) -> None:
    for thread, text in (("7", "1200 30 4"), ("8", "5 6 7")):
        folder = tmp_path / "proc/self/task" / thread
        folder.mkdir(parents=True)
        (folder / "schedstat").write_text(text)
    assert Machine(str(tmp_path)).thread_ns() == {"7": 1200, "8": 5}


def test_platform_without_threads_facts_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.null").write_text('{"invoke_us": 100}')
    job = ThreadsJob(model=str(tmp_path / "m.null"), run_s=0.01)
    assert count_threads(job, Machine(str(tmp_path)))["worked"] is None
    assert count_threads(job, Machine())["worked"] == 1
