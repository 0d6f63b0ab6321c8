"""The package itself: light to import, its names are there, and its types are told."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata, resources

import pytest

import edgebench

HEAVY = (
    "keras", "keras_tuner", "numpy", "optuna", "pandas", "pydantic", "ruamel", "scipy", "sklearn",
    "tensorflow", "torch",
)  # fmt: skip


def modules_after(code: str) -> set[str]:
    """Return the top-level modules that a fresh process has after a line of code."""
    told = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    return {name.partition(".")[0] for name in json.loads(told.splitlines()[-1])}


@pytest.mark.parametrize(
    "code",
    [
        "import edgebench",
        "import edgebench; edgebench.__version__; dir(edgebench)",
        "from edgebench import EdgebenchError",
    ],
)
def test_the_package_is_light_to_import(code: str) -> None:
    assert modules_after(code).isdisjoint(HEAVY)


def test_records_and_objectives_need_no_framework() -> None:
    code = "import edgebench.objectives, edgebench.store, edgebench.suites, edgebench.datasets"
    loaded = modules_after(code)
    assert loaded.isdisjoint({"keras", "keras_tuner", "tensorflow", "sklearn", "pandas"})
    assert "edgebench" in loaded


@pytest.mark.usefixtures("keras")
def test_every_public_name_is_there() -> None:
    assert list(edgebench.__all__) == sorted(edgebench.__all__)
    for name in edgebench.__all__:
        assert getattr(edgebench, name).__name__ == name


def test_every_public_name_is_listed() -> None:
    assert dir(edgebench) == sorted([*edgebench.__all__, "__version__"])


def test_the_version_is_the_installed_one() -> None:
    assert edgebench.__version__ == metadata.version("edgebench")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'edgebench' has no attribute 'serach'"):
        edgebench.serach  # noqa: B018


def test_types_are_told() -> None:
    assert (resources.files("edgebench") / "py.typed").is_file()
