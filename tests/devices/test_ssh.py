"""Devices behind OpenSSH, on an emulated ARM board with a real sshd; what ssh says of failures, by a program in its place."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgebench.devices import Device, DeviceDocument, LinkLostError, SshDevice, upload
from edgebench.errors import DeviceError
from edgebench.testing.devices import DeviceContract

NASTY = "; rm -rf ~ $(touch pwned) `touch pwned` 'a' \"b\" \\ * ~ \n ünï -n"


@pytest.fixture
def opened(board, request) -> Iterator[Device]:
    """The board, with a working folder of the test's own."""
    folder = f"/home/pi/tests/{abs(hash(request.node.nodeid))}"
    with SshDevice(board.document(work_dir=folder)) as device:
        yield device
        device.run(["rm", "-rf", folder], timeout_s=30.0)


class TestSshDevice(DeviceContract):
    @pytest.fixture
    def device(self, opened: Device) -> Device:
        return opened


def test_facts_are_those_of_the_board(opened: Device) -> None:
    info = opened.describe()
    assert info.machine == "aarch64"
    assert info.system.startswith("Linux")
    assert info.model is not None
    assert "Raspberry Pi" in info.model
    assert info.cores
    assert info.memory_bytes
    assert info.cpu_features is None or "neon" in info.cpu_features


def test_argument_arrives_as_it_is(opened: Device) -> None:
    code = "import os, sys; sys.stdout.write(sys.argv[1] + str(os.listdir('.')))"
    completed = opened.run([opened.python, "-c", code, NASTY], timeout_s=30.0)
    assert completed.stdout == f"{NASTY}['uploads']"


def test_file_name_of_any_kind_is_uploaded_under_a_plain_one(
    opened: Device, tmp_path: Path
) -> None:
    (tmp_path / "; touch pwned $(id).tflite").write_bytes(b"model")
    remote = upload(opened, tmp_path / "; touch pwned $(id).tflite")
    opened.pull(remote, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"model"
    assert opened.run(["ls"], timeout_s=30.0).stdout.split() == ["uploads"]


def test_program_ended_by_a_signal_is_no_lost_link(opened: Device) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    assert opened.run([opened.python, "-c", code], timeout_s=30.0).returncode == -11


def test_program_may_end_as_ssh_itself_does_when_it_fails(opened: Device) -> None:
    completed = opened.run([opened.python, "-c", "raise SystemExit(255)"], timeout_s=30.0)
    assert completed.returncode != 0


def test_program_past_its_time_is_ended_over_there(opened: Device, board) -> None:
    with pytest.raises(DeviceError, match="longer than 1 s"):
        opened.run([opened.python, "-c", "import time; time.sleep(4711)"], timeout_s=1.0)
    assert "4711" not in board.do("exec", "ps", "ax", "-o", "args")


def test_program_ends_when_its_caller_is_killed(board, tmp_path: Path) -> None:
    """The agent looks whether somebody still holds its input; here a shell does the same."""
    code = (
        "import sys\n"
        "from edgebench.devices import DeviceDocument, SshDevice\n"
        f"document = DeviceDocument.model_validate_json({board.document().model_dump_json()!r})\n"
        "with SshDevice(document) as device:\n"
        "    device.run(['sh', '-c', 'sleep 4712 & cat; kill $!'], timeout_s=100.0)\n"
    )
    import sys

    with subprocess.Popen([sys.executable, "-c", code]) as process:
        wait_for(lambda: "sleep 4712" in board.do("exec", "ps", "ax", "-o", "args"))
        process.kill()
    wait_for(lambda: "sleep 4712" not in board.do("exec", "ps", "ax", "-o", "args"))


def test_unknown_host_key_is_refused_with_the_command_that_adds_it(board, tmp_path: Path) -> None:
    nobody = tmp_path / "known_hosts"
    nobody.touch()
    with pytest.raises(DeviceError, match="host key of board is not known") as caught:
        SshDevice(board.document(known_hosts=str(nobody))).__enter__()
    assert not isinstance(caught.value, LinkLostError)
    assert f"ssh -p {board.port}" in caught.value.remedy
    assert f'UserKnownHostsFile="{nobody}"' in caught.value.remedy
    assert nobody.read_text() == ""


def test_changed_host_key_is_refused(board, tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True
    )
    kind, key, *_ = (tmp_path / "other.pub").read_text().split()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{board.port} {kind} {key}\n")
    with pytest.raises(DeviceError, match="not the one that is known") as caught:
        SshDevice(board.document(known_hosts=str(tmp_path / "known"))).__enter__()
    assert "ssh-keygen -R" in caught.value.remedy


def test_key_that_is_not_let_in_is_told(board, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with pytest.raises(DeviceError, match="does not let us in") as caught:
        SshDevice(board.document(identity_file=str(key))).__enter__()
    assert "ssh-copy-id" in caught.value.remedy


def test_nobody_there_is_a_lost_link(board) -> None:
    with pytest.raises(LinkLostError, match="connection to board failed") as caught:
        SshDevice(board.document(port=1)).__enter__()
    assert "refused" in caught.value.why


def test_connection_is_shared_and_closed(board) -> None:
    with SshDevice(board.document()) as device:
        device.run(["true"], timeout_s=30.0)
        sockets = subprocess.run(
            ["pgrep", "-fc", r"ssh: .*\[mux\]"], capture_output=True, check=False
        )
        assert int(sockets.stdout) >= 1


def test_working_folder_that_cannot_be_made_is_told(board) -> None:
    with pytest.raises(DeviceError, match="cannot be made on board") as caught:
        SshDevice(board.document(work_dir="/proc/edgebench")).__enter__()
    assert "work_dir" in caught.value.remedy


def test_home_may_be_written_short(board) -> None:
    with SshDevice(board.document(work_dir="~/tests/short")) as device:
        assert device.run(["pwd"], timeout_s=30.0).stdout.strip() == "/home/pi/tests/short"
        device.run(["rm", "-rf", "/home/pi/tests/short"], timeout_s=30.0)


def test_ssh_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    document = DeviceDocument.model_validate(
        {"name": "pi", "transport": {"kind": "ssh", "host": "pi"}}
    )
    with pytest.raises(DeviceError, match="ssh is not installed here"):
        SshDevice(document).__enter__()


@pytest.fixture
def pi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program in the place of ssh that runs what it is given here, with ``first`` and ``last`` around it."""

    def pi(first: str = "", last: str = "", **fields: str) -> SshDevice:
        program = tmp_path / "bin" / "ssh"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            f'#!/bin/sh\nfor command; do :; done\n{first}\nsh -c "$command"\n{last}\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        transport = {"kind": "ssh", "host": "pi"}
        document = {
            "name": "pi",
            "transport": transport,
            "work_dir": str(tmp_path / "work"),
            **fields,
        }
        return SshDevice(DeviceDocument.model_validate(document))

    return pi


def test_what_is_said_after_a_program_s_end_does_no_harm(pi) -> None:
    with pi(last="echo Shared connection closed >&2") as device:
        done = device.run(["sh", "-c", "echo no such disk >&2; exit 3"], timeout_s=10.0)
    assert (done.returncode, done.stderr) == (3, "no such disk\n")


def test_python_may_be_written_from_home(pi, tmp_path: Path) -> None:
    with pi(first=f"export HOME={tmp_path}", python="~/venv/bin/python") as device:
        assert device.python == f"{tmp_path}/venv/bin/python"


def test_exit_code_over_128_that_is_no_signal_s_is_an_exit_code(pi) -> None:
    with pi() as device:
        assert device.run(["sh", "-c", "exit 255"], timeout_s=10.0).returncode == 255
        assert device.run(["sh", "-c", "kill -TERM $$"], timeout_s=10.0).returncode == -15


def test_upload_is_copied_once_and_again_where_a_part_is_left(pi, tmp_path: Path) -> None:
    with pi() as device:
        for content, kept in ((b"", b""), (b"whole", b"whole"), (b"other", b"whole")):
            (tmp_path / "model").write_bytes(content)
            device.push(tmp_path / "model", "uploads/0123/model")
            device.pull("uploads/0123/model", tmp_path / "back")
            assert (tmp_path / "back").read_bytes() == kept


def test_device_that_does_not_answer_in_time_may_be_asked_again(
    pi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model").write_bytes(b"model")
    device = pi()
    with device:
        pi(first="exec sleep 5")
        monkeypatch.setattr("edgebench.devices.ssh.ANSWER_S", 0.2)
        with pytest.raises(LinkLostError, match=r"pi did not answer within 0\.2"):
            device.push(tmp_path / "model", "model")
        pi()


def test_program_s_own_complaint_is_not_taken_for_ssh_s(pi) -> None:
    device = pi()
    with device:
        pi(first="echo cat: /proc/secret: Permission denied >&2; exit 255")
        with pytest.raises(LinkLostError, match="connection to pi failed"):
            device.run(["true"], timeout_s=10.0)
        pi(first="echo 'pi@pi: Permission denied (publickey).' >&2; exit 255")
        with pytest.raises(DeviceError, match="does not let us in") as caught:
            device.run(["true"], timeout_s=10.0)
        assert not isinstance(caught.value, LinkLostError)


def test_changed_key_is_forgotten_by_the_name_that_ssh_knows_it_by(pi) -> None:
    said = "REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key for [10.0.0.9]:2222 has changed and you have asked"
    with pytest.raises(DeviceError, match="not the one that is known") as caught:
        pi(first=f"echo '{said}' >&2; exit 255").__enter__()
    assert "ssh-keygen -R '[10.0.0.9]:2222'" in caught.value.remedy


def wait_for(condition, time_s: float = 20.0) -> None:
    end_s = time.monotonic() + time_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.2)
