"""What ``adb devices -l`` tells: which devices are attached, and why one cannot be used."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.devices.document import DeviceDocument, Transport
from edgebench.errors import DeviceError

ADB = "adb"
ANSWER_S = 30.0
READY = "device"
_LINE = re.compile(
    r"(?P<serial>\S+|\(no serial number\))\s+"
    r"(?P<state>device|offline|unauthorized|authorizing|connecting|no permissions|no device|recovery|rescue"
    r"|sideload|bootloader|host|detached|unknown)\b(?P<rest>.*)"
)
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@%-]*")
_MODEL = re.compile(r"\bmodel:(\S+)")
_REMEDIES = {
    "unauthorized": "unlock it and accept the question whether this computer may debug it over USB",
    "authorizing": "unlock it and accept the question whether this computer may debug it over USB",
    "offline": "unplug it and plug it in again, or run `adb reconnect offline`",
    "connecting": "wait a moment and run again",
    "no permissions": "let your user open it: add udev rules for it and join the group plugdev, then `adb kill-server`",
}
_START_ANDROID = "start Android on it, so that `adb devices` calls it `device`"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedDevice:
    """A line of ``adb devices -l``. Only in the state ``device`` can it be used."""

    serial: str
    state: str
    model: str | None = None

    @property
    def document(self) -> DeviceDocument:
        """Return what a device file for it would say; adb shows no serial where it may not read one."""
        if not _SERIAL.fullmatch(self.serial):
            return DeviceDocument(name="unnamed", transport=Transport(kind="adb"))
        return DeviceDocument(name=self.serial, transport=Transport(kind="adb", serial=self.serial))


def scan_adb() -> list[AttachedDevice]:
    """Return the devices that the user's own ``adb`` sees, in whatever state.

    Raises:
        DeviceError: adb is not installed, or does not answer.
    """
    try:
        listed = subprocess.run(
            [ADB, "devices", "-l"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=ANSWER_S,
            check=False,
        )
    except FileNotFoundError:
        raise adb_missing() from None
    except subprocess.TimeoutExpired:
        raise DeviceError(
            f"`adb devices` did not answer within {ANSWER_S:g} s", remedy="run `adb kill-server`"
        ) from None
    if listed.returncode != 0:
        raise DeviceError("`adb devices` failed", why=complaint(listed.stderr))
    return parse_devices(listed.stdout)


def parse_devices(text: str) -> list[AttachedDevice]:
    """Return the devices in what ``adb devices`` printed, with ``-l`` or without."""
    found = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match and not line.startswith("*"):
            model = _MODEL.search(match["rest"])
            found.append(
                AttachedDevice(
                    serial=match["serial"],
                    state=match["state"],
                    model=model[1].replace("_", " ") if model else None,
                )
            )
    return found


def choose(found: Sequence[AttachedDevice], serial: str | None) -> str:
    """Return the serial of the device to use: the one asked for, else the only one.

    Raises:
        DeviceError: It is not there, there are several, or its state forbids its use.
    """
    serials = ", ".join(device.serial for device in found)
    if serial is None and len(found) > 1:
        raise DeviceError(
            f"{len(found)} devices are attached and the device file names none",
            why=f"`adb devices` lists {serials}",
            remedy="set transport: {kind: adb, serial: ...} in the device file",
        )
    chosen = [device for device in found if serial in {None, device.serial}]
    if not chosen:
        connect = f", or run `adb connect {serial}`" if serial and ":" in serial else ""
        raise DeviceError(
            f"{serial} is not attached" if serial else "no Android device is attached",
            why=f"`adb devices` lists {serials}" if found else "`adb devices` lists none",
            remedy=f"plug it in and allow USB debugging in its developer options{connect}",
        )
    device = chosen[0]
    if device.state != READY:
        raise DeviceError(
            f"{device.serial} cannot be used",
            why=f"`adb devices` calls it `{device.state}`",
            remedy=_REMEDIES.get(device.state, _START_ANDROID),
        )
    return device.serial


def adb_missing() -> DeviceError:
    """Return the error of a computer without adb."""
    return DeviceError(
        "the program adb cannot be found",
        why="Android devices are reached by the user's own adb",
        remedy="install Android's platform tools (on Debian the package adb) and put adb on the PATH",
    )


def complaint(text: str) -> str:
    """Return the last error that adb or a shell tells in a text, else its last line; without adb's own prefix."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error: " in line]
    return re.sub(r"^(adb: )?error: ", "", (errors or lines or [""])[-1])
