"""Keras: a .keras file, its forward pass compiled by the backend that the user chose with ``KERAS_BACKEND``."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgebench.runtimes.base import InferenceError, Op, TensorSpec, require_fit, require_model
from edgebench.runtimes.keras_backends import BACKENDS
from edgebench.runtimes.quiet import silenced

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array, Feed
    from edgebench.runtimes.keras_backends import Backend


class KerasSession:
    """A compiled forward pass of batch 1 on a backend's device.

    Opening it compiles it and runs it once on zeros, so the time to open includes the compiler's. Inputs are
    copied to the device in `set_inputs` and outputs back in `get_outputs`; `invoke` ends when the device is done.
    The whole network is compiled for one device, so no operations are counted.
    """

    def __init__(self, backend: Backend, specs: Sequence[TensorSpec], names: Sequence[str]) -> None:
        self._backend = backend
        self.inputs = list(specs)
        self.delegate: str | None = backend.device
        self.accelerator: str | None = backend.accelerator
        self.delegated_ops: int | None = None
        self.other_ops: int | None = None
        self.set_inputs(_zeros(self.inputs))
        self.invoke()
        self.outputs = [
            TensorSpec(name=name, shape=tuple(output.shape), dtype=str(output.dtype))
            for name, output in zip(names, self.get_outputs())  # noqa: B905  Python 3.8
        ]

    def set_inputs(self, arrays: Sequence[Array]) -> None:
        require_fit(arrays, self.inputs)
        self._inputs = [self._backend.place(array) for array in arrays]

    def invoke(self) -> None:
        self._outputs = self._backend.call(self._inputs)
        self._backend.wait(self._outputs)

    def get_outputs(self) -> list[Array]:
        return [self._backend.fetch(output) for output in self._outputs]


class KerasRuntime:
    """Runs .keras files with ``keras``; a delegate is a kind of device of the backend: ``cpu`` or ``gpu``.

    Without a delegate it is the backend's best device. Threads hold for the processor, from the first file that
    is opened in a process on.
    """

    name = "keras"

    def __init__(self) -> None:
        self._keras = importlib.import_module("keras")
        self._backend = str(self._keras.backend.backend())
        if self._backend not in BACKENDS:
            raise ImportError(f"its backend {self._backend} is not one of {', '.join(BACKENDS)}")

    def version(self) -> str:
        backend = importlib.import_module(self._backend)
        return f"{self._keras.__version__} ({self._backend} {backend.__version__})"

    def open(self, model_path: str, threads: int, delegate: str | None) -> KerasSession:
        require_model(model_path, (".keras",), self.name)
        with silenced(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            backend = BACKENDS[self._backend](threads, delegate)
            return self._session(model_path, backend)

    def ops(self, model_path: str, threads: int, delegate: str | None, feed: Feed) -> Sequence[Op]:
        """List the layers without times: once compiled, a network has no borders between layers to time."""
        feed(self.open(model_path, threads, delegate))
        model = self._load(model_path)
        return [
            Op(name=layer.name, type=type(layer).__name__, invokes=1, ns=None, delegated=True)
            for layer in model.layers
            if type(layer).__name__ != "InputLayer"
        ]

    def _session(self, model_path: str, backend: Backend) -> KerasSession:
        place = f"{backend.device}:0"
        with self._keras.device(place):
            model = self._load(model_path)
            specs = [_spec(tensor) for tensor in model.inputs]
            try:
                examples = [backend.place(array) for array in _zeros(specs)]
                backend.compile(self._forward(model, place), model, examples)
                return KerasSession(backend, specs, _output_names(model))
            except Exception as error:  # noqa: BLE001  the backends' errors share no base class
                raise _rejected(model_path, "compiled", error) from None

    def _load(self, model_path: str) -> Any:
        try:
            model = self._keras.saving.load_model(model_path, compile=False, safe_mode=True)
        except Exception as error:  # noqa: BLE001  Keras raises whatever the file's contents make it raise
            raise _rejected(model_path, "opened", error) from None
        if not getattr(model, "inputs", None):
            raise InferenceError(
                "model_rejected",
                f"{os.path.basename(model_path)} does not say what inputs it takes",
            )
        return model

    def _forward(self, model: Any, place: str) -> Any:
        tree = self._keras.tree

        def forward(inputs: Sequence[Any]) -> Sequence[Any]:
            packed = inputs[0] if len(inputs) == 1 else tree.pack_sequence_as(model.input, inputs)
            with self._keras.device(place):
                return list(tree.flatten(model(packed, training=False)))

        return forward


def _spec(tensor: Any) -> TensorSpec:
    shape = tuple(1 if size is None else int(size) for size in tensor.shape)
    return TensorSpec(name=str(tensor.name), shape=(1, *shape[1:]), dtype=str(tensor.dtype))


def _output_names(model: Any) -> list[str]:
    """Return the names of the outputs; a Sequential has none of its own."""
    names = getattr(model, "output_names", None)
    return list(names) if names else [f"output_{i}" for i in range(len(model.outputs))]


def _zeros(specs: Sequence[TensorSpec]) -> list[Array]:
    import numpy as np

    return [np.zeros(spec.shape, spec.dtype) for spec in specs]


def _rejected(model_path: str, what: str, error: Exception) -> InferenceError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return InferenceError(
        "model_rejected", f"{os.path.basename(model_path)} cannot be {what}: {reason}"
    )
