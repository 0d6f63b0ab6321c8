"""What a device is: a place that takes files, runs programs and gives files back."""

from __future__ import annotations

import posixpath
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from edgebench.devices.document import DeviceDocument
from edgebench.errors import DeviceError
from edgebench.records import DeviceInfo

SIGNAL_STATUS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program on a device ended; a negative ``returncode`` is the signal that ended it."""

    returncode: int
    stdout: str = ""
    stderr: str = ""


class DeviceTimeoutError(DeviceError):
    """A program on a device ran longer than it was given, and was ended with all it had started."""


class LinkLostError(DeviceError):
    """The connection to a device failed or broke; the device may be there again in a while."""


def took_too_long(program: str, device: str, timeout_s: float) -> DeviceTimeoutError:
    """Return the error of a program on a device that ran longer than it was given."""
    return DeviceTimeoutError(
        f"{posixpath.basename(program)} on {device} took longer than {timeout_s:g} s",
        remedy="raise budget: {timeout_s: ...} in the device file, or use a smaller model",
    )


def returncode_of(status: int) -> int:
    """Return a shell's exit status as `subprocess` tells it: negative where a signal ended the program."""
    number = status - SIGNAL_STATUS
    return -number if number in signal.valid_signals() else status


class Device(Protocol):
    """A place to run models on. The profiler calls it, between ``with device:`` and its end.

    Remote paths are relative to the device's working folder, which is also where programs start. All methods
    raise `LinkLostError` where the device cannot be reached for now, another `DeviceError` where it refuses.
    """

    document: DeviceDocument
    python: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def describe(self) -> DeviceInfo:
        """Return the stable facts that can be had without running a model."""

    def push(self, local: Path, remote: str) -> None:
        """Put a file on the device, whole or not at all.

        A remote path below ``uploads/`` is named by its content: what is there already is not copied again, unless its
        size is another, as where the device lost power soon after.

        Raises:
            InputError: No such local file.
        """

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        """Run a program to its end.

        Raises:
            DeviceTimeoutError: It took longer than ``timeout_s``.
        """

    def pull(self, remote: str, local: Path) -> None:
        """Fetch a file from the device, whole or not at all."""
