from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.agent.models import seeded_inputs
from edgebench.runtimes import InferenceError, Runtime, Session, load_runtime
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

    @pytest.mark.parametrize("asked", ["cuda", "CUDA", "CUDAExecutionProvider"])
    def test_absent_provider_is_never_replaced(
        self, runtime: Runtime, model: Path, asked: str
    ) -> None:
        with pytest.raises(
            InferenceError, match=r"has no CUDAExecutionProvider; it has .*CPU"
        ) as caught:
            runtime.open(str(model), 1, asked)
        assert caught.value.kind == "delegate_missing"

    @pytest.mark.parametrize("asked", [None, "cpu", "CPUExecutionProvider"])
    def test_asked_provider_runs_every_node(
        self, runtime: Runtime, model: Path, asked: str | None
    ) -> None:
        session = runtime.open(str(model), 1, asked)
        assert (session.delegate, session.accelerator) == ("CPUExecutionProvider", "cpu")
        assert (session.delegated_ops, session.other_ops) == (2, 0)

    def test_provider_that_starts_but_takes_no_node_is_an_error(
        self, runtime: Runtime, model: Path
    ) -> None:
        if "AzureExecutionProvider" not in sys.modules["onnxruntime"].get_available_providers():
            pytest.skip("this onnxruntime has no provider that starts and takes nothing")
        with pytest.raises(
            InferenceError, match="takes none of the model's 2 nodes; CPU"
        ) as caught:
            runtime.open(str(model), 1, "AzureExecutionProvider")
        assert caught.value.kind == "delegate_missing"

    def test_optimised_nodes_are_timed(self, runtime: Runtime, model: Path) -> None:
        """Of the file's Gemm and Relu the optimiser makes one node."""

        def feed(session: Session) -> None:
            session.set_inputs(seeded_inputs(session.inputs, seed=1))
            for _ in range(6):
                session.invoke()

        (op,) = runtime.ops(str(model), 1, None, feed)
        assert (op.type, op.invokes, op.delegated) == ("FusedGemm", 5, True)
        assert op.ns is not None
        assert 0 <= op.ns < 1e7


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
