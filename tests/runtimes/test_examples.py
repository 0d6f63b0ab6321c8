from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgebench.profiling.check import ASSETS
from edgebench.runtimes import InferenceError, TensorSpec, load_runtime, run_examples

Array = npt.NDArray[Any]


class Doubler:
    """An int8 model that doubles its quantised input; it notes what it was given."""

    delegate = None
    inputs = (TensorSpec("x", (1, 2), "int8", scale=0.5, zero_point=-10),)
    outputs = (TensorSpec("y", (1, 2), "int16", scale=0.25, zero_point=3),)

    def __init__(self) -> None:
        self.given: list[Array] = []

    def set_inputs(self, arrays: Sequence[Array]) -> None:
        self.given.append(arrays[0].copy())

    def invoke(self) -> None:
        return None

    def get_outputs(self) -> list[Array]:
        return [self.given[-1].astype(np.int16) * 2]


def test_floats_are_quantised_and_dequantised() -> None:
    session = Doubler()
    examples = np.array([[0.0, 1.0], [0.76, -1000.0], [1000.0, 0.2]], np.float32)
    (outputs,) = run_examples(session, [examples])
    given = np.concatenate(session.given)
    assert given.dtype == np.int8
    np.testing.assert_array_equal(given, [[-10, -8], [-8, -128], [127, -10]])
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, (given.astype(np.float32) * 2 - 3) * 0.25)


def test_values_of_the_model_s_own_type_pass_as_they_are() -> None:
    session = Doubler()
    run_examples(session, [np.array([[5, -7]], np.int8)])
    np.testing.assert_array_equal(session.given[0], [[5, -7]])


def test_no_examples_give_empty_outputs() -> None:
    (outputs,) = run_examples(Doubler(), [np.zeros((0, 2), np.float32)])
    assert outputs.shape == (0, 2)


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        [np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32)],
        [np.zeros((3, 4), np.float32)],
        [np.zeros((3, 2), np.complex64)],
        [np.float32(1.0)],
    ],
    ids=["none", "too many", "wrong size", "wrong type", "no examples axis"],
)
def test_inputs_that_do_not_fit_are_refused(inputs: list[Array]) -> None:
    with pytest.raises(InferenceError) as caught:
        run_examples(Doubler(), inputs)
    assert caught.value.kind == "inputs_rejected"


@pytest.mark.parametrize(
    ("name", "package", "model"),
    [
        ("litert", "ai_edge_litert", "tiny.tflite"),
        ("tflite", "tflite_runtime", "tiny.tflite"),
        ("ort", "onnxruntime", "tiny.onnx"),
    ],
)
def test_every_runtime_computes_the_same(name: str, package: str, model: str) -> None:
    """Both tiny models are relu(x W + b) with the weights of tests/assets/make_tiny_models.py."""
    pytest.importorskip(package)
    examples = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    kernel = np.arange(32, dtype=np.float32).reshape(8, 4) / 32 - 0.5
    expected = np.maximum(examples @ kernel + np.linspace(-0.5, 0.5, 4, dtype=np.float32), 0)
    session = load_runtime(name).open(str(ASSETS / model), 1, None)
    (outputs,) = run_examples(session, [examples])
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_the_quantised_resnet_agrees_with_the_float_one(mlperf_tiny: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.float32)
    runtime = load_runtime("litert")
    (exact,) = run_examples(
        runtime.open(str(mlperf_tiny / "pretrainedResnet.tflite"), 1, None), [images]
    )
    (quantised,) = run_examples(
        runtime.open(str(mlperf_tiny / "pretrainedResnet_quant.tflite"), 1, None), [images]
    )
    np.testing.assert_allclose(exact.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(quantised.sum(axis=1), 1.0, atol=0.02)
    np.testing.assert_allclose(exact, quantised, atol=0.3)
