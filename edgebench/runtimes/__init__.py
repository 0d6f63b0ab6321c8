"""Programs that run model files, behind one interface. Importing this imports none of them."""

from edgebench.runtimes.base import InferenceError, Op, Runtime, Session, TensorSpec
from edgebench.runtimes.examples import run_examples
from edgebench.runtimes.registry import (
    DISTRIBUTIONS,
    FORMATS,
    RUNTIMES,
    choose_runtime,
    delegate_name,
    load_runtime,
)

__all__ = [
    "DISTRIBUTIONS",
    "FORMATS",
    "RUNTIMES",
    "InferenceError",
    "Op",
    "Runtime",
    "Session",
    "TensorSpec",
    "choose_runtime",
    "delegate_name",
    "load_runtime",
    "run_examples",
]
