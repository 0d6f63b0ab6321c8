from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.runtimes import Runtime, load_runtime
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
