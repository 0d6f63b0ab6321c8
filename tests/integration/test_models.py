"""The suite of models that ships, on the real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgebench import api
from edgebench.cli import profiled
from edgebench.datasets import CATALOGUE
from edgebench.suites import load_models


def test_the_mlperf_tiny_files_are_profiled_and_scored(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("mlperf_tiny", CATALOGUE["cifar10"].layout.folder):
        if not (data_dir / folder).is_dir():
            pytest.skip(f"{folder} is not in {data_dir}; set EDGEBENCH_DATA")
    monkeypatch.setenv("EDGEBENCH_DATA", str(data_dir))
    prepared = api.prepare_profile("mlperf-tiny", examples=200, blocks=1, block_s=0.1)
    rows = prepared.run()
    files = [Path(model.file).name for model in load_models("mlperf-tiny").models]
    assert [row.measurement.model_name for row in rows] == files
    full, quantised, *words = (row.score for row in rows)
    assert words == [None, None]
    assert full is not None
    assert quantised is not None
    assert min(full.value, quantised.value) > 0.8
    assert quantised.against == files[0]
    assert rows[1].size_bytes < rows[0].size_bytes / 3
    profiled.write(prepared, tmp_path)
    written = json.loads((tmp_path / "profile.json").read_text(encoding="utf-8"))
    assert [row.get("score", {}).get("examples") for row in written["measurements"]] == [
        200, 200, None, None,
    ]  # fmt: skip
    assert str(data_dir) not in (tmp_path / "profile.md").read_text(encoding="utf-8")
