"""edgebench device: the inventory, and whether a device is ready to measure."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from edgebench.cli import options
from edgebench.cli.screen import Told, out, print_facts, print_json, print_table

app = typer.Typer(help="List, find, add and check devices.", no_args_is_help=True)


@app.command("list")
def list_all(as_json: options.Json = False) -> None:
    """List the devices that can be named."""
    from edgebench.devices import list_devices

    rows = [
        {
            "name": entry.document.name,
            "transport": entry.document.transport.kind,
            "file": None if entry.path is None else str(entry.path),
        }
        for entry in list_devices()
    ]
    if as_json:
        print_json({"schema_version": 1, "devices": rows})
        return
    print_table(
        ("name", "transport", "file"),
        [(str(r["name"]), str(r["transport"]), r["file"] or "built in") for r in rows],
        text=3,
    )


@app.command("show")
def show(
    name: options.DeviceName,
    as_json: options.Json = False,
) -> None:
    """Show what is known of a device without reaching it."""
    from edgebench.devices import find_device

    document = find_device(name).model_dump(mode="json", exclude_none=True)
    if as_json:
        print_json({"schema_version": 1, "device": document})
        return
    print_facts(document)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="ssh://[USER@]HOST[:PORT] or adb://[SERIAL].")
    ],
) -> None:
    """Write devices/NAME.yaml for an address; what else a device file may hold stands in it as a comment."""
    from edgebench.devices import add_device, document_of

    path = add_device(document_of(name, address))
    out().print(f"wrote {path}", markup=False, soft_wrap=True)
    out().print(f"next: edgebench device check {name}", markup=False, soft_wrap=True)


@app.command("scan")
def scan(as_json: options.Json = False) -> None:
    """List what could be added: hosts that OpenSSH is configured for, and devices that adb sees. Nothing is connected to."""
    from edgebench.devices import scan_devices

    found = scan_devices()
    if as_json:
        print_json({"schema_version": 1, "found": [dataclasses.asdict(f) for f in found]})
        return
    if not found:
        out().print("no host in ~/.ssh/config, and no device that adb sees")
        return
    print_table(
        ("name", "address", "state", "add it with"),
        [
            (
                f.name,
                f.address,
                f.state,
                "" if f.known_as else f"edgebench device add {f.name} {f.address}",
            )
            for f in found
        ],
        text=4,
    )


@app.command("check")
def check(
    name: options.DeviceName,
    as_json: options.Json = False,
) -> None:
    """Reach a device and run each of its runtimes once."""
    document = checked(name)
    if as_json:
        print_json({"schema_version": 1, **document})
        return
    print_check(document)


def checked(name: str) -> dict[str, Any]:
    """Return what a device told about itself, as data."""
    from edgebench.devices import find_device, open_device
    from edgebench.profiling import check_device

    document = find_device(name)
    with Told() as told:
        told(f"reaching {name}, and running each of its runtimes once")
        with open_device(document) as device:
            found = check_device(device)
    told_of = dataclasses.asdict(found)
    for runtime, shown in zip(found.runtimes, told_of["runtimes"], strict=True):
        shown["works"] = runtime.works
    return told_of


def print_check(document: dict[str, Any]) -> None:
    """Print what `checked` returned."""
    info = dict(document["info"])
    info.pop("runtimes")
    keys = (
        "affinity",
        "governor",
        "frequency_khz",
        "temperature_c",
        "load_1m",
        "numpy",
        "agent_version",
    )
    print_facts({**info, **{key: document[key] for key in keys}})
    out().print()
    print_table(
        ("runtime", "version", "state", "null run ms"),
        [
            (
                runtime["name"],
                runtime["version"] or "-",
                "works" if runtime["works"] else str(runtime["problem"]),
                "-" if runtime["run_ms"] is None else f"{runtime['run_ms']:.3f}",
            )
            for runtime in document["runtimes"]
        ],
        text=3,
    )
