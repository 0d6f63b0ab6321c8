from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgebench.devices import Device, DeviceDocument, DeviceTimeoutError, LocalDevice, Transport
from edgebench.errors import DeviceError
from edgebench.testing.devices import DeviceContract


def local(work_dir: Path) -> LocalDevice:
    return LocalDevice(
        DeviceDocument(name="here", transport=Transport(kind="local"), work_dir=str(work_dir))
    )


class TestLocalDevice(DeviceContract):
    @pytest.fixture
    def device(self, tmp_path: Path) -> Iterator[Device]:
        with local(tmp_path / "work") as device:
            yield device


def test_programs_start_in_the_working_folder_in_this_interpreter(tmp_path: Path) -> None:
    with local(tmp_path / "work") as device:
        code = "import os, sys; print(os.getcwd(), sys.executable)"
        completed = device.run([device.python, "-c", code], timeout_s=30.0)
    assert completed.stdout.split() == [str((tmp_path / "work").resolve()), sys.executable]


def test_all_that_a_program_started_ends_with_it(tmp_path: Path) -> None:
    """The program's own child writes its process id, then sleeps far past the time limit."""
    inner = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with local(tmp_path / "work") as device, pytest.raises(DeviceTimeoutError):
        device.run([device.python, "-c", outer], timeout_s=1.5)
    pid = (tmp_path / "work" / "pid").read_text()
    end_s = time.monotonic() + 5.0
    while is_running(pid) and time.monotonic() < end_s:
        time.sleep(0.05)
    assert not is_running(pid)


def test_interrupted_program_is_ended(tmp_path: Path) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with local(tmp_path / "work") as device, pytest.raises(KeyboardInterrupt):
            device.run([device.python, "-c", code], timeout_s=30.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert not is_running((tmp_path / "work" / "pid").read_text())


def is_running(pid: str) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_signal_that_ended_a_program_is_told(tmp_path: Path) -> None:
    with local(tmp_path / "work") as device:
        code = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
        assert device.run([device.python, "-c", code], timeout_s=30.0).returncode == -11


def test_program_that_is_not_there_is_a_device_error(tmp_path: Path) -> None:
    with (
        local(tmp_path / "work") as device,
        pytest.raises(DeviceError, match="could not be started"),
    ):
        device.run(["no-such-program"], timeout_s=1.0)


def test_working_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file")
    with pytest.raises(DeviceError, match="cannot be made"), local(tmp_path / "work"):
        pass


def test_failed_copy_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(source: object, target: str) -> None:
        Path(target).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("edgebench.devices.uploads.shutil.copyfile", broken)
    (tmp_path / "file").write_bytes(b"x")
    with local(tmp_path / "work") as device:
        with pytest.raises(OSError, match="disk full"):
            device.push(tmp_path / "file", "folder/file")
        assert list((tmp_path / "work" / "folder").iterdir()) == []


def test_description_tells_the_runtimes_that_are_installed(tmp_path: Path) -> None:
    info = local(tmp_path).describe()
    assert info.cores == os.cpu_count()
    assert info.runtimes.keys() >= {"litert", "ort"}


def test_nothing_is_told_of_another_interpreter_than_this(tmp_path: Path) -> None:
    document = DeviceDocument(
        name="here",
        transport=Transport(kind="local"),
        work_dir=str(tmp_path),
        python="/usr/bin/python3",
    )
    info = LocalDevice(document).describe()
    assert (info.python, info.runtimes) == (None, {})
