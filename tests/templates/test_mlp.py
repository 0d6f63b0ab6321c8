from __future__ import annotations

from itertools import pairwise
from typing import Any

import keras
import pytest

from edgebench.errors import InputError
from edgebench.templates import discover_space, load_template, read_graph, resolve_values
from edgebench.templates.base import Template
from edgebench.testing.templates import TemplateContract

LANDMARKS = (468, 3)


def load(*shapes: tuple[int, ...], classes: int = 8, **options: Any) -> Template:
    return load_template(
        "mlp-auto", input_shapes=shapes or (LANDMARKS,), classes=classes, options=options
    )


def build(template: Template, **sets: Any) -> keras.Model:
    return template.assemble(resolve_values(template, {}, sets).values)


class TestMLPAuto(TemplateContract):
    name = "mlp-auto"
    input_shapes = (LANDMARKS,)


class TestMLPAutoOverAnImageAndAVector(TemplateContract):
    name = "mlp-auto"
    input_shapes = ((8, 8, 1), (5,))


@pytest.mark.parametrize("units", [[16, 32, 64, 128], [512] * 10, [16, 512, 16, 32, 256]])
def test_parameters_are_those_of_its_layers(units: list[int]) -> None:
    sets = {f"units_{i}": n for i, n in enumerate(units, 1)}
    facts = read_graph(build(load(), layers=len(units), **sets))
    widths = [468 * 3, *units, 8]
    products = [a * b for a, b in pairwise(widths)]
    assert facts.macs == sum(products)
    assert facts.trainable_params == sum(products) + sum(widths[1:])


@pytest.mark.parametrize("layers", [4, 7, 10])
def test_only_the_layers_that_are_there_have_units(layers: int) -> None:
    values = resolve_values(load(), {}, {"layers": layers}).values
    names = {name for name in values if name.startswith("units_")}
    assert names == {f"units_{i}" for i in range(1, layers + 1)}


def test_units_are_the_published_powers_of_two() -> None:
    space = discover_space(load())
    assert {tuple(space.entry(f"units_{i}").values) for i in range(1, 11)} == {
        (16, 32, 64, 128, 256, 512)
    }
    assert (space.entry("layers").min_value, space.entry("layers").max_value) == (4, 10)


def test_hidden_layers_are_relu_and_the_answer_is_a_softmax() -> None:
    model = build(load(initializer="glorot_uniform"))
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.activation.__name__ for layer in dense] == ["relu"] * 4 + ["softmax"]
    assert {type(layer.kernel_initializer).__name__ for layer in dense} == {"GlorotUniform"}


@pytest.mark.parametrize("shape", [(9,), (1,), (12, 10, 3), (3, 2, 2, 2)])
def test_any_shape_is_flattened(shape: tuple[int, ...]) -> None:
    assert build(load(shape)).output_shape == (None, 8)


def test_a_suite_may_ask_for_fewer_layers_and_other_units() -> None:
    template = load()
    space = resolve_values(template, {"layers": [1, 2], "units_2": [24]}, {"layers": 2})
    assert template.describe(space.values) == "dense 128 24"
    with pytest.raises(InputError, match="layers cannot be 0"):
        resolve_values(template, {"layers": [0, 4]})


def test_equal_layers_in_a_row_are_drawn_once() -> None:
    template = load()
    values = resolve_values(template, {}, {"layers": 5, "units_1": 512, "units_5": 16}).values
    assert template.describe(values) == "dense 512 128x3 16"
    assert [block.label for block in template.blocks(values)] == [
        "input 468x3", "dense 512", "dense 128", "dense 128", "dense 128", "dense 16", "dropout",
        "softmax",
    ]  # fmt: skip
