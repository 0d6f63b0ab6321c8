"""The ai_edge_litert package: LiteRT, the successor of TensorFlow Lite."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebench.runtimes.interpreter import InterpreterSession, list_ops, open_interpreter

if TYPE_CHECKING:
    from edgebench.runtimes.base import Feed, Op


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

    def ops(self, model_path: str, threads: int, delegate: str | None, feed: Feed) -> Sequence[Op]:
        return list_ops(self.open(model_path, threads, delegate), feed)
