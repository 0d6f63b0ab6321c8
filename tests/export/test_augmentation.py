"""Layers that change pictures at random in training: no file draws at random, and .keras files have none of them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from edgebench.errors import WorkError
from edgebench.export import Exporter, files, read_facts
from edgebench.export.keras_file import is_augmentation, without_augmentation
from edgebench.records import ExportTarget, Format
from edgebench.runtimes import choose_runtime, run_examples
from edgebench.suites import EXPORTED_NOW

layers = keras.layers
AUGMENTATIONS = (
    layers.RandomFlip,
    lambda: layers.RandomRotation(0.2),
    lambda: layers.RandomZoom(0.2),
    lambda: layers.RandomContrast(0.2),
    lambda: layers.RandomBrightness(0.2, value_range=(0, 1)),
    lambda: layers.RandomTranslation(0.1, 0.1),
    lambda: layers.RandomErasing(value_range=(0, 1)),
)


def augmented() -> keras.Model:
    x = door = keras.Input((16, 16, 3), name="picture")
    for make in AUGMENTATIONS:
        x = make()(x)
    x = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)], name="inner")(x)
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="conv")(x)
    x = layers.GaussianNoise(0.3)(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return keras.Model(door, layers.Dense(3, activation="softmax", name="scores")(x))


def stacked() -> keras.Model:
    head = [layers.RandomFlip(), layers.RandomCrop(12, 12)]
    tail = [layers.Conv2D(4, 3, name="conv"), layers.GlobalAveragePooling2D()]
    return keras.Sequential([keras.Input((16, 16, 3), name="picture"), *head, *tail])


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).random((8, 16, 16, 3), dtype=np.float32)


@pytest.mark.parametrize("make", [augmented, stacked])
@pytest.mark.parametrize("text", EXPORTED_NOW)
def test_no_file_draws_at_random(text, make, pictures, tmp_path) -> None:
    keras.utils.set_random_seed(0)
    model, target = make(), ExportTarget.parse(text)
    expected = model.predict(pictures, verbose=0)
    file = Exporter(model).export(target, tmp_path, pictures)
    ops = read_facts(file.path).ops
    assert ops
    assert not [op for op in ops if "random" in op.lower() and "RandomCrop" not in op]
    if target.format is Format.KERAS:
        found = keras.saving.load_model(file.path, safe_mode=True).predict(pictures, verbose=0)
    else:
        session = choose_runtime(file.path).open(file.path, 1, None)
        (found,) = run_examples(session, [pictures])
    assert np.abs(found - expected).max() < (1e-5 if text.endswith("fp32") else 0.1)


def test_what_cuts_in_inference_too_stays() -> None:
    kept = [type(layer).__name__ for layer in without_augmentation(stacked()).layers]
    assert kept == ["RandomCrop", "Conv2D", "GlobalAveragePooling2D"]
    kept = [type(layer).__name__ for layer in without_augmentation(augmented()).layers]
    assert kept == ["InputLayer", "Conv2D", "GaussianNoise", "Flatten", "Dropout", "Dense"]


@pytest.mark.parametrize(
    ("layer", "is_one"),
    [(make(), True) for make in AUGMENTATIONS]
    + [
        (layers.Rescaling(2.0), False),
        (layers.CenterCrop(2, 2), False),
        (layers.Dropout(0.5), False),
        (keras.Sequential([layers.RandomFlip(), layers.RandomZoom(0.1)]), True),
        (keras.Sequential([layers.RandomFlip(), layers.Rescaling(2.0)]), False),
        (keras.Sequential([]), False),
    ],
    ids=lambda given: getattr(given, "name", None),
)
def test_augmentation_is_told_from_the_rest(layer, is_one) -> None:
    assert is_augmentation(layer) is is_one


def test_a_file_that_draws_is_refused(pictures, tmp_path, monkeypatch) -> None:
    import tensorflow as tf

    def drawing(exporter, precision, examples):
        del precision, examples
        weights = exporter.model.get_layer("conv").kernel.numpy()

        def call(x):
            noisy = x + tf.random.uniform((1, 16, 16, 3))
            return tf.nn.conv2d(noisy, weights, 2, "VALID")

        function = tf.function(call, autograph=False).get_concrete_function(
            tf.TensorSpec((1, 16, 16, 3), tf.float32)
        )
        return tf.lite.TFLiteConverter.from_concrete_functions([function], function).convert()

    small = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(8, 3, name="conv")])
    monkeypatch.setattr(files, "CONVERTERS", {Format.TFLITE: drawing})
    with pytest.raises(WorkError) as caught:
        Exporter(small).export(ExportTarget.parse("tflite-fp32"), tmp_path)
    assert "draws at random" in caught.value.why
