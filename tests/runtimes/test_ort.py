from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.runtimes import InferenceError, Runtime, load_runtime
from edgebench.testing.runtimes import RuntimeContract


class TestOrt(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return load_runtime("ort")

    @pytest.fixture
    def model(self, tiny_onnx: Path) -> Path:
        return tiny_onnx

    def test_open_dimension_is_one(self, runtime: Runtime, model: Path) -> None:
        assert [spec.shape for spec in runtime.open(str(model), 1, None).inputs] == [(1, 8)]

    def test_absent_provider_is_never_replaced(self, runtime: Runtime, model: Path) -> None:
        with pytest.raises(InferenceError, match="has no CUDAExecutionProvider") as caught:
            runtime.open(str(model), 1, "CUDAExecutionProvider")
        assert caught.value.kind == "delegate_missing"

    def test_asked_provider_runs(self, runtime: Runtime, model: Path) -> None:
        session = runtime.open(str(model), 1, "CPUExecutionProvider")
        assert session.delegate == "CPUExecutionProvider"


def test_it_reports_its_use_to_nobody(tmp_path: Path) -> None:
    """The library's telemetry keeps a session file among the temporary ones."""
    start = "from edgebench.runtimes.ort import OrtRuntime; OrtRuntime().version()"
    environment = {
        name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"
    }
    subprocess.run(
        [sys.executable, "-c", start], env={**environment, "TMPDIR": str(tmp_path)}, check=True
    )
    assert list(tmp_path.iterdir()) == []
