"""A runtime that runs nothing: for tests of all that surrounds a runtime. It needs no numpy."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebench.runtimes.base import InferenceError, Op, TensorSpec, require_model

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array, Feed


class NullSession:
    """A model without inputs or outputs that keeps the processor busy for a fixed time."""

    def __init__(self, invoke_ns: int) -> None:
        self.inputs: Sequence[TensorSpec] = []
        self.outputs: Sequence[TensorSpec] = []
        self.delegate: str | None = None
        self.accelerator: str | None = None
        self.delegated_ops: int | None = None
        self.other_ops: int | None = None
        self._invoke_ns = invoke_ns

    def set_inputs(self, arrays: Sequence[Array]) -> None:
        if arrays:
            raise InferenceError("inputs_rejected", "a null model takes no inputs")

    def invoke(self) -> None:
        end_ns = time.perf_counter_ns() + self._invoke_ns
        while time.perf_counter_ns() < end_ns:
            pass

    def get_outputs(self) -> list[Array]:
        return []


class NullRuntime:
    """Opens .null files: a JSON object whose ``invoke_us`` (default 0) is how long one invoke takes."""

    name = "null"

    def version(self) -> str:
        return "1"

    def open(self, model_path: str, threads: int, delegate: str | None) -> NullSession:
        require_model(model_path, (".null",), self.name)
        if delegate is not None:
            raise InferenceError("delegate_missing", f"null has no delegate {delegate}")
        try:
            with open(model_path, encoding="utf-8") as file:
                invoke_us = float(json.load(file).get("invoke_us", 0.0))
        except (ValueError, AttributeError, TypeError) as error:
            raise InferenceError(
                "model_rejected", f"{os.path.basename(model_path)} is not a null model: {error}"
            ) from None
        return NullSession(int(invoke_us * 1000))

    def ops(self, model_path: str, threads: int, delegate: str | None, feed: Feed) -> Sequence[Op]:
        feed(self.open(model_path, threads, delegate))
        return []
