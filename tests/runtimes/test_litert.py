from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgebench.runtimes import InferenceError, Runtime, load_runtime
from edgebench.runtimes.interpreter import read_nodes
from edgebench.testing.runtimes import RuntimeContract


class TestLiteRT(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return load_runtime("litert")

    @pytest.fixture
    def model(self, tiny_tflite: Path) -> Path:
        return tiny_tflite


def test_delegate_is_the_one_that_really_runs(tiny_tflite: Path) -> None:
    litert = load_runtime("litert")
    assert litert.open(str(tiny_tflite), 1, None).delegate == "xnnpack"
    assert litert.open(str(tiny_tflite), 1, "none").delegate == "none"


def test_quantisation_of_a_real_model_is_read(mlperf_tiny: Path) -> None:
    session = load_runtime("litert").open(
        str(mlperf_tiny / "pretrainedResnet_quant.tflite"), 1, None
    )
    (image,), (scores,) = session.inputs, session.outputs
    assert (image.shape, image.dtype, image.scale, image.zero_point) == (
        (1, 32, 32, 3),
        "int8",
        1,
        -128,
    )
    assert (scores.shape, scores.dtype, scores.scale, scores.zero_point) == (
        (1, 10),
        "int8",
        1 / 256,
        -128,
    )


@pytest.mark.parametrize(
    ("file", "runtime", "taken", "left"),
    [
        ("kws_ref_model_float32.tflite", "tflite", 8, 5),
        ("pretrainedResnet.tflite", "tflite", 16, 0),
        ("pretrainedResnet_quant.tflite", "tflite", 0, 16),
        ("kws_ref_model_float32.tflite", "litert", 13, 0),
    ],
)
def test_operations_of_the_delegate_are_counted(
    mlperf_tiny: Path, file: str, runtime: str, taken: int, left: int
) -> None:
    """tflite's own log says so: "Replacing 8 out of 13 node(s) with delegate", "16 out of 16", nothing."""
    pytest.importorskip({"tflite": "tflite_runtime", "litert": "ai_edge_litert"}[runtime])
    session = load_runtime(runtime).open(str(mlperf_tiny / file), 1, None)
    assert (session.delegated_ops, session.other_ops) == (taken, left)
    assert session.delegate == ("xnnpack" if taken else "none")
    assert session.accelerator == "cpu"
    plain = load_runtime(runtime).open(str(mlperf_tiny / file), 1, "none")
    assert (plain.delegated_ops, plain.other_ops) == (0, taken + left)


def test_delegate_that_takes_nothing_is_an_error_where_it_was_asked_for(mlperf_tiny: Path) -> None:
    pytest.importorskip("tflite_runtime")
    model = str(mlperf_tiny / "pretrainedResnet_quant.tflite")
    with pytest.raises(InferenceError, match="xnnpack takes none of the model's 16") as caught:
        load_runtime("tflite").open(model, 1, "xnnpack")
    assert caught.value.kind == "delegate_missing"


def test_operations_are_listed_without_times(tiny_tflite: Path) -> None:
    (op,) = load_runtime("litert").ops(str(tiny_tflite), 1, None, lambda session: session.invoke())
    assert (op.type, op.ns, op.delegated) == ("FULLY_CONNECTED", None, True)


def test_only_what_lies_inside_a_delegated_part_is_delegated() -> None:
    """Of a chain 0-A-1-B-2-C-3 with a side D off tensor 1, a delegate takes B and C."""

    def node(index: int, name: str, inputs: list[int], outputs: list[int]) -> dict[str, Any]:
        return {"index": index, "op_name": name, "inputs": inputs, "outputs": outputs}

    chain = [
        node(0, "A", [0, 9], [1]), node(1, "B", [1, 8], [2]), node(2, "C", [2, -1], [3]),
        node(3, "D", [1], [4]), node(4, "DELEGATE", [1, 8], [3]),
    ]  # fmt: skip
    assert [(op.type, op.delegated) for op in read_nodes(chain)] == [
        ("A", False), ("B", True), ("C", True), ("D", False),
    ]  # fmt: skip
