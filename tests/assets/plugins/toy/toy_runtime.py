"""A runtime in one file, which goes to devices: it needs NumPy and edgebench's own runtimes, and nothing else."""

from __future__ import annotations

import zipfile

import numpy as np

from edgebench.runtimes.base import InferenceError, TensorSpec, require_fit, require_model


class ToySession:
    """Dense layers with relu, the last with softmax."""

    delegate = accelerator = delegated_ops = other_ops = None

    def __init__(self, shape, weights):
        self._layers = list(zip(weights[::2], weights[1::2]))  # noqa: B905  Python 3.8
        self.inputs = [TensorSpec(name="image", shape=(1, *shape), dtype="float32")]
        self.outputs = [TensorSpec(name="classes", shape=(1, len(weights[-1])), dtype="float32")]
        self._x = self._y = None

    def set_inputs(self, arrays):
        require_fit(arrays, self.inputs)
        self._x = np.array(arrays[0]).reshape(1, -1)

    def invoke(self):
        x = self._x
        for kernel, bias in self._layers[:-1]:
            x = np.maximum(x @ kernel + bias, 0)
        kernel, bias = self._layers[-1]
        powers = np.exp(x @ kernel + bias)
        self._y = (powers / powers.sum()).astype(np.float32)

    def get_outputs(self):
        return [self._y.copy()]


class ToyRuntime:
    name = "toy-runtime"

    def version(self):
        return "3"

    def open(self, model_path, threads, delegate):
        require_model(model_path, (".toy",), self.name)
        if delegate is not None:
            raise InferenceError("delegate_missing", f"{self.name} has no delegate {delegate}")
        try:
            with np.load(model_path, allow_pickle=False) as file:
                shape, weights = (
                    tuple(map(int, file["shape"])),
                    [file[n] for n in sorted(file.files) if n != "shape"],
                )
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InferenceError("model_rejected", f"{model_path} is no toy: {error}") from None
        return ToySession(shape, weights)

    def ops(self, model_path, threads, delegate, feed):
        feed(self.open(model_path, threads, delegate))
        return []
