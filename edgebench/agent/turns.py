"""Two processes that take turns: while one runs its model for a moment, the other waits.

What else the machine does in a second then meets both alike, where of two blocks timed one after the other it would meet one.
"""

from __future__ import annotations

import os

from edgebench.agent.job import JobError

TURN, OVER = b"t", b"o"
ABANDONED = "abandoned"


class Turns:
    """One of the two, and a pipe each way; who reads a byte may run.

    Args:
        read: Descriptor on which the other gives a turn.
        write: Descriptor on which this one does.
    """

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._is_alone = False

    def take(self) -> None:
        """Wait until it is this one's turn.

        Raises:
            JobError: the other ended before it was done.
        """
        told = b"" if self._is_alone else os.read(self._read, 1)
        self._is_alone = self._is_alone or told == OVER
        if not told and not self._is_alone:
            raise JobError(ABANDONED, "the other process of the pair ended too soon")

    def pass_on(self) -> None:
        """Let the other run, and wait until it is this one's turn again; at once where the other is done."""
        if not self._is_alone:
            self._tell(TURN)
            self.take()

    def end(self) -> None:
        """Run no more, and wait until the other is done too: writing the answer would disturb it."""
        self._tell(OVER)
        self.take()

    def _tell(self, word: bytes) -> None:
        try:
            os.write(self._write, word)
        except BrokenPipeError:
            raise JobError(ABANDONED, "the other process of the pair ended too soon") from None


def pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (read, write) of the one that runs first, then of the other; the first may run at once."""
    first_read, second_write = os.pipe()
    second_read, first_write = os.pipe()
    os.write(second_write, TURN)
    return (first_read, first_write), (second_read, second_write)
