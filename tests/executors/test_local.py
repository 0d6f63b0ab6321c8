"""LocalExecutor: jobs in processes that fail, die and stop one by one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgebench.errors import WorkError
from edgebench.executors import LocalExecutor, WorkerDiedError, WorkerSettings, preload_for


def pid_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def fail_with(message: str) -> None:
    raise ValueError(message)


def die(code: int) -> None:
    os.kill(os.getpid(), code)


def count_to(limit: int) -> int:
    total = 0
    for number in range(limit):
        total += number
    return total


@pytest.fixture
def executor():
    executor = LocalExecutor(2, settings=WorkerSettings(recycle_after=3, timeout_s=60.0))
    yield executor
    executor.shutdown()


def test_two_jobs_run_at_once_in_processes_of_their_own(executor):
    first, second = executor.submit(pid_after, 0.3), executor.submit(pid_after, 0.3)
    assert len({first.result(), second.result(), os.getpid()}) == 3


def test_jobs_near_one_another_share_a_worker_where_it_is_free(executor):
    a = executor.submit(pid_after, 0.4, near="a")
    b = executor.submit(pid_after, 0.4, near="b")
    pids = {"a": a.result(), "b": b.result()}
    assert executor.submit(pid_after, 0.0, near="b").result() == pids["b"]
    assert executor.submit(pid_after, 0.0, near="a").result() == pids["a"]


def test_a_job_does_not_wait_for_the_worker_it_is_near(executor):
    home = executor.submit(pid_after, 0.0, near="a").result()
    busy = executor.submit(pid_after, 1.0, near="a")
    elsewhere = executor.submit(pid_after, 0.0, near="a")
    assert elsewhere.result() != home
    assert not busy.done()
    busy.result()


def test_a_failing_job_fails_only_itself(executor):
    bad, good = executor.submit(fail_with, "boom"), executor.submit(pid_after, 0.0)
    with pytest.raises(WorkError, match="ValueError: boom"):
        bad.result()
    assert good.result() > 0


def test_a_dead_worker_is_replaced_and_told(executor):
    with pytest.raises(WorkerDiedError) as caught:
        executor.submit(die, signal.SIGKILL).result()
    assert "memory" in caught.value.why
    assert executor.submit(pid_after, 0.0).result() > 0


def test_workers_are_recycled():
    executor = LocalExecutor(1, settings=WorkerSettings(recycle_after=2))
    pids = [executor.submit(pid_after, 0.0).result() for _ in range(6)]
    executor.shutdown()
    assert len(set(pids)) == 3


def test_a_job_past_its_time_is_stopped():
    executor = LocalExecutor(1, settings=WorkerSettings(timeout_s=1.0))
    with pytest.raises(WorkError, match="no answer in 1 s"):
        executor.submit(pid_after, 60.0).result()
    executor.shutdown()


class KilledAtStart(LocalExecutor):
    """Is told to stop at once while a worker is being started."""

    def start_process(self):
        started = super().start_process()
        for seat in self._seats:
            seat.kill()
        return started


def test_a_worker_that_was_being_started_is_killed_too():
    executor = KilledAtStart(1)
    with pytest.raises(WorkError):
        executor.submit(pid_after, 5.0).result()
    executor.shutdown(wait=False)


@pytest.mark.parametrize("wait", [True, False])
def test_a_job_that_comes_after_the_end_is_cancelled(wait):
    executor = LocalExecutor(1)
    executor.shutdown(wait=wait)
    assert executor.submit(pid_after, 0.0).cancelled()


def test_quiet_holds_workers_still(executor):
    executor.submit(pid_after, 0.0).result()
    job = executor.submit(pid_after, 0.2)
    time.sleep(0.05)
    with executor.measuring("local", is_local=True):
        states = [
            Path(f"/proc/{seat.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            for seat in executor._seats
            if seat.process is not None
        ]
        assert states
        assert set(states) == {"T"}
        assert not job.done()
    assert job.result(timeout=30) > 0


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_no_framework_is_loaded_before_a_fork_but_tensorflow(backend):
    names = ", ".join(preload_for(backend))
    program = f"import sys, {names}; print(sorted({{'keras', 'jax', 'torch'}} & set(sys.modules)))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
    assert "keras" in preload_for("tensorflow")


SCRIPT = """
import sys, time
sys.path.insert(0, {here!r})
from edgebench.executors import LocalExecutor
from test_local import pid_after
print("main ran", flush=True)
executor = LocalExecutor(2)
jobs = [executor.submit(pid_after, 0.0), executor.submit(pid_after, 0.0)]
pids = [job.result() for job in jobs]
executor.submit(pid_after, 100.0)
time.sleep(0.3)
with executor.measuring("local", is_local=True):
    print(*pids, flush=True)
    time.sleep(100)
"""


def test_a_killed_search_leaves_no_process_and_its_script_runs_once(tmp_path):
    script = tmp_path / "search.py"
    script.write_text(SCRIPT.format(here=str(Path(__file__).parent)))
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as search:
        assert search.stdout.readline() == "main ran\n"
        pids = [int(pid) for pid in search.stdout.readline().split()]
        search.kill()
    assert pids
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
