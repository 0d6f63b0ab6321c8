"""Where the files that come along are, in a checkout and where the package is installed beside others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.shipped import shipped_dir

ROOT = Path(__file__).parents[1]


def test_a_checkout_has_them_beside_the_package() -> None:
    assert shipped_dir("suites") == ROOT / "suites"
    assert shipped_dir("devices") == ROOT / "devices"


@pytest.mark.parametrize("name", ["suites", "devices"])
def test_an_installed_package_has_its_own_whatever_is_beside_it(tmp_path: Path, name: str) -> None:
    package = tmp_path / "edgebench"
    package.mkdir()
    for module in ("__init__.py", "shipped.py"):
        shutil.copy(ROOT / "edgebench" / module, package)
    shutil.copytree(ROOT / name, package / "_data" / name)
    (tmp_path / name).mkdir()  # of another distribution
    code = f"from edgebench.shipped import shipped_dir; print(shipped_dir({name!r}))"
    told = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == str(package / "_data" / name)
