"""Which runtimes there are by name, and which one ``auto`` means for a file."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence

from edgebench.runtimes.base import InferenceError, Runtime
from edgebench.runtimes.ort import full_name
from edgebench.runtimes.quiet import silenced

RUNTIMES = {  # of two that read one format, `auto` prefers the first
    "litert": ("edgebench.runtimes.litert", "LiteRTRuntime"),
    "tflite": ("edgebench.runtimes.tflite", "TFLiteRuntime"),
    "ort": ("edgebench.runtimes.ort", "OrtRuntime"),
    "keras": ("edgebench.runtimes.keras_runtime", "KerasRuntime"),
    "null": ("edgebench.runtimes.null", "NullRuntime"),
}
FORMATS = {
    "litert": ".tflite",
    "tflite": ".tflite",
    "ort": ".onnx",
    "keras": ".keras",
    "null": ".null",
}
DISTRIBUTIONS = {
    "litert": "ai-edge-litert",
    "tflite": "tflite-runtime",
    "ort": "onnxruntime",
    "keras": "keras",
}


def load_runtime(name: str) -> Runtime:
    """Import the runtime called ``name``.

    Raises:
        InferenceError: ``runtime_missing`` where it is unknown or not installed, ``runtime_broken`` where its
            import fails otherwise (built for another numpy, for instance).
    """
    if name not in RUNTIMES:
        raise InferenceError(
            "runtime_missing", f"{name} is not a runtime; known: {', '.join(sorted(RUNTIMES))}"
        )
    module, factory = RUNTIMES[name]
    try:
        with silenced():
            runtime: Runtime = getattr(importlib.import_module(module), factory)()
            return runtime
    except ModuleNotFoundError as error:
        raise InferenceError(
            "runtime_missing", f"the runtime {name} is not installed: no module {error.name}"
        ) from None
    except Exception as error:  # noqa: BLE001  a broken native package can raise anything
        raise InferenceError(
            "runtime_broken", f"the runtime {name} does not import: {error}"
        ) from None


def choose_runtime(model_path: str, allowed: Sequence[str] = ()) -> Runtime:
    """Load what ``auto`` means for a file: the first runtime of its format that imports.

    Args:
        model_path: The suffix decides the format.
        allowed: Runtime names to choose among; all where empty.

    Raises:
        InferenceError: ``format_mismatch`` for an unknown suffix, else that of the last runtime tried.
    """
    suffix = os.path.splitext(model_path)[1].lower()
    readers = [name for name in RUNTIMES if FORMATS[name] == suffix]
    names = [name for name in readers if not allowed or name in allowed]
    if not names:
        among = f" among {', '.join(allowed)}" if allowed else ""
        raise InferenceError("format_mismatch", f"no runtime{among} reads {suffix or 'such'} files")
    for name in names[:-1]:
        try:
            return load_runtime(name)
        except InferenceError:
            continue
    return load_runtime(names[-1])


def delegate_name(runtime: str, delegate: str) -> str:
    """Return what a session of a runtime calls the delegate that was asked for: ort knows short names."""
    return full_name(delegate) if runtime == "ort" else delegate
