from __future__ import annotations

import time
from pathlib import Path

import pytest

from edgebench.runtimes import Runtime, load_runtime
from edgebench.testing.runtimes import RuntimeContract


class TestNull(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return load_runtime("null")

    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        path = tmp_path / "model.null"
        path.write_text('{"invoke_us": 2000}')
        return path

    def test_invoke_takes_what_the_file_says(self, runtime: Runtime, model: Path) -> None:
        session = runtime.open(str(model), 1, None)
        begin_ns = time.perf_counter_ns()
        session.invoke()
        assert time.perf_counter_ns() - begin_ns >= 2_000_000
