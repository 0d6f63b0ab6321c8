"""The Keras backend that the user chose, known before Keras is imported."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

from edgebench.errors import UnavailableError, UnknownNameError, first_line
from edgebench.runtimes.quiet import silenced

BACKENDS = ("tensorflow", "jax", "torch")


def chosen_backend() -> str:
    """Return the Keras backend of this process: as ``KERAS_BACKEND`` says, else Keras's own settings.

    Raises:
        UnknownNameError: It is not one that trains.
        UnavailableError: It is not installed.
    """
    name = sys.modules["keras"].backend.backend() if "keras" in sys.modules else _configured()
    if name not in BACKENDS:
        raise UnknownNameError("a Keras backend that trains", name, BACKENDS)
    if importlib.util.find_spec(name) is None:
        raise _unavailable(name, f"there is no package {name}")
    return name


def import_keras() -> None:
    """Import the framework before anything else does, without what its native code prints on the way.

    Raises:
        UnknownNameError: The chosen backend is not one that trains.
        UnavailableError: It is not installed, or not in working order.
    """
    if "keras" in sys.modules:
        return
    backend = chosen_backend()
    try:
        with silenced():
            importlib.import_module("keras")
    except ImportError as error:
        raise _unavailable(backend, first_line(error)) from None


def _configured() -> str:
    if name := os.environ.get("KERAS_BACKEND"):
        return name
    home = os.environ.get("KERAS_HOME") or "~/.keras"
    try:
        settings = json.loads((Path(home).expanduser() / "keras.json").read_text("utf-8"))
        return str(settings.get("backend", "tensorflow"))
    except (OSError, ValueError, AttributeError):
        return "tensorflow"


def _unavailable(backend: str, why: str) -> UnavailableError:
    return UnavailableError(
        f"the Keras backend {backend} cannot be used here",
        why=why,
        remedy=f"pip install {backend}, or set KERAS_BACKEND to another",
    )
