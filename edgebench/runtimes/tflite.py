"""The tflite_runtime package, else the same interpreter inside TensorFlow."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebench.runtimes.interpreter import InterpreterSession, list_ops, open_interpreter

if TYPE_CHECKING:
    from edgebench.runtimes.base import Feed, Op


class TFLiteRuntime:
    """Runs .tflite files with ``tflite_runtime``, or with ``tf.lite`` where only TensorFlow is installed."""

    name = "tflite"

    def __init__(self) -> None:
        try:
            self._module = importlib.import_module("tflite_runtime.interpreter")
            self._version = importlib.import_module("tflite_runtime").__version__
        except ModuleNotFoundError:
            tensorflow = importlib.import_module("tensorflow")
            self._module = importlib.import_module("tensorflow.lite.python.interpreter")
            self._version = f"{tensorflow.__version__} (tensorflow)"

    def version(self) -> str:
        return str(self._version)

    def open(self, model_path: str, threads: int, delegate: str | None) -> InterpreterSession:
        return open_interpreter(self._module, self.name, model_path, threads, delegate)

    def ops(self, model_path: str, threads: int, delegate: str | None, feed: Feed) -> Sequence[Op]:
        return list_ops(self.open(model_path, threads, delegate), feed)
