"""A Keras model to a .keras file that says nothing of when it was made, nor how it was trained."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

DATE = (1980, 1, 1, 0, 0, 0)
METADATA = "metadata.json"


def to_keras(model: Any) -> bytes:
    """Return a .keras file without augmentation, optimizer and times; the same model gives the same bytes."""
    shipped = without_augmentation(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        shipped.save(path)
        return _timeless(path)


def without_augmentation(model: Any) -> Any:
    """Return a copy without layers that change pictures at random in training, and without its optimizer.

    Such a layer passes on what it is given; a network of nothing else goes too. A model of a class of its own is
    returned as it is, for only it knows what its layers are called with.
    """
    import keras

    if isinstance(model, keras.Sequential):
        layers = [_copied(layer) for layer in model.layers if not is_augmentation(layer)]
        doors = [keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name) for t in model.inputs]
        copy = keras.Sequential([*doors, *layers], name=model.name)
    elif type(model) is keras.Model or type(model).__name__ == "Functional":
        compiled, model.compiled = model.compiled, False
        try:
            copy = keras.models.clone_model(model, call_function=_call)
        finally:
            model.compiled = compiled
    else:
        return model
    for layer in copy.layers:
        if layer.weights:  # an input without a name gets another in the copy
            layer.set_weights(model.get_layer(layer.name).get_weights())
    return copy


def is_augmentation(layer: Any) -> bool:
    """Return whether a layer does nothing but change pictures at random in training, or is a network of such layers.

    RandomCrop is none: it cuts what it is given to its size in inference too.
    """
    import keras
    from keras.src.layers.preprocessing.image_preprocessing import base_image_preprocessing_layer

    if isinstance(layer, keras.Model):
        inner = [x for x in layer.layers if not isinstance(x, keras.layers.InputLayer)]
        return bool(inner) and all(map(is_augmentation, inner))
    base = base_image_preprocessing_layer.BaseImagePreprocessingLayer
    return (
        isinstance(layer, base)
        and hasattr(layer, "generator")
        and not isinstance(layer, keras.layers.RandomCrop)
    )


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    return args[0] if is_augmentation(layer) else layer(*args, **kwargs)


def _copied(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _timeless(path: Path) -> bytes:
    """Return a .keras file's bytes with every time in it set to the beginning of 1980."""
    content = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(content, "w") as timeless:
        for name in sorted(source.namelist()):
            entry = source.read(name)
            if name == METADATA:
                said = json.loads(entry) | {"date_saved": "1980-01-01@00:00:00"}
                entry = json.dumps(said, sort_keys=True).encode()
            timeless.writestr(zipfile.ZipInfo(name, DATE), entry)
    return content.getvalue()
