"""The package itself: light to import, its names are there, and its types are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

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


SNIPPET = """\
import edgebench

result = edgebench.search("digits", max_trials=2, progress=False)
best = result.best("val_accuracy", "latency_ms<=1")
page: str = result.report()
trial: int = result.run_id
edgebench.serach
reveal_type(edgebench.compare("a.tflite", "b.tflite").exit_code())
reveal_type(edgebench.load_result("run").pick)
"""


def test_a_type_checker_knows_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "snippet.py"],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(Path(edgebench.__file__).parents[1])},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    told = [line.removeprefix("snippet.py:") for line in done.stdout.splitlines()]
    assert [line.partition(":")[0] for line in told] == ["5", "6", "7", "8", "9"], done.stdout
    assert 'expression has type "Path", variable has type "str"' in told[0]
    assert 'expression has type "str", variable has type "int"' in told[1]
    assert 'maybe "search"?' in told[2]
    assert told[3].endswith('"int"')
    assert told[4].endswith('"typing.Mapping[str, Any] | None"')


def test_types_are_told() -> None:
    assert (resources.files("edgebench") / "py.typed").is_file()
