"""Going on with a device whose link breaks: again and again, each time after a longer wait, until patience ends."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from edgebench.devices import LinkLostError

T = TypeVar("T")
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 10.0


class Patience:
    """Repeats what a lost link interrupted. A device given up once gets one attempt a time, until one succeeds.

    Args:
        for_s: How long after the link was lost a last attempt may begin.
        told: Gets a sentence before each wait.
        clock_s: A monotonic clock.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        for_s: float,
        told: Callable[[str], None] = lambda sentence: None,
        *,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._for_s = for_s
        self._told = told
        self._clock_s = clock_s
        self._sleep = sleep
        self._is_given_up = False

    def persist(self, attempt: Callable[[], T]) -> T:
        """Return what an attempt returns; it must be safe to repeat.

        Raises:
            LinkLostError: the last attempt's, once patience has ended.
        """
        begun_s = None
        for number, wait_s in enumerate(waits(), start=1):
            try:
                result = attempt()
            except LinkLostError as error:
                begun_s = self._clock_s() if begun_s is None else begun_s
                left_s = self._for_s - (self._clock_s() - begun_s)
                if self._is_given_up or left_s <= 0.0:
                    self._is_given_up = True
                    raise _after(error, number) from None
                pause_s = min(wait_s, left_s)
                self._told(f"{error.message}; attempt {number + 1} in {pause_s:.0f} s")
                self._sleep(pause_s)
            else:
                self._is_given_up = False
                return result
        raise AssertionError("waits never end")


def waits() -> Iterator[float]:
    """Yield 1, 2, 4, 8 and from then on 10 seconds."""
    for doublings in itertools.count():
        yield min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S)


def _after(error: LinkLostError, attempts: int) -> LinkLostError:
    tried = f"{error.message}, {attempts} times" if attempts > 1 else error.message
    return LinkLostError(tried, why=error.why, remedy=error.remedy)
