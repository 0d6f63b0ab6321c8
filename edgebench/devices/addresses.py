"""Devices that a user may mean but has no file for: those of an address, and the hosts that OpenSSH is configured for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic import ValidationError

from edgebench.devices.document import DeviceDocument
from edgebench.errors import InputError

EXAMPLES = "ssh://pi@raspberrypi.local, ssh://gpu-host:2222 or adb://SERIAL"
MOST_INCLUDED = 64


def document_of(name: str, address: str) -> DeviceDocument:
    """Return the device of an address, ``ssh://[USER@]HOST[:PORT]`` or ``adb://[SERIAL]``, under a name.

    Raises:
        InputError: it is no such address, or holds a password.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("ssh", "adb") or parts.path.strip("/") or parts.query or parts.fragment:
        raise InputError(f"{address} is no address of a device", remedy=f"as {EXAMPLES}")
    if parts.password is not None:
        raise InputError(
            "an address holds no password",
            why="keys and agents are OpenSSH's; a device file keeps no secret",
            remedy="put your key there with ssh-copy-id, and leave the password out",
        )
    try:
        return DeviceDocument.model_validate({"name": name, "transport": _transport(parts)})
    except (ValidationError, ValueError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InputError(
            f"{name} at {address} is no device", why=problem, remedy=f"as {EXAMPLES}"
        ) from None


def configured_hosts(config: Path) -> list[str]:
    """Return the hosts that an OpenSSH configuration names one by one, included files' too, in their order."""
    return list(dict.fromkeys(_hosts(config.expanduser(), config.expanduser().parent, set())))


def _transport(parts: SplitResult) -> dict[str, object]:
    if parts.scheme == "adb":
        serial = parts.netloc
        return {"kind": "adb", **({"serial": serial} if serial else {})}
    # `hostname` is in lower case, which OpenSSH's `Host` lines are not.
    place = parts.netloc.rpartition("@")[2]
    host = place if parts.port is None else place.rpartition(":")[0]
    found = {"host": host.strip("[]") or None, "user": parts.username, "port": parts.port}
    return {"kind": "ssh", **{key: value for key, value in found.items() if value is not None}}


def _hosts(config: Path, folder: Path, seen: set[Path]) -> Iterator[str]:
    if config in seen or len(seen) > MOST_INCLUDED or not config.is_file():
        return
    seen.add(config)
    for line in config.read_text(encoding="utf-8", errors="replace").splitlines():
        word, *values = re.split(r"[\s=]+", line.strip()) or [""]
        if word.lower() == "host":
            yield from (value for value in values if not set(value) & set("*?!"))
        elif word.lower() == "include":
            for pattern in values:
                root = Path(pattern).expanduser()
                place = root if root.is_absolute() else folder / root
                for path in sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor)))):
                    yield from _hosts(path, folder, seen)
