"""Every test of this room needs keras-tuner, and so the framework."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _framework(keras):
    return keras
