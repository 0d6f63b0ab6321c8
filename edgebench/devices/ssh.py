"""A machine behind the user's own OpenSSH: their configuration, keys, agent and jump hosts, and their known hosts.

Every program runs through one `ssh` process, over a connection that they share. What a remote shell gets is quoted, so
nothing of a file name or a device file is ever read as a command. A connection that breaks is told from a program that
failed by a word of our own, which the far side writes after the program's exit code.
"""

from __future__ import annotations

import contextlib
import math
import os
import posixpath
import re
import secrets
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from edgebench import scratch
from edgebench.devices.base import Completed, LinkLostError, returncode_of, took_too_long
from edgebench.devices.document import DeviceDocument
from edgebench.devices.shell_facts import TELL_CPUINFO, told_features
from edgebench.devices.ssh_command import by_hand, forgetting, ssh_command
from edgebench.devices.uploads import UPLOADS
from edgebench.errors import DeviceError, InputError
from edgebench.records import DeviceInfo

LONGEST_SOCKET = 80
WORK_DIR = ".cache/edgebench"
ANSWER_S = 60.0
SLOWEST_BYTES_PER_S = 10_000
GRACE_S = 15.0
ABSENT = 44

# $0 is the word that the exit code follows, $1 the working folder.
_BEGIN = 'mkdir -p -- "$1" && cd -- "$1" || { echo "$0 1" >&2; exit; }; shift; '
_END = 'echo "$0 $?" >&2'
OPEN = (
    f"{_BEGIN}mkdir -p {UPLOADS}; s=$?; "
    f"find {UPLOADS} -type f '(' -mtime +7 -o -name '*.part' -mmin +60 ')' -exec rm -f '{{}}' + 2>/dev/null; "
    f"find {UPLOADS} -mindepth 1 -type d -empty -exec rmdir '{{}}' + 2>/dev/null; "
    'echo "home=$HOME"; echo "timeout=$(command -v timeout)"; echo "$0 $s" >&2'
)
RUN = f'{_BEGIN}"$@"; {_END}'
RUN_FOR = f'{_BEGIN}t=$1; shift; timeout -s KILL "$t" "$@"; {_END}'
HAS = (
    f'{_BEGIN}[ -f "$1" ] && touch -c -- "$1" 2>/dev/null; '
    f'[ -f "$1" ] && [ "$(wc -c <"$1")" -eq "$2" ]; {_END}'
)
PUT = (
    f'{_BEGIN}p="$1.$$.part"; mkdir -p -- "$(dirname -- "$1")" && cat >"$p" '
    '&& [ "$(wc -c <"$p")" -eq "$2" ] && mv -f -- "$p" "$1"; s=$?; '
    '[ $s = 0 ] || rm -f -- "$p"; echo "$0 $s" >&2'
)
GET = f'{_BEGIN}[ -f "$1" ] || {{ echo "$0 {ABSENT}" >&2; exit; }}; cat -- "$1"; {_END}'
FREE = f"{_BEGIN}df -Pk .; {_END}"
BOARD = "/sys/firmware/devicetree/base/model"
FACTS = (
    f'{_BEGIN}echo "machine=$(uname -m)"; echo "system=$(uname -sr)"; '
    'echo "cores=$(getconf _NPROCESSORS_ONLN)"; '
    f"echo \"model=$(tr -d '\\000' <{BOARD} 2>/dev/null)\"; "
    "sed -n 's/^MemTotal: *\\([0-9]*\\) kB/memory_kb=\\1/p' /proc/meminfo 2>/dev/null; "
    f"{TELL_CPUINFO}; "
    f"{_END}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a remote shell did: its output, its last words, and the exit code that it told."""

    code: int
    stdout: bytes
    stderr: str


class SshDevice:
    """Runs programs through ``ssh``. A program that outlives its time, or us, is ended over there too.

    Without ``work_dir`` files go to ``.cache/edgebench`` in the user's home there; those unused for a week are removed.
    """

    def __init__(self, document: DeviceDocument) -> None:
        self.document = document
        self.python = document.python or "python3"
        self._work_dir = _from_home(document.work_dir or WORK_DIR)
        self._command: list[str] = []
        self._has_timeout = False
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._command = ssh_command(self.document, stack.enter_context(_socket()))
            stack.callback(self._disconnect)
            opened = self._ask(OPEN, [], ANSWER_S)
            if opened.code != 0:
                raise DeviceError(
                    f"the working folder {self._work_dir} cannot be made on {self.document.name}",
                    why=_last_line(opened.stderr),
                    remedy="set work_dir in the device file to a folder that may be written",
                )
            told = _told(opened)
            self._has_timeout = bool(told.get("timeout"))
            if self.python.startswith("~/"):
                self.python = told.get("home", "") + self.python[1:]
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def describe(self) -> DeviceInfo:
        answer = self._ask(FACTS, [], ANSWER_S)
        told = _told(answer)
        cores, kilobytes = told.get("cores", ""), told.get("memory_kb", "")
        return DeviceInfo(
            name=self.document.name,
            transport=self.document.transport.kind,
            machine=told.get("machine", ""),
            system=told.get("system", ""),
            model=told.get("model") or None,
            cores=int(cores) if cores.isdigit() else None,
            memory_bytes=int(kilobytes) * 1024 if kilobytes else None,
            cpu_features=told_features(
                answer.stdout.decode("utf-8", "replace"), told.get("machine", "")
            ),
        )

    def push(self, local: Path, remote: str) -> None:
        if not local.is_file():
            raise InputError(f"{local} does not exist", why="expected a file there")
        target, size_bytes = self._inside(remote), local.stat().st_size
        words = [target, str(size_bytes)]
        if remote.startswith(f"{UPLOADS}/") and self._ask(HAS, words, ANSWER_S).code == 0:
            return
        with local.open("rb") as file:
            time_s = ANSWER_S + size_bytes / SLOWEST_BYTES_PER_S
            put = self._ask(PUT, words, time_s, source=file)
        if put.code != 0:
            raise self._not_stored(remote, size_bytes, _last_line(put.stderr))

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        begun = time.monotonic()
        limit = [f"{timeout_s:g}" if timeout_s < 1 else str(math.ceil(timeout_s))]
        script, words = (RUN_FOR, [*limit, *argv]) if self._has_timeout else (RUN, argv)
        late = took_too_long(argv[0], self.document.name, timeout_s)
        try:
            answer = self._tell(script, words, timeout_s + GRACE_S)
        except subprocess.TimeoutExpired:
            raise late from None
        code = returncode_of(answer.code)
        if code == -signal.SIGKILL and time.monotonic() - begun >= timeout_s:
            raise late
        stdout = answer.stdout.decode("utf-8", "replace")
        return Completed(returncode=code, stdout=stdout, stderr=answer.stderr)

    def pull(self, remote: str, local: Path) -> None:
        source = self._inside(remote)
        with scratch.replacing(local) as partial, partial.open("wb") as file:
            time_s = ANSWER_S + self.document.budget.timeout_s
            answer = self._ask(GET, [source], time_s, sink=file)
            if answer.code == ABSENT:
                raise DeviceError(f"{remote} is not on {self.document.name}")
            if answer.code != 0:
                raise DeviceError(
                    f"{remote} cannot be read on {self.document.name}",
                    why=_last_line(answer.stderr),
                )

    def _ask(
        self,
        script: str,
        words: Sequence[str],
        time_s: float,
        *,
        source: IO[bytes] | None = None,
        sink: IO[bytes] | None = None,
    ) -> Answer:
        """Do as `_tell` does, where an answer that does not come in time is the link's fault."""
        try:
            return self._tell(script, words, time_s, source=source, sink=sink)
        except subprocess.TimeoutExpired:
            raise LinkLostError(
                f"{self.document.name} did not answer within {time_s:g} s",
                remedy=f"check that this works: {shlex.join(by_hand(self.document))}",
            ) from None

    def _tell(
        self,
        script: str,
        words: Sequence[str],
        time_s: float,
        *,
        source: IO[bytes] | None = None,
        sink: IO[bytes] | None = None,
    ) -> Answer:
        """Run a script of ours in the remote shell, with words as its arguments.

        Args:
            script: Writes its first argument and its exit code as the last line of its errors.
            words: Reach it as they are.
            time_s: After this our side is ended.
            source: Its standard input; by default one that stays open as long as this process lives.
            sink: Gets its standard output; by default that is returned.

        Raises:
            subprocess.TimeoutExpired: It took longer.
        """
        word = f"edgebench-{secrets.token_hex(8)}"
        remote = shlex.join(["sh", "-c", script, word, self._work_dir, *words])
        with (
            tempfile.TemporaryFile(dir=scratch.own_folder()) as said,
            _held_input(source) as input_,
        ):
            code, stdout = self._run_ssh(remote, time_s, (input_, sink, said))
            said.seek(0)
            errors = said.read().decode("utf-8", "replace")
        told = re.search(rf"{word} (\d+)\n", errors)
        if told is None:
            raise self._link_error(code, errors)
        return Answer(code=int(told[1]), stdout=stdout or b"", stderr=errors[: told.start()])

    def _run_ssh(
        self,
        remote: str,
        time_s: float,
        streams: tuple[IO[bytes] | int, IO[bytes] | None, IO[bytes]],
    ) -> tuple[int, bytes | None]:
        source, sink, said = streams
        try:
            process = subprocess.Popen(
                [*self._command, remote],
                stdin=source,
                stdout=subprocess.PIPE if sink is None else sink,
                stderr=said,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError:
            raise DeviceError(
                "ssh is not installed here", remedy="install the OpenSSH client, then run again"
            ) from None
        try:
            stdout, _ = process.communicate(timeout=time_s)
        except BaseException:
            _end(process)
            raise
        return process.returncode, stdout

    def _not_stored(self, remote: str, size_bytes: int, why: str) -> DeviceError:
        remedy = "check its storage, or set work_dir in the device file to another folder"
        if "No space left" in why or "quota" in why.lower():
            with contextlib.suppress(DeviceError):
                free = self._ask(FREE, [], ANSWER_S).stdout.decode("utf-8", "replace")
                why = f"{why}; df says: {_last_line(free)}"
            remedy = "free some space there, or set work_dir in the device file to another folder"
        name = posixpath.basename(remote)
        return DeviceError(
            f"{name} ({size_bytes} bytes) could not be put on {self.document.name}",
            why=why or "it came through in part",
            remedy=remedy,
        )

    def _link_error(self, code: int, said: str) -> DeviceError:
        """Return what ssh itself failed of."""
        name, command = self.document.name, shlex.join(by_hand(self.document))
        if "HOST IDENTIFICATION HAS CHANGED" in said:
            return DeviceError(
                f"the host key of {name} is not the one that is known",
                why="another machine answers in its place, or it was installed anew; nothing was sent",
                remedy=f"if it was installed anew: {shlex.join(forgetting(self.document, said))}",
            )
        if "Host key verification failed" in said or "host key is known for" in said:
            return DeviceError(
                f"the host key of {name} is not known; nothing was sent",
                why=_last_line(said),
                remedy=f"compare its fingerprint and accept it once: {command}",
            )
        if (
            "Permission denied (" in said
        ):  # ssh's own; a program's, whose link broke, has no methods after it
            return DeviceError(
                f"{name} does not let us in",
                why=_last_line(said),
                remedy=f"load your key with ssh-add, or put it there with ssh-copy-id, until this works: {command}",
            )
        why = _last_line(said) or f"ssh ended with {code}"
        return LinkLostError(
            f"the connection to {name} failed", why=why, remedy=f"check that this works: {command}"
        )

    def _disconnect(self) -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                [*self._command[:-1], "-O", "exit", self._command[-1]],
                capture_output=True,
                timeout=5.0,
                check=False,
            )

    def _inside(self, remote: str) -> str:
        path = posixpath.normpath(remote)
        if path.startswith(("/", "..")):
            raise DeviceError(f"{remote} leaves the working folder of {self.document.name}")
        return path


@contextlib.contextmanager
def _socket() -> Iterator[str]:
    """Give a path for the socket of a connection, in a folder of ours; a socket's path may not be long."""
    folder = scratch.own_folder()
    roots = (folder, Path("/tmp"))  # noqa: S108  a folder that nobody else can enter is made in it
    root = next(root for root in roots if len(str(root)) < LONGEST_SOCKET - 16 or root != folder)
    with tempfile.TemporaryDirectory(prefix="s", dir=root, ignore_cleanup_errors=True) as own:
        yield str(Path(own) / "s")


@contextlib.contextmanager
def _held_input(source: IO[bytes] | None) -> Iterator[IO[bytes] | int]:
    """Give a standard input: the file, else a pipe that says nothing and breaks when this process is gone."""
    if source is not None:
        yield source
        return
    reader, writer = os.pipe()
    try:
        yield reader
    finally:
        os.close(reader)
        os.close(writer)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def _from_home(path: str) -> str:
    """Return a remote path that may begin with ``~``: a login begins at home."""
    return path.removeprefix("~").lstrip("/") or "." if path.startswith("~") else path


def _told(answer: Answer) -> dict[str, str]:
    """Return the facts that a script printed, one ``key=value`` a line."""
    lines = answer.stdout.decode("utf-8", "replace").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
