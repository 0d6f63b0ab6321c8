"""Blocks that are documents: each is read by what reads it in earnest."""

from __future__ import annotations

import io
import json
import tomllib
from collections import ChainMap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pages import REPOSITORY, Step
from ruamel.yaml import YAML

from edgebench import suites
from edgebench.devices import DeviceDocument
from edgebench.documents import read_document
from edgebench.gate.margins import read_margins

# What a suite needs, where a page shows only the keys that it speaks of.
NEEDED = {"name": "shown", "template": "squeezenet-se-auto", "data": {"name": "digits"}}
# A template for data of that name, or with that input.
FITTING = {
    "cwfid": "unet-auto",
    "path/to/field": "unet-auto",
    "landmarks": "mlp-auto",
    "depth": "squeezenet-sem-auto",
}


def read_yaml(step: Step, folder: Path) -> None:
    """Read each document of a block: a workflow, a device, margins of a gate, or a suite."""
    for text in _apart(step.text):
        shown = YAML(typ="safe", pure=True).load(text) or {}
        path = folder / "shown.yaml"
        path.write_text(text)
        if "jobs" in shown:
            _require_inputs(shown)
        elif "transport" in shown:
            read_document(path).validate(DeviceDocument)
        elif "benchmarks" in shown:
            read_margins(path)
        elif "models" in shown:
            suites.load_models(str(path))
        else:
            _read_suite(shown, path)


def install_toml(step: Step, folder: Path) -> None:
    """Put what a ``pyproject.toml`` offers where Python finds it, as an installer would."""
    project = tomllib.loads(step.text)["project"]
    info = folder / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    named = f"Name: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{named}")
    offered = io.StringIO()
    for group, entries in project["entry-points"].items():
        offered.write(f"[{group}]\n")
        offered.writelines(f"{name} = {value}\n" for name, value in entries.items())
    (info / "entry_points.txt").write_text(offered.getvalue())


def read_json(step: Step, folder: Path) -> None:
    """Parse it."""
    json.loads(step.text)


DOCUMENTS: dict[str, Callable[[Step, Path], None]] = {
    "yaml": read_yaml,
    "toml": install_toml,
    "json": read_json,
}


def _apart(text: str) -> Iterator[str]:
    """Give a block's documents: where a key stands again, another one begins."""
    lines: list[str] = []
    keys: set[str] = set()
    for line in text.splitlines(keepends=True):
        key = line.partition(":")[0]
        if key in keys and key[0] not in " #":
            yield "".join(lines)
            lines, keys = [], set()
        lines.append(line)
        keys.add(key)
    yield "".join(lines)


def _read_suite(shown: dict[str, Any], path: Path) -> None:
    data = shown.get("data", {})
    words = [data.get("name"), *data.get("inputs", ())]
    fitting = [{"template": FITTING[word]} for word in words if word in FITTING]
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(dict(ChainMap(shown, *fitting, NEEDED)), file)
    suites.load(str(path))


def _require_inputs(workflow: dict[str, Any]) -> None:
    """Fail where a job that calls a workflow of this repository names an input that it has not."""
    for job in workflow["jobs"].values():
        name = job.get("uses", "").partition("@")[0].partition("/.github/")[2]
        called = YAML(typ="safe", pure=True).load((REPOSITORY / ".github" / name).read_text())
        inputs = called["on"]["workflow_call"]["inputs"]
        assert set(job["with"]) <= set(inputs)
        assert {key for key, each in inputs.items() if each.get("required")} <= set(job["with"])
