"""Places to run models on, behind one interface."""

from edgebench.devices.adb import AdbDevice
from edgebench.devices.adb_scan import AttachedDevice, scan_adb
from edgebench.devices.addresses import configured_hosts, document_of
from edgebench.devices.base import Completed, Device, DeviceTimeoutError, LinkLostError
from edgebench.devices.document import Budget, Cooling, DeviceDocument, Transport
from edgebench.devices.inventory import (
    DeviceEntry,
    Sighting,
    add_device,
    find_device,
    list_devices,
    open_device,
    scan_devices,
)
from edgebench.devices.local import LocalDevice
from edgebench.devices.ssh import SshDevice
from edgebench.devices.uploads import sha256_of, upload

__all__ = [
    "AdbDevice",
    "AttachedDevice",
    "Budget",
    "Completed",
    "Cooling",
    "Device",
    "DeviceDocument",
    "DeviceEntry",
    "DeviceTimeoutError",
    "LinkLostError",
    "LocalDevice",
    "Sighting",
    "SshDevice",
    "Transport",
    "add_device",
    "configured_hosts",
    "document_of",
    "find_device",
    "list_devices",
    "open_device",
    "scan_adb",
    "scan_devices",
    "sha256_of",
    "upload",
]
