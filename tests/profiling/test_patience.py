"""How long a lost link is put up with. Time is made up."""

from __future__ import annotations

import itertools

import pytest

from edgebench.devices import LinkLostError
from edgebench.errors import DeviceError
from edgebench.profiling.patience import Patience, waits


class Link:
    """Fails so many times, and counts what was slept meanwhile."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or LinkLostError("the connection to board failed", why="refused")
        self.slept: list[float] = []
        self.told: list[str] = []
        self.attempts = 0

    def attempt(self) -> str:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise self.error
        return "done"

    def patience(self, for_s: float) -> Patience:
        return Patience(
            for_s, self.told.append, clock_s=lambda: sum(self.slept), sleep=self.slept.append
        )


def test_waits_grow_and_stay() -> None:
    assert list(itertools.islice(waits(), 6)) == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_what_works_is_not_repeated() -> None:
    link = Link(0)
    assert link.patience(60.0).persist(link.attempt) == "done"
    assert (link.attempts, link.slept) == (1, [])


def test_lost_link_is_tried_again_and_told() -> None:
    link = Link(3)
    assert link.patience(60.0).persist(link.attempt) == "done"
    assert link.slept == [1.0, 2.0, 4.0]
    assert link.told[0] == "the connection to board failed; attempt 2 in 1 s"


def test_last_attempt_begins_when_patience_ends() -> None:
    link = Link(99)
    with pytest.raises(LinkLostError, match="failed, 5 times") as caught:
        link.patience(12.0).persist(link.attempt)
    assert link.slept == [1.0, 2.0, 4.0, 5.0]
    assert caught.value.why == "refused"


def test_device_given_up_gets_one_attempt_until_it_answers() -> None:
    link = Link(99)
    patience = link.patience(3.0)
    for attempts in (3, 4):
        with pytest.raises(LinkLostError):
            patience.persist(link.attempt)
        assert link.attempts == attempts
    link.failures = 0
    assert patience.persist(link.attempt) == "done"
    link.failures, link.attempts = 1, 0
    assert patience.persist(link.attempt) == "done"


def test_another_failure_of_the_device_is_not_repeated() -> None:
    link = Link(1, DeviceError("the disk is full"))
    with pytest.raises(DeviceError, match="disk is full"):
        link.patience(60.0).persist(link.attempt)
    assert link.attempts == 1
