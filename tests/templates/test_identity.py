from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_tuner.engine.hyperparameters import Float, HyperParameter, Int

from edgebench.templates import (
    TEMPLATES,
    TRAINING_HYPERPARAMETERS,
    discover_space,
    load_template,
    read_graph,
)
from edgebench.templates.base import Template
from edgebench.testing.examples import example_template
from edgebench.testing.weights import spread_weights

AUTO = sorted(name for name in TEMPLATES if name.endswith("-auto"))


def choices(entry: HyperParameter) -> list[Any]:
    """Return all choices; of a long range the two ends."""
    if isinstance(entry, Float):
        return [entry.min_value, entry.max_value]
    if isinstance(entry, Int):
        return list(range(entry.min_value, entry.max_value + 1, entry.step or 1))
    return list(entry.values)


def draw_values(data: st.DataObject, space: Any) -> dict[str, Any]:
    return {name: data.draw(st.sampled_from(choices(space.entry(name)))) for name in space.names}


def settled(space: Any, chosen: Mapping[str, Any]) -> dict[str, Any]:
    space.settle(chosen)
    return dict(space.values)


def outputs(model: keras.Model) -> np.ndarray:
    spread_weights(model)
    rng = np.random.default_rng(2)
    inputs = [rng.normal(size=(1, *t.shape[1:])).astype(np.float32) for t in model.inputs]
    return np.asarray(model(inputs if inputs[1:] else inputs[0], training=False))


@pytest.mark.parametrize("name", AUTO)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_neighbours_have_one_identity_just_when_they_compute_the_same(
    name: str, data: st.DataObject
) -> None:
    template = example_template(name)
    space = discover_space(template)
    chosen = draw_values(data, space)
    values = settled(space, chosen)
    changed = data.draw(st.sampled_from([n for n in values if n not in TRAINING_HYPERPARAMETERS]))
    others = [c for c in choices(space.entry(changed)) if c != values[changed]]
    neighbour = settled(space, {**chosen, changed: data.draw(st.sampled_from(others))})
    models = [template.assemble(values), template.assemble(neighbour)]
    ids = [read_graph(model).arch_id for model in models]
    first, second = map(outputs, models)
    computes_the_same = first.shape == second.shape and np.allclose(first, second, 1e-6, 0)
    assert (ids[0] == ids[1]) == computes_the_same


@pytest.mark.parametrize("name", AUTO)
def test_inactive_hyperparameters_leave_the_identity(name: str) -> None:
    template = example_template(name)
    space = discover_space(template)
    values = defaults(template)
    inactive = {n: choices(space.entry(n))[-1] for n in space.names if n not in values}
    if not inactive:
        pytest.skip("every hyperparameter of this template is always active")
    expected = read_graph(template.assemble(values)).arch_id
    assert read_graph(template.assemble({**inactive, **values})).arch_id == expected


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_classes_change_the_identity_and_names_and_weights_do_not(name: str) -> None:
    model, wider = (
        template.assemble(defaults(template))
        for template in (example_template(name), example_template(name, classes=5))
    )
    expected = read_graph(model).arch_id
    spread_weights(model, seed=9)
    for number, layer in enumerate(reversed(model.layers)):
        layer.name = f"renamed_{number}"
    assert read_graph(model).arch_id == expected
    assert read_graph(wider).arch_id != expected


def test_equal_graphs_of_two_templates_have_one_identity() -> None:
    ids = {
        name: read_graph(load(name).assemble(defaults(load(name)))).arch_id
        for name in ("mobilenetv2", "mobilenetv2-auto", "squeezenet-auto", "squeezenet-se-auto")
    }
    assert ids["mobilenetv2"] == ids["mobilenetv2-auto"]
    assert ids["squeezenet-auto"] == ids["squeezenet-se-auto"]
    assert len(set(ids.values())) == 2


def load(name: str) -> Template:
    return load_template(name, input_shapes=((32, 32, 3),), classes=4)


def defaults(template: Template) -> dict[str, Any]:
    return dict(discover_space(template).values)


def twice(*, shared: bool, shared_relu: bool = True) -> keras.Model:
    inputs = keras.Input((4, 4, 3))
    layers = [keras.layers.Conv2D(3, 3, padding="same"), keras.layers.BatchNormalization()]
    again = (
        layers
        if shared
        else [keras.layers.Conv2D(3, 3, padding="same"), keras.layers.BatchNormalization()]
    )
    relu = keras.layers.ReLU()
    x = inputs
    for pair in (layers, again):
        for layer in pair:
            x = layer(x)
        x = (relu if shared_relu else keras.layers.ReLU())(x)
    return keras.Model(inputs, x)


def test_a_layer_called_twice_differs_from_two_layers() -> None:
    assert read_graph(twice(shared=True)).arch_id != read_graph(twice(shared=False)).arch_id


def test_sharing_a_layer_without_weights_changes_nothing() -> None:
    ids = {read_graph(twice(shared=True, shared_relu=one)).arch_id for one in (True, False)}
    assert len(ids) == 1
