"""Devices behind a real adb client; `adb_daemon.py` stands for the phone's side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from adb_daemon import AdbDaemon, Faults

from edgebench.agent.machine import Machine
from edgebench.devices import (
    Device,
    DeviceDocument,
    DeviceTimeoutError,
    LinkLostError,
    Transport,
    open_device,
)
from edgebench.devices.adb import AdbDevice
from edgebench.devices.adb_scan import scan_adb
from edgebench.devices.uploads import upload
from edgebench.errors import DeviceError, InputError
from edgebench.testing.devices import DeviceContract

WRITE_PID_AND_SLEEP = (
    "import os, time; open('part', 'w').write(str(os.getpid())); os.rename('part', 'pid'); "
    "time.sleep(60)"
)


class TestAdbDevice(DeviceContract):
    @pytest.fixture
    def device(self, phone, open_phone):
        with open_phone(phone) as device:
            yield device


@pytest.fixture
def device(phone, open_phone):
    with open_phone(phone) as device:
        yield device


def wait_for(holds, what: str) -> None:
    end_s = time.monotonic() + 10.0
    while not holds():
        assert time.monotonic() < end_s, what
        time.sleep(0.02)


def is_running(pid: str) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_arguments_arrive_as_themselves(device: Device, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("still here")
    arguments = [
        f"; rm -rf {tmp_path / 'x'}",
        f"$(rm {tmp_path / 'x'}) `rm {tmp_path / 'x'}` ${{HOME}} ~ *",
        "two\nlines\tand a tab",
        'it\'s "quoted" \\ twice\\\\',
        "größer 模型 🙂",
        "",
        "-n",
        "%s {token} {{}}",
    ]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    completed = device.run([device.python, "-c", code, *arguments], timeout_s=30.0)
    assert json.loads(completed.stdout) == arguments
    assert (tmp_path / "x").exists()


def test_paths_with_odd_characters_stay_one_path(device: Device, tmp_path: Path) -> None:
    name = "a b; rm -rf 'x' $(y) ü"
    (tmp_path / "file").write_bytes(b"content")
    device.push(tmp_path / "file", f"{name}/{name}")
    device.pull(f"{name}/{name}", tmp_path / "back")
    assert (tmp_path / "work" / name / name).read_bytes() == b"content"
    assert (tmp_path / "back").read_bytes() == b"content"


def test_output_is_exact(device: Device) -> None:
    code = "import sys; sys.stdout.write('é' * 200_000 + 'no newline'); sys.stderr.write('wept')"
    completed = device.run([device.python, "-c", code], timeout_s=30.0)
    assert completed.stdout == "é" * 200_000 + "no newline"
    assert (completed.stderr, completed.returncode) == ("wept", 0)


def test_programs_start_in_the_working_folder_without_input(device: Device, tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd()); print(repr(sys.stdin.read()))"
    completed = device.run([device.python, "-c", code], timeout_s=30.0)
    assert completed.stdout.split() == [str(tmp_path / "work"), "''"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGALRM])
def test_signal_that_ended_a_program_is_told(device: Device, number: signal.Signals) -> None:
    code = f"import os, sys; print('before', flush=True); os.kill(os.getpid(), {int(number)})"
    completed = device.run([device.python, "-c", code], timeout_s=30.0)
    assert (completed.returncode, completed.stdout) == (-number, "before\n")


@pytest.mark.parametrize("code", [0, 1, 127, 255])
def test_exit_code_is_that_of_the_program(device: Device, code: int) -> None:
    assert device.run(["sh", "-c", f"exit {code}"], timeout_s=30.0).returncode == code


def test_program_that_is_not_there_is_a_device_error(device: Device, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no-such-program could not be started on phone"):
        device.run(["no-such-program"], timeout_s=30.0)
    (tmp_path / "work" / "script").write_text("echo")
    with pytest.raises(DeviceError, match="could not be started") as caught:
        device.run(["./script"], timeout_s=30.0)
    assert caught.value.why


def test_all_that_a_program_started_ends_with_it(device: Device, tmp_path: Path) -> None:
    outer = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WRITE_PID_AND_SLEEP!r}])"
    )
    with pytest.raises(DeviceTimeoutError):
        device.run([device.python, "-c", outer], timeout_s=3.0)
    pid = (tmp_path / "work" / "pid").read_text()
    wait_for(lambda: not is_running(pid), "the program's child goes on")


def test_interrupted_program_is_ended(device: Device, tmp_path: Path) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    pid_file = tmp_path / "work" / "pid"

    def ring() -> None:
        wait_for(pid_file.exists, "the program does not start")
        signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)

    ringer = threading.Thread(target=ring)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        ringer.start()
        with pytest.raises(KeyboardInterrupt):
            device.run([device.python, "-c", WRITE_PID_AND_SLEEP], timeout_s=30.0)
    finally:
        ringer.join()
        signal.signal(signal.SIGALRM, before)
    wait_for(lambda: not is_running(pid_file.read_text()), "the program goes on")


def test_program_ends_with_the_process_that_waits_for_it(phone: AdbDaemon, tmp_path: Path) -> None:
    """A search that is killed outright can end nothing itself."""
    document = {"name": "phone", "transport": {"kind": "adb", "serial": phone.serial}}
    code = (
        "import sys; from edgebench.devices import AdbDevice, DeviceDocument\n"
        "with AdbDevice(DeviceDocument.model_validate_json(sys.argv[1])) as device:\n"
        "    device.run([device.python, '-c', sys.argv[2]], timeout_s=30.0)"
    )
    settings = json.dumps({**document, "work_dir": str(tmp_path / "work")})
    search = subprocess.Popen([sys.executable, "-c", code, settings, WRITE_PID_AND_SLEEP])
    pid_file = tmp_path / "work" / "pid"
    try:
        wait_for(pid_file.exists, "the program does not start")
    finally:
        search.kill()
        search.wait()
    wait_for(lambda: not is_running(pid_file.read_text()), "the program goes on")


def test_lost_connection_is_told_and_ends_the_program(
    device: Device, phone: AdbDaemon, tmp_path: Path
) -> None:
    """adb itself ends with 0 here."""
    pid_file = tmp_path / "work" / "pid"

    def cut() -> None:
        wait_for(pid_file.exists, "the program does not start")
        phone.faults.refuses = True
        phone.drop()

    threading.Thread(target=cut).start()
    with pytest.raises(LinkLostError, match=r"was lost while python3 ran|cannot be used") as caught:
        device.run([device.python, "-c", WRITE_PID_AND_SLEEP], timeout_s=30.0)
    assert caught.value.remedy
    wait_for(lambda: not is_running(pid_file.read_text()), "the program goes on")


def test_connection_lost_in_a_push_leaves_no_file(
    device: Device, phone: AdbDaemon, tmp_path: Path
) -> None:
    (tmp_path / "model").write_bytes(os.urandom(1_000_000))
    phone.faults.drop_after_bytes = 300_000
    phone.faults.refuses = True
    with pytest.raises(LinkLostError, match=r"could not be copied|cannot be used"):
        upload(device, tmp_path / "model")
    assert "model" not in files(tmp_path / "work")


def test_copy_without_its_end_is_never_taken_for_whole(
    device: Device, phone: AdbDaemon, tmp_path: Path
) -> None:
    (tmp_path / "model").write_bytes(os.urandom(1000))
    phone.faults.short = True
    with pytest.raises(DeviceError, match="model could not be copied to phone"):
        device.push(tmp_path / "model", "uploads/0123/model")
    assert files(tmp_path / "work") == []
    phone.faults.short = False
    device.push(tmp_path / "model", "uploads/0123/model")
    phone.faults.short = True
    (tmp_path / "back").write_bytes(b"before")
    with pytest.raises(DeviceError, match="could not be fetched from phone"):
        device.pull("uploads/0123/model", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"before"
    assert not list(tmp_path.glob(".*.part"))


def test_refused_write_is_told_with_the_space_that_is_left(
    device: Device, phone: AdbDaemon, tmp_path: Path
) -> None:
    (tmp_path / "model").write_bytes(b"x" * 5000)
    phone.faults.full = True
    with pytest.raises(DeviceError, match="phone has no space for model") as caught:
        device.push(tmp_path / "model", "model")
    assert caught.value.why.startswith("it takes 5000 bytes and ")
    assert files(tmp_path / "work") == []


def test_full_disk_is_told(device: Device, tmp_path: Path) -> None:
    """On a disk of 256 KiB, where this may mount one."""
    work = tmp_path / "work"
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(work)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk cannot be mounted here: it needs root")
    try:
        (tmp_path / "model").write_bytes(os.urandom(1_000_000))
        with pytest.raises(DeviceError, match="phone has no space for model") as caught:
            device.push(tmp_path / "model", "uploads/0123/model")
        assert caught.value.why.startswith("it takes 1000000 bytes and ")
        assert "model" not in files(work)
        (tmp_path / "small").write_bytes(b"x" * 1000)
        device.push(tmp_path / "small", "small")
    finally:
        subprocess.run(["umount", str(work)], check=True)


def test_upload_that_is_there_is_not_sent_again(
    device: Device, phone: AdbDaemon, tmp_path: Path
) -> None:
    (tmp_path / "model").write_bytes(b"x" * 1000)
    for _ in range(2):
        upload(device, tmp_path / "model")
    assert phone.received_bytes == 1000


def test_program_that_is_pushed_can_be_run(device: Device, tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "tool").chmod(0o700)
    remote = upload(device, tmp_path / "tool")
    assert device.run([f"./{remote}"], timeout_s=30.0).stdout == "ran\n"


def test_old_uploads_and_broken_copies_go_when_it_is_opened(
    phone: AdbDaemon, open_phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgebench.devices.adb.KEEP_BYTES", 250)
    uploads = tmp_path / "work" / "uploads"
    for age_h, name in (
        (30, "0/oldest model"),
        (20, "1/older"),
        (10, "2/old"),
        (2, "3/.partial-1"),
        (0, "4/.partial-2"),
        (0, "5/new"),
    ):
        path = uploads / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (0, time.time() - age_h * 3600))
    with open_phone(phone):
        assert files(uploads) == [".partial-2", "new"]
    assert sorted(path.name for path in uploads.iterdir()) == ["4", "5"]


def test_description_is_the_device_s_own(device: Device) -> None:
    info = device.describe()
    assert (info.machine, info.cores) == (os.uname().machine, len(os.sched_getaffinity(0)))
    assert info.system == f"{os.uname().sysname} {os.uname().release}"
    assert info.memory_bytes is not None
    assert info.memory_bytes > 2**28
    assert info.cpu_features == Machine().facts()["cpu_features"]
    assert info.model is None
    assert info.python is not None
    assert info.python.startswith("3.")


def test_android_tells_its_name_and_version(phone: AdbDaemon, open_phone, tools: Path) -> None:
    (tools / "getprop").write_text(
        "#!/bin/sh\ncase $1 in\n*manufacturer) echo Google;;\n*.model) echo Pixel 6;;\n*release) echo 14;;\nesac\n"
    )
    (tools / "getprop").chmod(0o755)
    with open_phone(phone) as device:
        info = device.describe()
    assert info.model == "Google Pixel 6"
    assert info.system == f"Android 14 ({os.uname().sysname} {os.uname().release})"


def test_device_without_python_has_none(bare_phone: AdbDaemon, open_phone) -> None:
    with open_phone(bare_phone) as device:
        assert device.python == ""
        assert device.describe().python is None
    with open_phone(bare_phone, python="/elsewhere/python3") as device:
        assert device.python == "/elsewhere/python3"


def test_only_attached_device_needs_no_serial(phone: AdbDaemon, attach, tmp_path: Path) -> None:
    document = DeviceDocument(
        name="any", transport=Transport(kind="adb"), work_dir=str(tmp_path / "work")
    )
    with open_device(document) as device:
        assert device.run(["sh", "-c", "echo ran"], timeout_s=30.0).stdout == "ran\n"
    other = attach(AdbDaemon(phone.start))
    with pytest.raises(DeviceError, match="2 devices are attached") as caught, AdbDevice(document):
        pass
    assert phone.serial in caught.value.why
    assert other.serial in caught.value.why


def test_device_that_is_not_attached_is_told(phone: AdbDaemon, open_phone) -> None:
    gone = AdbDaemon(phone.start)
    gone.serial = "127.0.0.1:1"
    with (
        pytest.raises(DeviceError, match=r"127\.0\.0\.1:1 is not attached") as caught,
        open_phone(gone),
    ):
        pass
    assert caught.value.why == f"`adb devices` lists {phone.serial}"
    assert "adb connect 127.0.0.1:1" in caught.value.remedy


def test_device_that_nobody_allowed_is_told(attach, phone: AdbDaemon, open_phone) -> None:
    stranger = attach(AdbDaemon(phone.start, faults=Faults(unauthorized=True)))
    with pytest.raises(DeviceError, match="cannot be used") as caught, open_phone(stranger):
        pass
    assert "accept the question" in caught.value.remedy


def test_device_that_is_offline_is_told(phone: AdbDaemon, open_phone) -> None:
    phone.faults.refuses = True
    phone.drop()
    wait_for(lambda: scan_adb()[0].state == "offline", "adb goes on with a closed connection")
    with pytest.raises(DeviceError, match="cannot be used") as caught, open_phone(phone):
        pass
    assert caught.value.why == "`adb devices` calls it `offline`"
    assert "reconnect" in caught.value.remedy


def test_android_that_tells_no_exit_codes_is_refused(attach, phone: AdbDaemon, open_phone) -> None:
    old = attach(AdbDaemon(phone.start, features="cmd"))
    with pytest.raises(DeviceError, match="Android of phone is too old"), open_phone(old):
        pass


def test_computer_without_adb_is_told(
    phone: AdbDaemon, open_phone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        with pytest.raises(DeviceError, match="adb cannot be found"), open_phone(phone):
            pass


def test_working_folder_that_cannot_be_made_is_told(
    phone: AdbDaemon, open_phone, tmp_path: Path
) -> None:
    (tmp_path / "work").write_text("a file")
    with pytest.raises(DeviceError, match=r"working folder .* cannot be made"), open_phone(phone):
        pass
    with pytest.raises(InputError, match="must be an absolute path"):
        open_phone(phone, work_dir="work")


def test_working_folder_that_is_gone_is_told(device: Device, tmp_path: Path) -> None:
    (tmp_path / "work" / "uploads").rmdir()
    (tmp_path / "work").rmdir()
    with pytest.raises(DeviceError, match=r"working folder .* is not there on phone"):
        device.run(["sh", "-c", "echo"], timeout_s=30.0)
