from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgebench.profiling.check import ASSETS


@pytest.fixture
def tiny_tflite() -> Path:
    return ASSETS / "tiny.tflite"


@pytest.fixture
def tiny_onnx() -> Path:
    return ASSETS / "tiny.onnx"


@pytest.fixture
def mlperf_tiny() -> Path:
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("EDGEBENCH_DATA", beside)) / "mlperf_tiny"
    if not folder.is_dir():
        pytest.skip(f"the MLPerf Tiny models are not at {folder}; set EDGEBENCH_DATA")
    return folder
