"""What every executor must do, as tests to inherit."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgebench.errors import InputError, WorkError
from edgebench.executors import Executor, Shared, WorkerDiedError


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """Read one file and write it twice into another; the target's folder may not exist where the job runs."""

    source: str
    target: str


def answer(job: object) -> object:
    """Return the job."""
    return job


def refuse(job: str) -> None:
    """Fail as a bug does."""
    raise ValueError(job)


def reject(job: str) -> None:
    """Fail as a bad input does."""
    raise InputError(job, remedy="give another")


def die(job: int) -> None:
    """End the process at once."""
    os._exit(job)


def stamps(job: float) -> tuple[float, float]:
    """Work for so many seconds, and return when."""
    start = time.time()
    time.sleep(job)
    return start, time.time()


def ticks(job: float) -> float:
    """Return the longest pause that this process saw in so many seconds."""
    end, last, longest = time.monotonic() + job, time.monotonic(), 0.0
    while last < end:
        time.sleep(0.005)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return longest


def copy_twice(job: CopyJob) -> str:
    """Return the path written to."""
    target = Path(job.target)
    target.write_bytes(Path(job.source).read_bytes() * 2)
    return job.target


_installed: list[str] = []


def install(value: str) -> None:
    """Keep a shared value."""
    _installed.append(value)


def installed(job: None) -> list[str]:
    """Return what was shared with this process."""
    del job
    return _installed


class ExecutorContract(ABC):
    """Inherit it in a class named ``Test...``; ``executor`` has at least two workers, and ``root`` holds its files."""

    @abstractmethod
    def executor(self, root: Path) -> Executor:
        """Return a new executor."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return tmp_path

    @pytest.fixture
    def made(self, root: Path) -> Iterator[Executor]:
        executor = self.executor(root)
        executor.warm_up()
        yield executor
        executor.shutdown(wait=False)

    def test_answers_come_back(self, made: Executor) -> None:
        futures = [made.submit(answer, number) for number in range(6)]
        assert [future.result() for future in futures] == list(range(6))

    def test_a_failure_is_one_sentence_and_fails_nothing_else(self, made: Executor) -> None:
        bad, wrong, good = (
            made.submit(refuse, "boom"),
            made.submit(reject, "no such thing"),
            made.submit(answer, "fine"),
        )
        with pytest.raises(WorkError, match="ValueError: boom"):
            bad.result()
        with pytest.raises(WorkError) as caught:
            wrong.result()
        assert (caught.value.message, caught.value.remedy) == ("no such thing", "give another")
        assert caught.value.exit_code == InputError("").exit_code
        assert good.result() == "fine"

    def test_jobs_run_side_by_side(self, made: Executor) -> None:
        assert made.workers >= 2
        for future in [made.submit(stamps, 0.0) for _ in range(2)]:
            future.result()
        first, second = (made.submit(stamps, 1.0) for _ in range(2))
        (a, b), (c, d) = first.result(), second.result()
        assert max(a, c) < min(b, d)

    def test_files_are_read_and_written_where_the_job_says(
        self, made: Executor, root: Path
    ) -> None:
        source, target = root / "in" / "a.bin", root / "out" / "b.bin"
        for path in (source, target):
            path.parent.mkdir()
        source.write_bytes(b"ab")
        job = CopyJob(source=str(source), target=str(target))
        assert made.submit(copy_twice, job).result() == str(target)
        assert target.read_bytes() == b"abab"
        assert sorted(path.name for path in root.rglob("*") if path.is_file()) == ["a.bin", "b.bin"]

    def test_what_is_shared_is_there_once(self, made: Executor) -> None:
        for _ in range(2):
            made.share(Shared(content_hash=lambda: "1" * 64, value="data", install=install))
        for _ in range(3):
            found = made.submit(installed, None).result()
            assert found in ([], ["data"]), "an executor of one machine may leave it to the jobs"

    def test_a_worker_that_dies_fails_its_job_alone(self, made: Executor) -> None:
        with pytest.raises(WorkerDiedError):
            made.submit(die, 3).result()
        assert made.submit(answer, 1).result() == 1

    def test_its_workers_stand_still_while_this_machine_is_measured(self, made: Executor) -> None:
        made.submit(answer, 0).result()
        job = made.submit(ticks, 3.0)
        time.sleep(1.0)
        with made.measuring("local", is_local=True):
            time.sleep(1.0)
        assert job.result() >= 0.9

    def test_another_device_does_not_hold_them_up(self, made: Executor) -> None:
        made.submit(answer, 0).result()
        job = made.submit(ticks, 1.5)
        with made.measuring("board", is_local=False):
            time.sleep(1.2)
        assert job.result() < 0.9
