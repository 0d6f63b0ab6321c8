from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

SMALL = """
name: small
template: mlp-auto
template_options: {initializer: he_normal}
hyperparameters: {optimizer: adam, learning_rate: [0.001, 0.002], dropout: {min: 0.0, max: 0.4}}
data: {name: digits, sample: 0.2, size: [32, 32]}
latency: {block_s: 0.1, winner_blocks: 1}
export: [tflite-fp32]
seed: 3
"""


@pytest.fixture(scope="session")
def write_small() -> Callable[[Path, str], None]:
    """Write ``small.yaml`` into a folder, a search of seconds, with what the test adds to it."""

    def write(folder: Path, lines: str) -> None:
        (folder / "small.yaml").write_text(SMALL + lines)

    return write


@pytest.fixture
def small_suite(tmp_path: Path, write_small: Callable[[Path, str], None]) -> Callable[[str], None]:
    """Write ``small.yaml`` into the test's folder."""
    return functools.partial(write_small, tmp_path)
