"""What the project exports is held against its committed files in every test run, but for latency; programs against a commit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.gate import Verdict

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "exports"
    command = [sys.executable, HERE / "exports.py", folder]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_files_are_as_small_and_as_cheap_as_the_committed_ones(exports, tmp_path):
    from edgebench import compare

    margins = tmp_path / "margins.yaml"
    margins.write_text("default: {latency: ignore}\n")
    result = compare(HERE / "baseline", exports, margins=margins)
    assert {check.benchmark for check in result.checks} == {path.name for path in exports.iterdir()}
    assert {check.verdict for check in result.checks} == {Verdict.PASS}, result.checks


@pytest.fixture
def overhead():
    """The benchmark, where this is a clone that has the commit it compares with."""
    sys.path.insert(0, str(HERE))
    try:
        import overhead
    finally:
        sys.path.remove(str(HERE))
    asked = ["git", "cat-file", "-e", f"{overhead.named()}^{{commit}}"]
    if subprocess.run(asked, cwd=HERE, capture_output=True, check=False).returncode:
        pytest.skip("no history here: the commit to compare with is not in this clone")
    return overhead


def test_programs_are_timed_with_the_package_of_the_named_commit(overhead, tmp_path):
    package = overhead.unpack(overhead.named(), tmp_path)
    core = max(os.sched_getaffinity(0))
    assert overhead.block_ns("trial kept", package, core) > 0
