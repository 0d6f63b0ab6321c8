"""The ai_edge_litert package: LiteRT, the successor of TensorFlow Lite."""

from __future__ import annotations

import importlib

from edgebench.runtimes.interpreter import InterpreterSession, open_interpreter


class LiteRTRuntime:
    """Runs .tflite files with ``ai_edge_litert``."""

    name = "litert"

    def __init__(self) -> None:
        self._module = importlib.import_module("ai_edge_litert.interpreter")
        self._version = importlib.import_module("ai_edge_litert").__version__

    def version(self) -> str:
        return str(self._version)

    def open(self, model_path: str, threads: int, delegate: str | None) -> InterpreterSession:
        return open_interpreter(self._module, self.name, model_path, threads, delegate)
