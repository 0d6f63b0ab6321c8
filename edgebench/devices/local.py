"""The machine edgebench runs on."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

from edgebench.agent.machine import Machine
from edgebench.devices.base import Completed, took_too_long
from edgebench.devices.document import DeviceDocument
from edgebench.devices.uploads import UPLOADS, copy_whole, prune
from edgebench.errors import DeviceError, InputError
from edgebench.records import DeviceInfo
from edgebench.runtimes import DISTRIBUTIONS
from edgebench.scratch import cache_dir


class LocalDevice:
    """Runs programs as sub-processes, each in a process group of its own that is ended as a whole."""

    def __init__(self, document: DeviceDocument) -> None:
        self.document = document
        python = document.python
        self.python = os.path.expanduser(python) if python else sys.executable
        self._work_dir = Path(document.work_dir).expanduser() if document.work_dir else cache_dir()

    def __enter__(self) -> Self:
        try:
            (self._work_dir / UPLOADS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DeviceError(
                f"the working folder {self._work_dir} cannot be made",
                why=str(error),
                remedy="set work_dir in the device file, or XDG_CACHE_HOME, to a folder you may write",
            ) from None
        prune(self._work_dir / UPLOADS, now_s=time.time())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def describe(self) -> DeviceInfo:
        facts = Machine().facts()
        cores, memory_bytes, model = facts["cores"], facts["memory_bytes"], facts["model"]
        features = facts["cpu_features"]
        is_ours = self.python == sys.executable
        return DeviceInfo(
            name=self.document.name,
            transport=self.document.transport.kind,
            machine=str(facts["machine"]),
            system=str(facts["system"]),
            model=str(model) if model else None,
            cores=cores if isinstance(cores, int) else None,
            memory_bytes=memory_bytes if isinstance(memory_bytes, int) else None,
            python=platform.python_version() if is_ours else None,
            runtimes=_installed_runtimes() if is_ours else {},
            cpu_features=features if isinstance(features, tuple) else None,
        )

    def push(self, local: Path, remote: str) -> None:
        if not local.is_file():
            raise InputError(f"{local} does not exist", why="expected a file there")
        target = self._inside(remote)
        is_there = target.is_file() and target.stat().st_size == local.stat().st_size
        if remote.startswith(f"{UPLOADS}/") and is_there:
            os.utime(target)
            return
        copy_whole(local, target)

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        try:
            process = subprocess.Popen(
                list(argv),
                cwd=self._work_dir,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise DeviceError(
                f"{argv[0]} could not be started on {self.document.name}", why=str(error)
            ) from None
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _end_group(process)
            raise took_too_long(argv[0], self.document.name, timeout_s) from None
        except BaseException:
            _end_group(process)
            raise
        return Completed(returncode=process.returncode, stdout=stdout, stderr=stderr)

    def pull(self, remote: str, local: Path) -> None:
        source = self._inside(remote)
        if not source.is_file():
            raise DeviceError(f"{remote} is not on {self.document.name}")
        copy_whole(source, local)

    def _inside(self, remote: str) -> Path:
        path = Path(os.path.normpath(self._work_dir / remote))
        if not path.is_relative_to(os.path.normpath(self._work_dir)):
            raise DeviceError(f"{remote} leaves the working folder of {self.document.name}")
        return path


def _end_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.communicate()


def _installed_runtimes() -> dict[str, str]:
    found = {}
    for name, distribution in DISTRIBUTIONS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            continue
    return found
