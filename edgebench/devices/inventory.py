"""Device names and files: which device a user means, and opening it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgebench import plugins, shipped
from edgebench.devices.adb import AdbDevice
from edgebench.devices.adb_scan import scan_adb
from edgebench.devices.addresses import configured_hosts, document_of
from edgebench.devices.base import Device
from edgebench.devices.document import DeviceDocument, Transport
from edgebench.devices.local import LocalDevice
from edgebench.devices.ssh import SshDevice
from edgebench.documents import load_document
from edgebench.errors import DeviceError, InputError, UnknownNameError

LOCAL = DeviceDocument(name="local", transport=Transport(kind="local"))
USER_DIR = Path("devices")
SUFFIXES = (".yaml", ".yml")
HOST = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
COMMENTED = """\

# python: /usr/bin/python3      # the interpreter whose runtimes are measured; default: python3
# work_dir: ~/.cache/edgebench  # where the agent and the models are put; default: this
# cores: [2, 3]                 # what measuring is pinned to; default: the quietest cores, by a short trial
# runtimes: [litert, ort]       # what may be used; default: all that import
# cooling: {max_start_c: 60, wait_s: 120}
# budget: {peak_rss_mb: 512, timeout_s: 120, reconnect_s: 60}
# rank_by: p50                  # or floor; default: floor on a virtual machine
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """A device that can be named; ``path`` is None for the built-in one."""

    document: DeviceDocument
    path: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A device that could be added, under that name; ``known_as`` is the one that reaches it already."""

    name: str
    address: str
    state: str
    known_as: str | None = None


def shipped_devices_dir() -> Path:
    """Return the folder of the device files that come with edgebench."""
    return shipped.shipped_dir("devices")


def list_devices() -> list[DeviceEntry]:
    """Return every device by name: ./devices before the shipped ones, before the built-in ``local``."""
    entries = {"local": DeviceEntry(document=LOCAL, path=None)}
    for folder in (shipped_devices_dir(), USER_DIR):
        for path in _device_files(folder):
            document = load_document(path, DeviceDocument)
            entries[document.name] = DeviceEntry(document=document, path=path)
    return sorted(entries.values(), key=lambda entry: entry.document.name)


def find_device(name: str) -> DeviceDocument:
    """Return the device that a name, or the path of a device file, stands for.

    Raises:
        UnknownNameError: No device is called so.
        InputError: The device file is missing or wrong.
    """
    if name.endswith(SUFFIXES) or "/" in name:
        return load_document(name, DeviceDocument)
    if name == LOCAL.name and not (USER_DIR / "local.yaml").is_file():
        return LOCAL
    entries = {entry.document.name: entry.document for entry in list_devices()}
    if name not in entries:
        raise UnknownNameError("a device", name, entries)
    return entries[name]


def open_device(device: str | DeviceDocument) -> Device:
    """Return the device of a name, a path or a document, to be used in a ``with`` block.

    Raises:
        InputError: No device is called so, or its transport is a plugin's that cannot be imported.
    """
    document = find_device(device) if isinstance(device, str) else device
    kinds: dict[str, Callable[[DeviceDocument], Device]] = {
        "local": LocalDevice,
        "ssh": SshDevice,
        "adb": AdbDevice,
    }
    kind = document.transport.kind
    if kind in kinds:
        return kinds[kind](document)
    plugin = plugins.find("devices", kind)
    if plugin is None:
        raise UnknownNameError("a transport", kind, (*kinds, *plugins.names("devices")))
    make: Callable[[DeviceDocument], Device] = plugin.load()
    return make(document)


def add_device(document: DeviceDocument) -> Path:
    """Write a device's file into ./devices, with what else it may hold as comments, and return its path.

    Raises:
        InputError: There is one of that name, or the folder cannot be written.
    """
    path = USER_DIR / f"{document.name}.yaml"
    try:
        USER_DIR.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_written(document))
    except FileExistsError:
        raise InputError(
            f"{path} is there already", remedy="edit it, or choose another name"
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be written", why=str(error)) from None
    return path


def scan_devices(config: Path = Path("~/.ssh/config")) -> list[Sighting]:
    """Return the hosts that OpenSSH is configured for, and the devices that adb sees, where it is installed."""
    known = {entry.document.transport: entry.document.name for entry in list_devices()}
    found = [
        (document_of(_plain(host), f"ssh://{host}"), f"ssh://{host}", "configured")
        for host in configured_hosts(config)
        if re.fullmatch(HOST, host)
    ]
    with contextlib.suppress(DeviceError):
        for attached in scan_adb():
            document = attached.document
            found.append((document, f"adb://{document.transport.serial or ''}", attached.state))
    return [
        Sighting(
            name=_plain(document.name),
            address=address,
            state=state,
            known_as=known.get(document.transport),
        )
        for document, address, state in found
    ]


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)


def _written(document: DeviceDocument) -> str:
    transport = document.transport.model_dump(exclude_none=True)
    stated = ", ".join(f"{key}: {json.dumps(value)}" for key, value in transport.items())
    return f"name: {json.dumps(document.name)}\ntransport: {{{stated}}}\n{COMMENTED}"


def _device_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
