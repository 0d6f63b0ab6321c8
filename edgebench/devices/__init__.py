"""Places to run models on, behind one interface."""

from edgebench.devices.adb import AdbDevice
from edgebench.devices.adb_scan import AttachedDevice, scan_adb
from edgebench.devices.base import Completed, Device, DeviceTimeoutError
from edgebench.devices.document import Budget, Cooling, DeviceDocument, Transport
from edgebench.devices.inventory import DeviceEntry, find_device, list_devices, open_device
from edgebench.devices.local import LocalDevice
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
    "LocalDevice",
    "Transport",
    "find_device",
    "list_devices",
    "open_device",
    "scan_adb",
    "sha256_of",
    "upload",
]
