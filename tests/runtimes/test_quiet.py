from __future__ import annotations

import os

import pytest

from edgebench.runtimes.quiet import silenced


def test_native_writes_go_nowhere_and_later_ones_come_through(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with silenced():
        os.write(1, b"native chatter")
        os.write(2, b"native chatter")
    os.write(1, b"out")
    os.write(2, b"err")
    assert capfd.readouterr() == ("out", "err")


def test_descriptors_are_given_back_after_an_error() -> None:
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(ValueError, match="inside"), silenced():
        raise ValueError("inside")
    assert len(os.listdir("/dev/fd")) == before
