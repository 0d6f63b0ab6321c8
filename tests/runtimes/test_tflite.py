from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.runtimes import Runtime, load_runtime
from edgebench.testing.runtimes import RuntimeContract


class TestTFLite(RuntimeContract):
    @pytest.fixture(autouse=True)
    def _only_where_light(self) -> None:
        pytest.importorskip(
            "tflite_runtime", reason="tf.lite would stand in: it takes long to import"
        )

    @pytest.fixture
    def runtime(self) -> Runtime:
        return load_runtime("tflite")

    @pytest.fixture
    def model(self, tiny_tflite: Path) -> Path:
        return tiny_tflite

    def test_delegate_none_runs_the_plain_kernels(self, runtime: Runtime, model: Path) -> None:
        assert runtime.open(str(model), 1, "none").delegate == "none"
