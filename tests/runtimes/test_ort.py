from __future__ import annotations

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
