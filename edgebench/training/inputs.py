"""The inputs of a network, one array each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebench.datasets import Floats

Inputs = tuple[Floats, ...]


def fed(inputs: Sequence[Any]) -> Any:
    """Return the inputs as a Keras model is called with them: the one, or a list."""
    return inputs[0] if len(inputs) == 1 else list(inputs)
