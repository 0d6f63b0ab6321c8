"""The exporters that are built in do what those of plugins must."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from edgebench.testing.exporters import ExporterContract

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class TestTFLite(ExporterContract):
    name = "tflite-fp32"
    runtime = "litert"


class TestTFLiteInt8(ExporterContract):
    name = "tflite-int8"
    runtime = "litert"
    tolerance = 0.05


class TestOnnx(ExporterContract):
    name = "onnx-fp32"
    runtime = "ort"


class TestKeras(ExporterContract):
    name = "keras-fp32"

    def answers(self, path, examples):
        """In this process the threads of Keras's runtime are given already."""
        return [keras.models.load_model(path).predict_on_batch(examples[0])]

    def test_an_input_without_a_name_is_no_matter(self, tmp_path):
        image = keras.Input((8, 8, 3))
        model = keras.Model(image, keras.layers.Dense(4)(keras.layers.Flatten()(image)))
        kept = keras.models.load_model(self.export(model, tmp_path).path)
        np.testing.assert_array_equal(kept.get_weights()[0], model.get_weights()[0])
