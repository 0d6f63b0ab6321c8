"""A template for `kills.py`: mlp-auto, which writes a line to a file whenever a training of a candidate begins."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from edgebench.templates.mlp import MLPAuto

VARIABLE = "EDGEBENCH_TRAININGS"


class Line(keras.layers.Layer):
    """Hands its input on. A training traces it once, and so writes one line."""

    candidate = ""

    def call(self, x: Any, training: bool | None = None) -> Any:
        if training:
            line = json.dumps({"candidate": self.candidate, "time_s": time.time()})
            with open(os.environ[VARIABLE], "a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        return x


class Logged(MLPAuto):
    name = "logged"

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        line = Line()
        line.candidate = json.dumps(dict(values), sort_keys=True)
        return super().graph([line(inputs[0])], values)
