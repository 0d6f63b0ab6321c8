"""Places to run models on, behind one interface."""

from edgebench.devices.base import Completed, Device, DeviceTimeoutError, LinkLostError
from edgebench.devices.document import Budget, Cooling, DeviceDocument, Transport
from edgebench.devices.inventory import DeviceEntry, find_device, list_devices, open_device
from edgebench.devices.local import LocalDevice
from edgebench.devices.ssh import SshDevice
from edgebench.devices.uploads import sha256_of, upload

__all__ = [
    "Budget",
    "Completed",
    "Cooling",
    "Device",
    "DeviceDocument",
    "DeviceEntry",
    "DeviceTimeoutError",
    "LinkLostError",
    "LocalDevice",
    "SshDevice",
    "Transport",
    "find_device",
    "list_devices",
    "open_device",
    "sha256_of",
    "upload",
]
