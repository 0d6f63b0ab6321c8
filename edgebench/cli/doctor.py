"""edgebench doctor: what works here, and what to do about what does not."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated, Any

import typer

from edgebench.cli import options
from edgebench.cli.device import checked
from edgebench.cli.screen import out, print_json, print_table
from edgebench.errors import EdgebenchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``remedy`` says what to do where it is not ``ok``."""

    subject: str
    ok: bool
    found: str
    remedy: str = ""


def doctor(
    device: Annotated[
        list[str] | None, typer.Option("--device", help="A device's name or file. Repeat.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Look at this machine and its devices; every finding says what to do."""
    findings = [_python(), _numpy(), *_packages(), _cores()]
    for name in device or ["local"]:
        findings += _device(name)
    if as_json:
        print_json({"schema_version": 1, "findings": [_as_document(f) for f in findings]})
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


def _as_document(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "ok": finding.ok,
        "found": finding.found,
        "remedy": finding.remedy,
    }


def _sentence(finding: Finding) -> str:
    return f"{finding.found}. {finding.remedy}" if finding.remedy else finding.found


def _python() -> Finding:
    return Finding(
        subject="python", ok=True, found=f"{platform.python_version()}, {platform.platform()}"
    )


def _numpy() -> Finding:
    version = metadata.version("numpy")
    is_old_abi = int(version.split(".", maxsplit=1)[0]) < 2
    return Finding(
        subject="numpy ABI",
        ok=is_old_abi,
        found=f"numpy {version}",
        remedy="" if is_old_abi else "tflite-runtime needs numpy < 2: pip install 'numpy<2'",
    )


def _packages() -> list[Finding]:
    needed = {
        "tensorflow": "pip install tensorflow",
        "keras": "pip install keras",
        "keras-tuner": "pip install keras-tuner",
        "onnxruntime": "pip install onnxruntime",
        "ai-edge-litert": "pip install ai-edge-litert",
    }
    extras = {"mediapipe": "edgebench[landmarks]", "ray": "edgebench[ray]"}
    findings = []
    for name, remedy in needed.items():
        version = _version(name)
        findings.append(
            Finding(subject=name, ok=version is not None, found=version or "not installed",
                    remedy="" if version else remedy)
        )  # fmt: skip
    for name, extra in extras.items():
        found = _version(name) or f"not installed; optional: pip install '{extra}'"
        findings.append(Finding(subject=name, ok=True, found=found))
    return findings


def _cores() -> Finding:
    count = os.cpu_count() or 1
    return Finding(
        subject="cores",
        ok=count > 1,
        found=str(count),
        remedy="" if count > 1 else "with one core, searches train one trial at a time",
    )


def _device(name: str) -> list[Finding]:
    try:
        document = checked(name)
    except EdgebenchError as error:
        why = f"{error.message}: {error.why}" if error.why else error.message
        return [Finding(subject=f"device {name}", ok=False, found=why, remedy=error.remedy)]
    info = document["info"]
    governor = document["governor"]
    findings = [
        Finding(
            subject=f"device {name}",
            ok=True,
            found=f"{info['model'] or info['machine']}, {info['system']}",
        ),
        Finding(
            subject=f"{name} governor",
            ok=governor in (None, "performance"),
            found=governor or "not told by this platform",
            remedy=""
            if governor in (None, "performance")
            else "sudo cpupower frequency-set -g performance",
        ),
    ]
    for runtime in document["runtimes"]:
        found = (
            f"{runtime['version']}, null run {runtime['run_ms']:.3f} ms"
            if runtime["works"]
            else str(runtime["problem"])
        )
        findings.append(
            Finding(
                subject=f"{name} {runtime['name']}",
                ok=bool(runtime["works"]),
                found=found,
                remedy=""
                if runtime["works"]
                else "install it for the device's Python, or use another runtime",
            )
        )
    return findings


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
