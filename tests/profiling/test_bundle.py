from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from edgebench.profiling.bundle import build_bundle, bundle_bytes


def test_same_sources_make_the_same_bytes() -> None:
    assert bundle_bytes() == bundle_bytes()


def test_bundle_is_kept_by_its_hash_and_not_written_again(tmp_path: Path) -> None:
    bundle = build_bundle(tmp_path)
    assert bundle.sha256 == hashlib.sha256(bundle.path.read_bytes()).hexdigest()
    assert bundle.path == tmp_path / bundle.sha256 / "agent.pyz"
    written = bundle.path.stat().st_mtime_ns
    assert build_bundle(tmp_path) == bundle
    assert bundle.path.stat().st_mtime_ns == written


def test_damaged_bundle_is_written_again(tmp_path: Path) -> None:
    bundle = build_bundle(tmp_path)
    bundle.path.write_bytes(b"damaged")
    assert build_bundle(tmp_path).path.read_bytes() == bundle_bytes()


def test_only_the_agent_and_what_it_needs_is_inside(tmp_path: Path) -> None:
    names = zipfile.ZipFile(build_bundle(tmp_path).path).namelist()
    assert {n.rpartition("/")[0] for n in names} == {
        "", "edgebench", "edgebench/agent", "edgebench/runtimes",
    }  # fmt: skip
    assert {n for n in names if n.count("/") < 2} == {
        "__main__.py", "edgebench/__init__.py", "edgebench/stats.py",
    }  # fmt: skip


def test_agent_measures_without_any_installed_package(tmp_path: Path, null_model: Path) -> None:
    """-I -S: no site-packages, so no numpy; all edgebench modules come from the one file."""
    bundle = build_bundle(tmp_path)
    job = {"kind": "measure", "model": str(null_model), "runtime": "null", "block_s": 0.02}
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(bundle.path), json.dumps(job)],
        capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert done.stderr == ""
    assert answer["agent"]["sha256"] == bundle.sha256
    assert len(answer["samples_ns"]) >= 64


def test_agent_without_numpy_says_so(tmp_path: Path) -> None:
    job = {"kind": "describe", "runtimes": ["null", "ort"]}
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(build_bundle(tmp_path).path), json.dumps(job)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert answer["numpy"] is None
    assert answer["runtimes"]["null"]["version"] == "1"
    assert answer["runtimes"]["ort"]["kind"] == "runtime_missing"


def test_what_fails_because_the_agents_own_file_went_is_not_the_models_fault(
    tmp_path: Path,
) -> None:
    """As when another file system is put over its folder: nothing more can be imported from it."""
    bundle = build_bundle(tmp_path)
    job = json.dumps({"kind": "measure", "model": "absent.tflite", "runtime": "null"})
    code = (
        f"import os, sys; sys.path[:0] = [{str(bundle.path)!r}]\n"
        "from edgebench.agent import main\n"
        f"os.remove({str(bundle.path)!r})\n"
        f"sys.exit(main.main(['agent', {job!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["error"]["kind"] == "storage"
