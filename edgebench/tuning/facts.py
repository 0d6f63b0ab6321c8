"""What a run records about where it ran."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata

from edgebench import plugins
from edgebench.datasets import DATASETS
from edgebench.records import Suite
from edgebench.suites import ORACLES
from edgebench.templates import TEMPLATES, chosen_backend

RECORDED_PACKAGES = (
    "edgebench",
    "tensorflow",
    "keras",
    "keras-tuner",
    "optuna",
    "numpy",
    "tflite-runtime",
    "ai-edge-litert",
    "onnxruntime",
    "onnx",
    "tf2onnx",
)


def versions(also: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of Python and of the packages that shape results, the Keras backend's and those ``also`` asked
    for among them; absent ones are left out."""
    found = {"python": platform.python_version()}
    for package in dict.fromkeys((*RECORDED_PACKAGES, chosen_backend(), *also)):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def plugins_of(suite: Suite) -> list[str]:
    """Return the distributions whose plugins a suite names."""
    named = (
        ("templates", suite.template, TEMPLATES),
        ("templates", suite.baseline, TEMPLATES),
        ("datasets", suite.data.name, DATASETS),
        ("oracles", suite.oracle.name, ORACLES),
    )
    found = (plugins.find(kind, name) for kind, name, ours in named if name and name not in ours)
    return [plugin.distribution for plugin in found if plugin]


def host() -> dict[str, str | int | None]:
    """Return stable facts of this machine, without its name or its user's."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
    }


def git_state() -> tuple[str | None, bool | None]:
    """Return (commit, dirty) of the folder that the search was started in, or (None, None) outside git."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None, None
    return commit.strip(), bool(_git("status", "--porcelain", "--untracked-files=no"))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
