"""The commands of OpenSSH that reach a device: ours, and those that its user is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgebench.devices.document import DeviceDocument

# A link on which nothing moves is given up after 15 to 20 s; a connection is shared, and ends 30 s after its last use.
OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "ControlMaster=auto",
    "ControlPersist=30",
    "ClearAllForwardings=yes",
    "RemoteCommand=none",
    "RequestTTY=no",
    "LogLevel=ERROR",
)


def ssh_command(document: DeviceDocument, socket: str) -> list[str]:
    """Return the start of a command that runs something there, over the connection that a socket shares."""
    options = [*OPTIONS, f"ControlPath={socket}"]
    return [*_program(document, options), "-T", _target(document)]


def by_hand(document: DeviceDocument) -> list[str]:
    """Return the command with which a user sees and accepts a host key, or finds out why it fails."""
    return [*_program(document, ["StrictHostKeyChecking=ask"]), _target(document), "true"]


def forgetting(document: DeviceDocument, said: str) -> list[str]:
    """Return the command with which a user forgets the host key that is known, by the name that ssh said it has."""
    transport = document.transport
    found = re.search(r"[Hh]ost key for (\S+) has changed and you", said)
    known = found[1] if found else str(transport.host)
    file = ["-f", transport.known_hosts] if transport.known_hosts else []
    return ["ssh-keygen", "-R", known, *file]


def _program(document: DeviceDocument, options: Sequence[str]) -> list[str]:
    transport = document.transport
    command = ["ssh"]
    if transport.port is not None:
        command += ["-p", str(transport.port)]
    if transport.identity_file is not None:
        command += ["-i", transport.identity_file]
        options = [*options, "IdentitiesOnly=yes"]
    if transport.known_hosts is not None:
        options = [*options, f'UserKnownHostsFile="{transport.known_hosts}"']
    return command + [word for option in options for word in ("-o", option)]


def _target(document: DeviceDocument) -> str:
    transport = document.transport
    return f"{transport.user}@{transport.host}" if transport.user else str(transport.host)
