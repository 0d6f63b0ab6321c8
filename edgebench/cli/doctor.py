"""edgebench doctor: what works here, and what to do about what does not."""

from __future__ import annotations

import dataclasses
import os
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Annotated

import typer

from edgebench.cli import options
from edgebench.cli.plugged import PluginState, look_at_plugins
from edgebench.cli.screen import Told, out, print_json, print_table
from edgebench.errors import EdgebenchError
from edgebench.plugins import KINDS

if TYPE_CHECKING:
    from edgebench.profiling import Finding


def doctor(
    device: options.Devices = None,
    all_devices: Annotated[
        bool, typer.Option("--all-devices", help="Look at every device of ./devices.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Look at this machine and its devices; every finding says what to do."""
    findings = [_python(), *_packages(), _cores()]
    states = list(look_at_plugins())
    findings += map(_plugin, states)
    for name in _names(device or [], all_devices):
        findings += _device(name)
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "findings": [dataclasses.asdict(f) for f in findings],
                "plugins": [state.document() for state in states],
            }
        )
    else:
        print_table(
            ("", "subject", "found"),
            [("ok" if f.ok else "*", f.subject, _sentence(f)) for f in findings],
            text=3,
        )
        bad = sum(not f.ok for f in findings)
        out().print(
            f"\n{bad} finding{'s' if bad != 1 else ''} to look at" if bad else "\nall is well"
        )


def _names(asked: list[str], all_devices: bool) -> list[str]:
    """Return the devices to look at: those asked for, and with ``all_devices`` the files of ./devices too."""
    from edgebench.devices import list_devices
    from edgebench.devices.inventory import USER_DIR

    found = [
        entry.document.name
        for entry in (list_devices() if all_devices else [])
        if entry.path is not None and entry.path.parent.resolve() == USER_DIR.resolve()
    ]
    return list(dict.fromkeys([*asked, *found])) or ["local"]


def _sentence(finding: Finding) -> str:
    return f"{finding.found}. {finding.remedy}" if finding.remedy else finding.found


def _python() -> Finding:
    from edgebench.profiling import Finding

    return Finding(
        subject="python", ok=True, found=f"{platform.python_version()}, {platform.platform()}"
    )


def _packages() -> list[Finding]:
    from edgebench.profiling import Finding

    needed = ("tensorflow", "keras", "keras-tuner", "onnxruntime", "ai-edge-litert")
    extras = {
        "mediapipe": "edgebench[landmarks]",
        "scikit-image": "edgebench[landmarks]",
        "ray": "edgebench[ray]",
    }
    findings = []
    for name in needed:
        version = _version(name)
        findings.append(
            Finding(subject=name, ok=version is not None, found=version or "not installed",
                    remedy="" if version else f"pip install {name}")
        )  # fmt: skip
    for name, extra in extras.items():
        found = _version(name) or f"not installed; optional: pip install '{extra}'"
        findings.append(Finding(subject=name, ok=True, found=found))
    return findings


def _plugin(state: PluginState) -> Finding:
    from edgebench.profiling import Finding

    plugin, problem = state.plugin, state.problem
    return Finding(
        subject=f"{KINDS[plugin.kind]} {plugin.name}",
        ok=not problem,
        found=f"{plugin.source}, {f'cannot be used: {problem}' if problem else 'loads'}",
        remedy=f"update {plugin.distribution}, or uninstall it" if problem else "",
    )


def _cores() -> Finding:
    from edgebench.profiling import Finding

    count = os.cpu_count() or 1
    return Finding(
        subject="cores",
        ok=count > 1,
        found=str(count),
        remedy="" if count > 1 else "with one core, searches train one trial at a time",
    )


def _device(name: str) -> list[Finding]:
    from edgebench.devices import open_device
    from edgebench.profiling import Finding, look_at

    try:
        with Told() as told, open_device(name) as device:
            told(f"looking at {name}, and running each of its runtimes once")
            return look_at(device)
    except EdgebenchError as error:
        why = f"{error.message}: {error.why}" if error.why else error.message
        return [Finding(subject=f"device {name}", ok=False, found=why, remedy=error.remedy)]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
