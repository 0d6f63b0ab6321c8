"""Android devices, by the user's own ``adb`` program; Android 7 or later."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shlex
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from edgebench import scratch
from edgebench.devices.adb_scan import ADB, adb_missing, choose, complaint, scan_adb
from edgebench.devices.base import Completed, LinkLostError, returncode_of, took_too_long
from edgebench.devices.document import DeviceDocument
from edgebench.devices.shell_facts import TELL_CPUINFO, told_features
from edgebench.devices.uploads import KEEP_BYTES, KEEP_S, UPLOADS
from edgebench.errors import DeviceError, EdgebenchError, InputError
from edgebench.records import DeviceInfo

WORK_DIR = "/data/local/tmp/edgebench"
PYTHONS = ("python3", "/data/data/com.termux/files/usr/bin/python3")
SHELL_S = 30.0
COPY_S = 60.0
SLOWEST_BYTES_PER_S = 256 * 1024
PARTIAL = ".partial-"
MAX_REMOVED = 500  # of one opening: they are arguments of one command

# The program runs in a session of its own. Its input is nothing, but the connection's end is told there: then a
# watcher ends the whole session, so that nothing goes on where nobody waits for it.
_SESSION = """\
exec 3<&0 </dev/null
(read -r line <&3; kill -9 -$$) >/dev/null 2>&1 &
watcher=$!
"$@" 3<&-
status=$?
kill -9 $watcher 2>/dev/null
exit $status"""

# adb tells a lost connection like a program that went well, so the status is printed as well.
_RUN = """\
cd {folder} || {{ echo '{token}:folder;'; exit; }}
command -v {program} >/dev/null || {{ echo '{token}:program;'; exit; }}
setsid sh -c {session} sh {argv}
echo "{token}:$?;\""""

_FIND_PYTHON = """\
for python; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && { echo "$python"; exit; }
done
exit 0"""

_OUTDATED = """\
date +%s
find uploads -type f -exec stat -c '%Y %s %n' {} +"""

_REMOVE = """\
for file; do
  rm -f "$file"
  rmdir "${file%/*}" 2>/dev/null
done"""

_PREPARE = """\
case $1 in uploads/*)
  [ -f "$1" ] && [ "$(wc -c <"$1")" -eq "$3" ] && touch "$1" && echo there && exit;;
esac
mkdir -p "$2\""""

_COMMIT = """\
[ "$(wc -c <"$1")" -eq "$3" ] && chmod "$4" "$1" && touch "$1" && mv -f "$1" "$2\""""

_DESCRIBE = f"""\
{TELL_CPUINFO}
echo "machine=$(uname -m)"
echo "kernel=$(uname -sr)"
echo "cores=$(nproc)"
while read -r name size unit; do [ "$name" = MemTotal: ] && echo "memory=$size"; done </proc/meminfo
echo "maker=$(getprop ro.product.manufacturer)"
echo "model=$(getprop ro.product.model)"
echo "android=$(getprop ro.build.version.release)"
[ -z "$1" ] || echo "python=$("$1" -c 'import platform; print(platform.python_version())')"
exit 0"""


class AdbDevice:
    """Runs programs through ``adb shell`` and copies files through ``adb push`` and ``adb pull``.

    On the device it needs what Android's own toybox has. A program that the connection loses is ended there.
    A program's exit code over 128 is taken for the signal that a shell means by it.

    Args:
        document: The device file. Without ``serial`` the only attached device is used; without ``python`` one is
            looked for, and `python` is empty where there is none.
    """

    def __init__(self, document: DeviceDocument) -> None:
        self.document = document
        self.python = document.python or ""
        self._work_dir = posixpath.normpath(document.work_dir or WORK_DIR)
        if not self._work_dir.startswith("/"):
            raise InputError(
                f"work_dir of {document.name} must be an absolute path, not {document.work_dir}",
                remedy=f"use a folder such as {WORK_DIR}",
            )
        self._serial = document.transport.serial or ""

    def __enter__(self) -> Self:
        self._serial = choose(scan_adb(), self.document.transport.serial)
        features = self._ask(["features"], SHELL_S)
        if features.returncode != 0:
            raise DeviceError(
                f"{self.document.name} does not answer", why=complaint(features.stderr)
            )
        if "shell_v2" not in features.stdout.split():
            raise DeviceError(
                f"the Android of {self.document.name} is too old",
                why="its adb tells no exit codes; Android 7 and later do",
            )
        made = self._shell('mkdir -p "$1"', f"{self._work_dir}/{UPLOADS}", folder="/")
        if made.returncode != 0:
            raise DeviceError(
                f"the working folder {self._work_dir} cannot be made on {self.document.name}",
                why=complaint(made.stderr),
                remedy="set work_dir in the device file to a folder that `adb shell` may write",
            )
        self._prune()
        if not self.document.python:
            self.python = self._shell(_FIND_PYTHON, *PYTHONS).stdout.strip()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def describe(self) -> DeviceInfo:
        told = self._shell(_DESCRIBE, self.python).stdout
        lines = told.splitlines()
        facts = {key: value for key, _, value in (line.partition("=") for line in lines) if value}
        android, memory = facts.get("android"), facts.get("memory", "")
        kernel = facts.get("kernel", "unknown")
        model = f"{facts.get('maker', '')} {facts.get('model', '')}".strip()
        return DeviceInfo(
            name=self.document.name,
            transport=self.document.transport.kind,
            machine=facts.get("machine", "unknown"),
            system=f"Android {android} ({kernel})" if android else kernel,
            model=model or None,
            cores=int(facts["cores"]) if facts.get("cores", "").isdigit() else None,
            memory_bytes=int(memory) * 1024 if memory.isdigit() else None,
            python=facts.get("python"),
            cpu_features=told_features(told, facts.get("machine", "")),
        )

    def push(self, local: Path, remote: str) -> None:
        if not local.is_file():
            raise InputError(f"{local} does not exist", why="expected a file there")
        target = self._inside(remote)
        folder = posixpath.dirname(target)
        size_bytes = local.stat().st_size
        prepared = self._shell(
            _PREPARE, posixpath.relpath(target, self._work_dir), folder, str(size_bytes)
        )
        if prepared.stdout.strip() == "there":
            return
        if prepared.returncode != 0:
            raise self._not_copied(local, size_bytes, complaint(prepared.stderr))
        partial = f"{folder}/{PARTIAL}{uuid.uuid4().hex}"
        try:
            copied = self._ask(["push", str(local.absolute()), partial], _copy_s(size_bytes))
            if copied.returncode != 0:
                raise self._not_copied(local, size_bytes, complaint(copied.stdout + copied.stderr))
            mode = "755" if os.access(local, os.X_OK) else "644"
            whole = self._shell(_COMMIT, partial, target, str(size_bytes), mode)
            if whole.returncode != 0:
                raise self._not_copied(local, size_bytes, complaint(whole.stderr))
        except BaseException:
            self._forget(partial)
            raise

    def run(self, argv: Sequence[str], timeout_s: float) -> Completed:
        try:
            return self._run(argv, timeout_s, self._work_dir)
        except subprocess.TimeoutExpired:
            raise took_too_long(argv[0], self.document.name, timeout_s) from None

    def pull(self, remote: str, local: Path) -> None:
        source = self._inside(remote)
        size = self._shell('[ -f "$1" ] && wc -c <"$1"', source).stdout.strip()
        if not size.isdigit():
            raise DeviceError(f"{remote} is not on {self.document.name}")
        local.parent.mkdir(parents=True, exist_ok=True)
        with scratch.replacing(local) as partial:
            copied = self._ask(["pull", source, str(partial)], _copy_s(int(size)))
            is_whole = partial.is_file() and partial.stat().st_size == int(size)
            if copied.returncode != 0 or not is_whole:
                self._check_attached()
                raise DeviceError(
                    f"{remote} could not be fetched from {self.document.name}",
                    why=complaint(copied.stdout + copied.stderr) or "a part is missing",
                )

    def _run(self, argv: Sequence[str], timeout_s: float, folder: str) -> Completed:
        program = posixpath.basename(argv[0])
        token = uuid.uuid4().hex
        command = _RUN.format(
            folder=shlex.quote(folder),
            token=token,
            program=shlex.quote(argv[0]),
            session=shlex.quote(_SESSION),
            argv=shlex.join(argv),
        )
        # The device ends the program when this pipe, and with it the connection, is closed.
        reading, writing = os.pipe()
        try:
            ended = self._adb(["shell", "-T", command], timeout_s, stdin=reading)
        finally:
            os.close(reading)
            os.close(writing)
        stdout, _, told = ended.stdout.rpartition(f"{token}:")
        status, is_told, late = told.partition(";\n")
        if not is_told:
            self._check_attached()
            raise LinkLostError(
                f"the connection to {self.document.name} was lost while {program} ran",
                why=complaint(ended.stderr),
                remedy="check the cable or the network, and run again",
            )
        if status == "folder":
            raise DeviceError(
                f"the working folder {folder} is not there on {self.document.name}",
                why=complaint(ended.stderr),
            )
        if status in {"program", "126"}:
            raise DeviceError(
                f"{argv[0]} could not be started on {self.document.name}",
                why=complaint(ended.stderr) or "there is no such program that may be run",
            )
        return Completed(
            returncode=returncode_of(int(status)), stdout=stdout + late, stderr=ended.stderr
        )

    def _shell(self, script: str, *arguments: str, folder: str | None = None) -> Completed:
        """Run one of this module's own scripts; what comes from outside is an argument."""
        try:
            argv = ["sh", "-c", script, "sh", *arguments]
            return self._run(argv, SHELL_S, folder or self._work_dir)
        except subprocess.TimeoutExpired:
            raise self._silent(SHELL_S) from None

    def _ask(self, arguments: Sequence[str], timeout_s: float) -> Completed:
        try:
            return self._adb(arguments, timeout_s)
        except subprocess.TimeoutExpired:
            raise self._silent(timeout_s) from None

    def _adb(
        self, arguments: Sequence[str], timeout_s: float, stdin: int = subprocess.DEVNULL
    ) -> Completed:
        try:
            process = subprocess.Popen(
                [ADB, "-s", self._serial, *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                encoding="utf-8",
                errors="replace",
            )
        except FileNotFoundError:
            raise adb_missing() from None
        except OSError as error:
            raise DeviceError("adb could not be started", why=str(error)) from None
        with process:
            try:
                stdout, stderr = process.communicate(timeout=timeout_s)
            except BaseException:
                process.kill()
                process.wait()
                raise
        return Completed(returncode=process.returncode, stdout=stdout, stderr=stderr)

    def _silent(self, timeout_s: float) -> DeviceError:
        return LinkLostError(
            f"{self.document.name} did not answer within {timeout_s:g} s",
            remedy="check the cable or the network, run `adb reconnect`, and run again",
        )

    def _check_attached(self) -> None:
        """Raise what `adb devices` says where the device, which was there, is not any more."""
        try:
            choose(scan_adb(), self._serial)
        except DeviceError as error:
            raise LinkLostError(error.message, why=error.why, remedy=error.remedy) from None

    def _not_copied(self, local: Path, size_bytes: int, why: str) -> EdgebenchError:
        self._check_attached()
        lines = self._shell("df -Pk .").stdout.splitlines()
        free = lines[-1].split()[3] if lines and len(lines[-1].split()) > 3 else ""
        free_bytes = int(free) * 1024 if free.isdigit() else None
        is_full = free_bytes is not None and free_bytes < size_bytes
        if is_full or "no space" in why.lower():
            there = "" if free_bytes is None else f" and {free_bytes} are free"
            return DeviceError(
                f"{self.document.name} has no space for {local.name}",
                why=f"it takes {size_bytes} bytes{there} at {self._work_dir}",
                remedy="delete files on the device, or set work_dir to where there is space",
            )
        # What the device refuses adb tells as `remote ...`; all else that it says of a copy is of the link.
        kind = (
            LinkLostError if why.startswith("failed to") and "remote " not in why else DeviceError
        )
        return kind(
            f"{local.name} could not be copied to {self.document.name}",
            why=why or "it did not arrive whole",
        )

    def _forget(self, partial: str) -> None:
        with contextlib.suppress(EdgebenchError):  # what is left there goes with a later pruning
            self._shell('rm -f "$1"', partial)

    def _prune(self) -> None:
        """Remove what broken copies left, and the uploads used longest ago past what may be kept."""
        listed = self._shell(_OUTDATED).stdout
        now_s = int(listed.partition("\n")[0])
        found = re.findall(r"^(\d+) (\d+) (.+)$", listed, re.MULTILINE)
        files = sorted((int(used_s), int(size), name) for used_s, size, name in found)
        total_bytes = sum(size for _, size, _ in files)
        outdated = []
        for used_s, size, name in files:
            if now_s - used_s < KEEP_S:
                break
            if total_bytes > KEEP_BYTES or posixpath.basename(name).startswith(PARTIAL):
                outdated.append(name)
                total_bytes -= size
        if outdated:
            self._shell(_REMOVE, *outdated[:MAX_REMOVED])

    def _inside(self, remote: str) -> str:
        path = posixpath.normpath(posixpath.join(self._work_dir, remote))
        if not path.startswith(f"{self._work_dir}/"):
            raise DeviceError(f"{remote} leaves the working folder of {self.document.name}")
        return path


def _copy_s(size_bytes: int) -> float:
    return COPY_S + size_bytes / SLOWEST_BYTES_PER_S
