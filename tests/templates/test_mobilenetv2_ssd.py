from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgebench.errors import InputError
from edgebench.templates import (
    TRAINING_HYPERPARAMETERS,
    discover_space,
    load_template,
    read_graph,
    resolve_values,
)
from edgebench.templates.base import Template
from edgebench.testing.templates import TemplateContract

GOLDEN = json.loads((Path(__file__).parents[1] / "assets" / "sizes.json").read_text())[
    "saunack_SSD"
]
MAP_CHANNELS = (192, 576, 512, 256, 256, 256)
REPEATS = ("repeat_b3", "repeat_b4", "repeat_b5")


def load(name: str, classes: int = 10, shape: tuple[int, ...] = (224, 224, 3)) -> Template:
    return load_template(name, input_shapes=(shape,), classes=classes)


def model(template: Template, **sets: Any) -> keras.Model:
    return template.assemble(resolve_values(template, {}, sets).values)


def facts(template: Template, **sets: Any) -> Any:
    return read_graph(model(template, **sets))


class TestMobileNetV2SSD(TemplateContract):
    name = "mobilenetv2-ssd"
    input_shapes = ((196, 196, 3),)
    output_channels = 4 + 4 + 1

    def loss_and_targets(self, model: keras.Model, count: int) -> tuple[str, Any]:
        return "mse", np.zeros((count, *model.output_shape[1:]), dtype=np.float32)


class TestMobileNetV2SSDAuto(TestMobileNetV2SSD):
    name = "mobilenetv2-ssd-auto"
    sets = {"repeat_b5": 2}  # noqa: RUF012


def test_the_fixed_detector_is_the_searched_one_at_its_defaults() -> None:
    fixed, searched = load("mobilenetv2-ssd"), load("mobilenetv2-ssd-auto")
    assert discover_space(fixed).names == TRAINING_HYPERPARAMETERS
    assert discover_space(searched).names == (*TRAINING_HYPERPARAMETERS, *REPEATS)
    assert facts(fixed).arch_id == facts(searched).arch_id


@pytest.mark.parametrize("name", ["mobilenetv2-ssd", "mobilenetv2-ssd-auto"])
def test_size_and_boxes_are_the_published_ones(name: str) -> None:
    template = load(name)
    found = facts(template)
    assert found.total_params == GOLDEN["total"]
    assert found.trainable_params == GOLDEN["trainable"]
    assert found.output_shapes == ((GOLDEN["boxes"], GOLDEN["outputs"]),)
    assert template.task == "detection"


def test_maps_are_the_published_ones() -> None:
    built = model(load("mobilenetv2-ssd"))
    assert built.get_layer("stem").output.shape == (None, 111, 111, 32)
    assert built.get_layer("b1_1_expand").output.shape == (None, 111, 111, 32)
    maps = [built.get_layer(f"head{index}").input for index in range(1, 7)]
    assert [tuple(tensor.shape[1:]) for tensor in maps] == [
        (side, side, channels)
        for side, channels in zip((28, 14, 7, 4, 2, 1), MAP_CHANNELS, strict=True)
    ]
    assert maps[0] is built.get_layer("b4_1_expand_relu6").output
    assert maps[1] is built.get_layer("dropout").output
    assert built.get_layer("dropout").input is built.get_layer("b5_3_expand_relu6").output
    assert not any(layer.name.startswith("b6") for layer in built.layers)


def test_extras_and_heads_are_biased_and_linear() -> None:
    built = model(load("mobilenetv2-ssd"))
    for layer in built.layers:
        if layer.name.startswith(("extra", "head")) and isinstance(layer, keras.layers.Conv2D):
            assert layer.use_bias
            assert layer.activation is keras.activations.linear


def test_repeats_leave_size_and_boxes_and_add_the_work_of_their_block() -> None:
    template = load("mobilenetv2-ssd-auto")
    once = facts(template)
    blocks = {"repeat_b3": (28, 32), "repeat_b4": (14, 64), "repeat_b5": (14, 96)}
    for name, (side, channels) in blocks.items():
        again = facts(template, **{name: 2})
        wide = 6 * channels
        assert again.macs - once.macs == side**2 * (2 * channels * wide + 9 * wide)
        assert (again.total_params, again.trainable_params, again.output_shapes) == (
            once.total_params,
            once.trainable_params,
            once.output_shapes,
        )


def test_b5_2_stands_in_for_the_block_that_the_trunk_cuts() -> None:
    built = model(load("mobilenetv2-ssd-auto"), repeat_b5=3)
    repeated = {layer.name for layer in built.layers if len(layer._inbound_nodes) == 3}
    assert {name.rsplit("_", 1)[0] for name in repeated if name.endswith("_depthwise")} == {"b5_2"}


def test_dropout_zero_is_the_published_detector() -> None:
    template = load("mobilenetv2-ssd", shape=(196, 196, 3))
    built = model(template, dropout=0.0)
    x = np.random.default_rng(0).random((1, 196, 196, 3), dtype=np.float32)
    dropout = built.get_layer("dropout")
    np.testing.assert_array_equal(np.asarray(dropout(x, training=True)), x)


def test_it_may_have_one_class_and_inputs_beyond_the_usual() -> None:
    found = facts(load("mobilenetv2-ssd-auto", 1, (300, 256, 1)), repeat_b4=3)
    heads = 3 * (9 * sum(MAP_CHANNELS) + len(MAP_CHANNELS))
    assert found.total_params == GOLDEN["total"] - 2 * 9 * 32 - 9 * heads
    boxes = 3 * (38 * 32 + 19 * 16 + 10 * 8 + 5 * 4 + 3 * 2 + 2 * 1)
    assert found.output_shapes == ((boxes, 4 + 1 + 1),)


def test_too_small_an_input_names_the_smallest() -> None:
    with pytest.raises(InputError, match=r"194 x 224 is too small .* 195 x 195"):
        model(load("mobilenetv2-ssd", shape=(194, 224, 3)))


def test_a_detector_needs_one_class() -> None:
    with pytest.raises(InputError, match="needs 1 class or more, not 0"):
        load("mobilenetv2-ssd", classes=0)


def test_description_names_the_repeats() -> None:
    template = load("mobilenetv2-ssd-auto")
    values = resolve_values(template, {}, {"repeat_b4": 2}).values
    assert template.describe(values) == "mobilenetv2-ssd-auto b4_4x2"
