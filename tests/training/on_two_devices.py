"""What `test_mirrored.py` runs in a process of its own, whose processor counts as two devices; prints JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edgebench.errors import WorkError
from edgebench.evaluators import Blueprint, TrainingJob, measure_sizes, train
from edgebench.records import DataPlan, TrainingPlan
from edgebench.training import Stepper, stepper_for, training_scope
from edgebench.training.checkpoint import assign, snapshot
from edgebench.training.mirrored_step import MirroredStepper

DEVICES = ("CPU:0", "CPU:1")
SIZES = (16, 16, 7, 1, 16, 5)
RNG = np.random.default_rng(0)
X = RNG.random((16, 6, 6, 2), dtype=np.float32)
Y = RNG.integers(0, 3, 16)


def network() -> keras.Model:
    """Return a network with all that must look at whole batches: batch norm and a weight's own loss.

    A bias before batch norm has no gradient but rounding, which Adam would make steps of.
    """
    keras.utils.set_random_seed(3)
    inputs = keras.Input((6, 6, 2))
    decay = keras.regularizers.L2(0.1)
    x = keras.layers.Conv2D(4, 3, use_bias=False, kernel_regularizer=decay)(inputs)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.MaxPooling2D()(x))
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def stepper(devices: tuple[str, ...], rule: str) -> tuple[Stepper, Any]:
    with training_scope(devices):
        model = network()
        optimizer = keras.optimizers.get({"class_name": rule, "config": {"learning_rate": 0.01}})
        return stepper_for(model, optimizer), model


def furthest(found: Any, expected: Any) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True))


def steps(rule: str) -> dict[str, Any]:
    """Train the same network on one device and on two."""
    one, one_model = stepper((), rule)
    losses = [one.train((X[:n],), Y[:n]) for n in SIZES]
    two, two_model = stepper(DEVICES, rule)
    with training_scope(DEVICES):
        found = [two.train((X[:n],), Y[:n]) for n in SIZES]
        outputs = [two.predict((X[:n],)) for n in SIZES]
        kept = snapshot(two.variables)
        again = [two.train((X,), Y)]
        assign(two.variables, kept)
        again.append(two.train((X,), Y))
        assign(two.variables, kept)
    return {
        "is_mirrored": isinstance(two, MirroredStepper),
        "loss": furthest(found, losses),
        "weights": furthest(snapshot(two_model.weights), snapshot(one_model.weights)),
        "outputs": furthest(outputs, [one.predict((X[:n],)) for n in SIZES]),
        "moved": furthest(snapshot(two_model.weights), snapshot(network().weights)),
        "again": again,
    }


def compiled() -> dict[str, Any]:
    with training_scope(DEVICES):
        model = network()
        model.compile("sgd", "sparse_categorical_crossentropy")
        try:
            stepper_for(model, keras.optimizers.SGD())
        except WorkError as error:
            return {"message": error.message}
    return {}


def jobs() -> dict[str, Any]:
    """Train a candidate that is in hand already: on one device, on two, and on two in parts."""
    values = {"layers": 4, "dropout": 0.0, "optimizer": "sgd", "learning_rate": 0.01}
    blueprint = Blueprint(
        template="mlp-auto",
        options={"initializer": "he_normal"},
        input_shapes=((32, 32, 3),),
        classes=10,
        values={**values, **{f"units_{i}": 16 for i in range(1, 5)}},
    )
    with tempfile.TemporaryDirectory() as folder:

        def done(name: str, **changes: Any) -> tuple[Any, list[Any]]:
            measure_sizes(blueprint)
            job = TrainingJob(
                blueprint=blueprint,
                data=DataPlan(name="digits", sample=0.1),
                plan=TrainingPlan(max_epochs=2, batch_size=32, patience=2),
                weights_path=str(Path(folder) / f"{name}.weights.h5"),
            )
            found = train(dataclasses.replace(job, **changes))
            model = blueprint.build()
            model.load_weights(Path(folder) / f"{name}.weights.h5")
            return found.facts, snapshot(model.weights)

        state = str(Path(folder) / "state.npz")
        _, one = done("one")
        _, two = done("two", devices=DEVICES)
        done("first", devices=DEVICES, until_epoch=1, write_to=state)
        facts, parts = done("parts", devices=DEVICES, from_epoch=1, read_from=state)
    return {
        "two": furthest(two, one),
        "parts": furthest(parts, two),
        "epochs": facts["epochs"],
        "note": facts.get("note", ""),
    }


def main() -> None:
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
    found = {
        **{rule: steps(rule) for rule in ("sgd", "adam")},
        "compiled": compiled(),
        "jobs": jobs(),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
