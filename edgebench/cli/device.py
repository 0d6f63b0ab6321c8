"""edgebench device: the inventory, and whether a device is ready to measure."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from edgebench.cli import options
from edgebench.cli.screen import out, print_facts, print_json, print_table

app = typer.Typer(help="List devices, or check one.", no_args_is_help=True)


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


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="A device's name or file.")],
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
    from edgebench.devices import open_device
    from edgebench.profiling import check_device

    with open_device(name) as device:
        found = check_device(device)
    document = dataclasses.asdict(found)
    for runtime, shown in zip(found.runtimes, document["runtimes"], strict=True):
        shown["works"] = runtime.works
    return document


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
