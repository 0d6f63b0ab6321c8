"""A user's own template, from a module beside the suite to trained and exported files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgebench import api, suites
from edgebench.errors import InputError
from edgebench.records import Suite

MODULE = """
import keras
import keras_tuner

from edgebench.templates.base import Template


class Plain(keras_tuner.HyperModel):
    def __init__(self, input_shape, num_classes):
        super().__init__()
        self.shape, self.classes = input_shape, num_classes

    def build(self, hp):
        x = inputs = keras.Input(self.shape)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dense(hp.Choice("units", [16, 32]), activation="relu")(x)
        model = keras.Model(inputs, keras.layers.Dense(self.classes, activation="softmax")(x))
        rate = hp.Choice("rate", [1e-3, 1e-2])
        model.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
        return model


class Mine(Template):
    name = "mine"

    def space(self, hp):
        self.training_space(hp)
        hp.Choice("units", [16, 32])

    def graph(self, inputs, values):
        x = keras.layers.Flatten()(inputs[0])
        x = keras.layers.Dense(values["units"], activation="relu")(x)
        x = keras.layers.Dropout(values["dropout"])(x)
        return keras.layers.Dense(self.classes, activation="softmax")(x)
"""

SUITE = """
name: own
template: squeezenet-se-auto
template_options: {attention: eca, initializer: glorot_uniform}
hyperparameters: {dropout: 0.1, optimizer: [adam]}
data: {name: digits, size: [16, 16]}
training: {max_epochs: 2}
latency: {blocks: 1, winner_blocks: 1, block_s: 0.05}
oracle: {name: pareto, max_trials: 1}
export: [tflite-fp32]
baseline: my_module:Mine
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my_module.py").write_text(MODULE)
    (tmp_path / "own.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_module", raising=False)
    return tmp_path


def parameters(hidden: int) -> int:
    return (16 * 16 * 3 + 1) * hidden + (hidden + 1) * 10


@pytest.mark.slow
def test_own_templates_are_searched_and_shipped(folder: Path, typed_in: Callable[..., Any]) -> None:
    """A plain HyperModel, compiled by itself, is searched; a Template of the same module is its baseline."""
    done = typed_in(folder, "search", "own.yaml", "--json", "--template", "my_module:Plain")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    (member,) = summary["front"]
    values = member["hyperparameters"]
    assert set(values) == {"units", "rate"}
    assert member["metrics"]["trainable_params"] == parameters(values["units"])
    baseline = summary["baseline"]
    assert baseline["metrics"]["trainable_params"] == parameters(16)
    for shipped in (member, baseline):
        assert shipped["metrics"]["val_accuracy"] > 0.3
        (artifact,) = shipped["artifacts"]
        assert artifact["max_abs_diff"] < 1e-4
        assert artifact["latency"][0]["p50_ms"] > 0


@pytest.mark.slow
def test_a_registered_template_is_searched_from_python(folder: Path) -> None:
    program = """
import edgebench, my_module
edgebench.register_template("plain-net", my_module.Plain)
found = edgebench.search("own.yaml", template="plain-net", sets={"units": 32})
print(len(found.front), found.summary["front"][0]["metrics"]["trainable_params"])
"""
    (folder / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "program.py"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", str(parameters(32))]


def load(template: str, **sets: str) -> Suite:
    return suites.load("own.yaml", api.changes({"template": template, "sets": sets}))


def test_what_the_suite_says_of_its_own_template_is_left_out(folder: Path) -> None:
    plain, mine = load("my_module:Plain"), load("my_module:Mine", units="32")
    assert (plain.template_options, plain.hyperparameters) == ({}, {})
    assert mine.template_options == {"initializer": "glorot_uniform"}
    assert mine.hyperparameters == {"dropout": 0.1, "optimizer": ["adam"], "units": "32"}
    kept = suites.load("own.yaml")
    assert kept.template_options == {"attention": "eca", "initializer": "glorot_uniform"}


@pytest.mark.parametrize(
    ("template", "sets", "message"),
    [
        ("my_module:Absent", {}, "--template  Absent is not a class of my_module"),
        ("my_module:Mine", {"unit": "16"}, "--set  unit is not a hyperparameter of mine"),
        ("my_module:Plain", {"dropout": "0"}, "--set  dropout is not a hyperparameter of"),
    ],
)
def test_mistakes_are_told_with_their_option(
    folder: Path, template: str, sets: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load(template, **sets)
