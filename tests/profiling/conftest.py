from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgebench.devices import Device, DeviceDocument, LocalDevice, Transport


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def local_document() -> DeviceDocument:
    return DeviceDocument(name="local", transport=Transport(kind="local"))


@pytest.fixture
def device(local_document: DeviceDocument) -> Iterator[Device]:
    with LocalDevice(local_document) as device:
        yield device


@pytest.fixture
def null_model(tmp_path: Path) -> Path:
    path = tmp_path / "model.null"
    path.write_text('{"invoke_us": 300}')
    return path


@pytest.fixture
def mlperf_tiny() -> Path:
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("EDGEBENCH_DATA", beside)) / "mlperf_tiny"
    if not folder.is_dir():
        pytest.skip(f"the MLPerf Tiny models are not at {folder}; set EDGEBENCH_DATA")
    return folder
