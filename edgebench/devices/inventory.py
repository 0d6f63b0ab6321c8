"""Device names and files: which device a user means, and opening it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgebench.devices.adb import AdbDevice
from edgebench.devices.base import Device
from edgebench.devices.document import DeviceDocument, Transport
from edgebench.devices.local import LocalDevice
from edgebench.documents import load_document
from edgebench.errors import UnavailableError, UnknownNameError

LOCAL = DeviceDocument(name="local", transport=Transport(kind="local"))
USER_DIR = Path("devices")
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """A device that can be named; ``path`` is None for the built-in one."""

    document: DeviceDocument
    path: Path | None


def shipped_devices_dir() -> Path:
    """Return the folder of the device files that come with edgebench."""
    package = Path(__file__).resolve().parent.parent
    beside = package.parent / "devices"
    return beside if beside.is_dir() else package / "_data" / "devices"


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
        UnavailableError: Its transport is not one this version can use.
    """
    document = find_device(device) if isinstance(device, str) else device
    if document.transport.kind == "local":
        return LocalDevice(document)
    if document.transport.kind == "adb":
        return AdbDevice(document)
    raise UnavailableError(
        f"{document.name} is reached by {document.transport.kind}, which this version cannot use",
        remedy="use a device whose transport is local or adb",
    )


def _device_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
