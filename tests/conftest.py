"""Shared by all tests: the framework is imported once, quietly, with its own deprecations apart from ours.

Drawn examples are the same in every run, and none is held to a time: the machine may be busy.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def keras():
    """The framework, imported with its own warnings silenced."""
    from edgebench.templates import import_keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_keras()
        import keras
        import keras_tuner  # noqa: F401
    return keras


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; tests that need it skip where it is missing."""
    folder = Path(os.environ.get("EDGEBENCH_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}: set EDGEBENCH_DATA to the folder of data sets")
    return folder
