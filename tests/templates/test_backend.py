"""Which Keras backend a process uses is known before Keras is there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from edgebench.errors import UnavailableError, UnknownNameError
from edgebench.templates import chosen_backend


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A process that has not loaded Keras, and a user without settings of Keras."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    return monkeypatch


def test_it_is_that_of_the_environment_then_of_the_settings_then_tensorflow(
    fresh: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert chosen_backend() == "tensorflow"
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    assert chosen_backend() == "torch"
    fresh.setenv("KERAS_BACKEND", "jax")
    assert chosen_backend() == "jax"


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_settings_that_say_nothing_are_passed_over(
    fresh: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    (tmp_path / "keras.json").write_text(content)
    assert chosen_backend() == "tensorflow"


def test_one_that_is_not_known_or_not_there_is_a_sentence(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("KERAS_BACKEND", "jaxx")
    with pytest.raises(UnknownNameError, match="jaxx is not a Keras backend") as unknown:
        chosen_backend()
    assert unknown.value.remedy == "did you mean jax?"
    fresh.setenv("KERAS_BACKEND", "torch")
    fresh.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="backend torch cannot be used here") as missing:
        chosen_backend()
    assert "pip install torch" in missing.value.remedy


def test_it_is_the_one_that_keras_was_loaded_with(keras, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jaxx")
    assert chosen_backend() == keras.backend.backend()
