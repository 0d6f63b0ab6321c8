"""Networks of several inputs as files: each input keeps its place, in every precision."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from edgebench.errors import InputError
from edgebench.export import export_model
from edgebench.records import ExportTarget
from edgebench.runtimes import load_runtime, run_examples

SHAPE = (6, 6, 2)


def weighing() -> keras.Model:
    """Return a model that tells its two inputs apart: three times the first's mean, less the second's."""
    first, second = keras.Input(SHAPE, name="input_1"), keras.Input(SHAPE, name="input_2")
    pool = keras.layers.GlobalAveragePooling2D
    scale = keras.layers.Dense(2, use_bias=False, kernel_initializer="ones")
    return keras.Model(
        [first, second],
        keras.layers.Subtract()(
            [keras.layers.Rescaling(3.0)(scale(pool()(first))), pool()(second)]
        ),
    )


@pytest.mark.parametrize(
    ("target", "runtime", "tolerance"),
    [("tflite-fp32", "litert", 1e-5), ("onnx-fp32", "ort", 1e-5), ("tflite-int8", "litert", 0.1)],
)
def test_inputs_keep_their_places(
    target: str, runtime: str, tolerance: float, tmp_path: Path
) -> None:
    model = weighing()
    rng = np.random.default_rng(0)
    inputs = [rng.random((16, *SHAPE), dtype=np.float32) * scale for scale in (1.0, 0.5)]
    file = export_model(model, ExportTarget.parse(target), tmp_path, inputs)
    (outputs,) = run_examples(load_runtime(runtime).open(file.path, 1, None), inputs)
    expected = model.predict_on_batch(inputs)
    np.testing.assert_allclose(outputs, expected, atol=tolerance)
    (swapped,) = run_examples(load_runtime(runtime).open(file.path, 1, None), inputs[::-1])
    assert np.abs(swapped - expected).max() > 1


@pytest.mark.parametrize("nothing", [None, [], [np.zeros((0, *SHAPE), np.float32)] * 2])
def test_calibration_needs_examples(nothing: list[np.ndarray] | None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="int8 needs calibration data"):
        export_model(weighing(), ExportTarget.parse("tflite-int8"), tmp_path, nothing)
