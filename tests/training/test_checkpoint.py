"""Training in parts ends as training in one go does, and a bad checkpoint is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgebench.datasets import Part
from edgebench.records import TrainingPlan
from edgebench.training import (
    CheckpointError,
    KerasStepper,
    TrainingState,
    fit,
    prepare,
    read_state,
    write_state,
)

PLAN = TrainingPlan(max_epochs=6, batch_size=16, patience=6, schedule="cosine")
IN_ANOTHER_PROCESS = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import keras
import test_checkpoint as tests
from edgebench.training import read_state, write_state

def train(state, until):
    model, result = tests.trained(
        tests.network(keras), tests.parts(), state=state, until_epoch=until
    )
    return result.state, [result.history, [w.astype(float).tolist() for w in model.get_weights()]]

checkpoint = Path(sys.argv[2])
if checkpoint.exists():
    print(json.dumps([train(read_state(checkpoint, "k"), 3)[1], train(None, 3)[1]]))
else:
    write_state(checkpoint, train(None, 1)[0], "k")
    print(json.dumps(keras.backend.backend()))
"""


def parts():
    """Two classes of 8x8 pictures, a bright left or right half, too noisy to be learned at once."""
    rng = np.random.default_rng(0)

    def part(count):
        y = rng.integers(0, 2, count)
        x = rng.random((count, 8, 8, 1), dtype=np.float32)
        x[y == 0, :, :4] += 0.1
        x[y == 1, :, 4:] += 0.1
        return Part(x=x, y=y.astype(np.int64))

    return part(100), part(60)


def network(keras, units=4):
    """A net with what has a state of its own: moving averages, dropout's seeds."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(units, 3, activation="relu")(inputs)
    x = keras.layers.BatchNormalization(momentum=0.8)(x)
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))


def trained(model, data, plan=PLAN, **changes):
    how = {name: changes.pop(name) for name in ("state", "until_epoch") if name in changes}
    given = {"optimizer": "adam", "learning_rate": 1e-2, "seed": 1} | changes
    return model, fit(prepare(model, **given), *data, plan, **how)


def in_parts(keras, ends, folder, plan=PLAN, **changes):
    """Train up to each end in turn, every time with a network built anew and from the file alone."""
    path, state = folder / "t.npz", None
    for end in ends:
        model, result = trained(
            network(keras), parts(), plan, state=state, until_epoch=end, **changes
        )
        write_state(path, result.state, "k")
        state = read_state(path, "k")
    return model, result


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_parts_make_the_whole(keras, tmp_path, optimizer):
    whole, expected = trained(network(keras), parts(), optimizer=optimizer)
    model, result = in_parts(keras, (1, 4, 6), tmp_path, optimizer=optimizer)
    assert result.history == expected.history
    assert len(set(expected.history)) > 1
    assert equal(model.get_weights(), whole.get_weights())
    assert equal(result.state.variables, expected.state.variables)


def test_the_keras_stepper_too(keras, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["edgebench.training.fit"], "stepper_for", KerasStepper)
    whole, expected = trained(network(keras), parts())
    model, result = in_parts(keras, (2, 6), tmp_path)
    assert result.history == expected.history
    assert equal(model.get_weights(), whole.get_weights())


def test_under_jax_and_in_another_process(tmp_path):
    def run():
        done = subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS, str(Path(__file__).parent),
             str(tmp_path / "t.npz")],
            env={**os.environ, "KERAS_BACKEND": "jax"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    assert run() == "jax"
    in_two, whole = run()
    assert in_two == whole
    assert len(whole[0]) == 3


def test_patience_reaches_across_parts(keras, tmp_path):
    plan = replace(PLAN, max_epochs=30, patience=2, schedule="constant")
    _, expected = trained(network(keras), parts(), plan)
    assert len(expected.history) < 30
    _, result = in_parts(keras, range(1, 31), tmp_path, plan)
    assert result.history == expected.history
    assert result.is_over


def test_what_is_trained_already_is_not_trained_again(keras):
    model, first = trained(network(keras), parts(), until_epoch=3)
    again, second = trained(network(keras), parts(), state=first.state, until_epoch=3)
    assert second.steps_s == 0.0
    assert second.history == first.history
    assert not second.is_over
    assert equal(again.get_weights(), model.get_weights())


def test_a_state_of_another_network_is_refused(keras):
    _, result = trained(network(keras), parts(), until_epoch=1)
    with pytest.raises(CheckpointError, match="another network"):
        trained(network(keras, units=5), parts(), state=result.state)
    with pytest.raises(CheckpointError, match="another network"):
        trained(network(keras), parts(), state=result.state, optimizer="sgd")


STATE = TrainingState(
    variables=(np.arange(3.0), np.array([1, 2], dtype=np.uint32)),
    best=(np.zeros((2, 2), dtype=np.float32),),
    history=(0.1, 1 / 3),
)


def test_a_state_comes_back_as_it_went_and_leaves_one_file(tmp_path):
    path = tmp_path / "t001.checkpoint.npz"
    for state in (replace(STATE, history=(0.1,)), STATE):
        write_state(path, state, "k")
    found = read_state(path, "k")
    assert found.history == STATE.history
    for ours, theirs in ((found.variables, STATE.variables), (found.best, STATE.best)):
        assert equal(ours, theirs)
        assert [a.dtype for a in ours] == [a.dtype for a in theirs]
    assert list(tmp_path.iterdir()) == [path]


def test_a_truncated_checkpoint_is_told_wherever_it_ends(tmp_path):
    path = tmp_path / "t001.checkpoint.npz"
    write_state(path, STATE, "k")
    content = path.read_bytes()
    for size in (*range(0, len(content), 97), len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=r"t001\.checkpoint\.npz cannot be read"):
            read_state(path, "k")


@pytest.mark.parametrize("make", ["text", "npy", "npz", "pickle"])
def test_a_foreign_file_is_told(tmp_path, make):
    path = tmp_path / "t.npz"
    with path.open("wb") as file:
        match make:
            case "text":
                file.write(b"not a checkpoint")
            case "npy":
                np.save(file, np.arange(3))
            case "npz":
                np.savez(file, x=np.arange(3))
            case "pickle":
                np.savez(file, format=np.array({"a": 1}, dtype=object))
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_state(path, "k")


def test_a_checkpoint_of_another_training_or_none_is_told(tmp_path):
    path = tmp_path / "t.npz"
    with pytest.raises(CheckpointError, match=r"t\.npz is missing"):
        read_state(path, "k")
    write_state(path, STATE, "other")
    with pytest.raises(CheckpointError, match=r"t\.npz is of another training"):
        read_state(path, "k")
