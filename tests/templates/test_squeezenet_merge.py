from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import load_template, read_graph, resolve_values
from edgebench.templates.base import Template
from edgebench.templates.fire_plan import MERGE_POINTS
from edgebench.testing.templates import TemplateContract

TWO = ((32, 32, 3), (32, 32, 3))
# Every fire has a pool or none after it, and the last fires of the paper's largest nets are not there.
THREE_PAIRS = {"set1_pairs": 2, "set2_pairs": 1, "se_2": True, "se_skip_2": True, "bypass_5": True}


def load(
    name: str = "squeezenet-sem-auto",
    shapes: tuple[tuple[int, ...], ...] = TWO,
    classes: int = 8,
    **options: Any,
) -> Template:
    return load_template(name, input_shapes=shapes, classes=classes, options=options)


def build(template: Template, **sets: Any) -> keras.Model:
    return template.assemble(resolve_values(template, {}, sets).values)


def merges(model: keras.Model) -> list[keras.Layer]:
    kinds = (keras.layers.Add, keras.layers.Concatenate, keras.layers.Average)
    return [layer for layer in model.layers if isinstance(layer, kinds) and _joins_inputs(layer)]


def _joins_inputs(layer: keras.Layer) -> bool:
    """Return whether the layer's inputs come from different inputs of the model."""
    origins = [_origins(tensor) for tensor in layer.input]
    return len({frozenset(origin) for origin in origins}) > 1


def _origins(tensor: Any) -> set[str]:
    waiting, seen, found = [tensor], set(), set()
    while waiting:
        operation, index, _ = waiting.pop()._keras_history
        if id(operation) in seen:
            continue
        seen.add(id(operation))
        sources = operation._inbound_nodes[index].input_tensors
        found |= set() if sources else {operation.name}
        waiting += sources
    return found


class TestSqueezeNetSE1Auto(TemplateContract):
    """Its hyperparameters are those of squeezenet-se-auto, and checked there."""

    name = "squeezenet-se1-auto"
    input_shapes = TWO
    test_every_hyperparameter_acts = None


class TestSqueezeNetSEMAuto(TemplateContract):
    name = "squeezenet-sem-auto"
    input_shapes = ((32, 32, 3), (32, 32, 1))
    sets = {"merge_at": "end"}  # noqa: RUF012


@pytest.mark.parametrize("second_se", ["se_4", "se_5"])
@pytest.mark.parametrize("split", [(1, 1), (2, 0)])
def test_merge_after_fire_3_has_the_published_size(second_se: str, split: tuple[int, int]) -> None:
    sets = {
        "set1_pairs": split[0], "set2_pairs": split[1], "merge_at": "fire3",
        "se_2": True, "se_skip_2": True, "se_ratio_1": 32, second_se: True, "se_ratio_2": 32,
    }  # fmt: skip
    assert read_graph(build(load(), **sets)).trainable_params == 182_936


@pytest.mark.parametrize("last_se", ["se_8", "se_9"])
def test_merge_after_fire_2_has_the_published_size(last_se: str) -> None:
    sets = {
        "set1_pairs": 2, "set2_pairs": 2, "merge_at": "fire2", "se_2": True, "se_skip_2": True,
        "se_3": True, "se_ratio_1": 8, "se_4": True, "se_skip_4": True, "se_ratio_2": 32,
        last_se: True, "se_ratio_4": 8,
    }  # fmt: skip
    assert read_graph(build(load(), **sets)).trainable_params == 884_688


@pytest.mark.parametrize("point", MERGE_POINTS)
def test_every_merge_point_merges_once_and_hears_every_input(point: str) -> None:
    keras.utils.set_random_seed(3)
    model = build(load(), merge_at=point, **THREE_PAIRS)
    assert [layer.name for layer in merges(model)] == ["merge"]
    rng = np.random.default_rng(0)
    inputs = [tf.constant(rng.random((4, *shape), dtype=np.float32)) for shape in TWO]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        answer = tf.reduce_sum(model(inputs)[:, 0])
    for gradient in tape.gradient(answer, inputs):
        assert float(tf.reduce_max(tf.abs(gradient))) > 0


@pytest.mark.parametrize(
    ("point", "before", "after"),
    [
        ("conv1", "branch1_conv1_pool", "fire2_squeeze"),
        ("fire2", "branch1_fire2_skip_add", "fire3_squeeze"),
        ("fire3", "branch1_fire3_concat", "fire3_pool"),
        ("fire5", "branch1_fire5_add", "fire5_pool"),
        ("fire7", "branch1_fire7_concat", "dropout"),
        ("fire9", "branch1_fire7_concat", "dropout"),
        ("end", "branch1_fire7_concat", "dropout"),
    ],
)
def test_merge_stands_between(point: str, before: str, after: str) -> None:
    model = build(load(), merge_at=point, **THREE_PAIRS)
    merge = model.get_layer("merge")
    assert merge.input[0]._keras_history.operation.name == before
    assert merge.input[1]._keras_history.operation.name == before.replace("branch1", "branch2")
    assert model.get_layer(after).input._keras_history.operation is merge


def test_end_is_after_a_last_pool_and_a_last_fire_before_it() -> None:
    assert build(load(), merge_at="end").get_layer("merge").input[0].shape == (None, 3, 3, 128)
    assert build(load(), merge_at="fire3").get_layer("merge").input[0].shape == (None, 7, 7, 128)


def test_branches_have_weights_of_their_own() -> None:
    model = build(load(), merge_at="end")
    twice = read_graph(build(load("squeezenet-se-auto", TWO[:1]))).trainable_params
    head = (128 + 1) * 8
    assert read_graph(model).trainable_params == 2 * (twice - head) + head


@pytest.mark.parametrize(
    ("merge", "layer", "channels"),
    [
        ("add", keras.layers.Add, 96),
        ("concat", keras.layers.Concatenate, 3 * 96),
        ("average", keras.layers.Average, 96),
    ],
)
def test_three_inputs_with_their_own_channels_merge_as_asked(
    merge: str, layer: type, channels: int
) -> None:
    shapes = ((40, 32, 3), (40, 32, 1), (40, 32, 2))
    model = build(load("squeezenet-se1-auto", shapes, merge=merge))
    found = model.get_layer("merge")
    assert isinstance(found, layer)
    assert found.output.shape == (None, 9, 7, channels)
    assert [tuple(tensor.shape[1:]) for tensor in model.inputs] == list(shapes)


def test_se1_is_sem_merged_after_conv1() -> None:
    sets = {"se_3": True, "set2_pairs": 1}
    se1 = read_graph(build(load("squeezenet-se1-auto"), **sets))
    assert read_graph(build(load(), merge_at="conv1", **sets)).arch_id == se1.arch_id


@pytest.mark.parametrize("name", ["squeezenet-se1-auto", "squeezenet-sem-auto"])
def test_one_input_has_nothing_to_merge(name: str) -> None:
    template = load(name, TWO[:1])
    plain = load("squeezenet-se-auto", TWO[:1])
    assert read_graph(build(template)).arch_id == read_graph(build(plain)).arch_id
    assert "merge_at" not in resolve_values(template).values


def test_inputs_of_two_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="cannot merge inputs of 32 x 32 and 64 x 32") as caught:
        load(shapes=((32, 32, 3), (64, 32, 3)))
    assert "one height and width" in caught.value.why


def test_no_input_is_refused() -> None:
    with pytest.raises(InputError, match="takes 1 input, not 0"):
        load(shapes=())


def test_misspelt_merges_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="concatenate is not a value of option merge"):
        load(merge="concatenate")
    template = load()
    with pytest.raises(UnknownNameError, match="pool2 is not a merge point"):
        template.build(resolve_values(template, {"merge_at": "pool2"}))


def test_description_and_drawing_show_the_merge() -> None:
    template = load()
    values = resolve_values(template, {}, {"merge_at": "fire3", **THREE_PAIRS}).values
    assert template.describe(values) == "fire2 SE32+ 3 | add | max | 4 5b | max | 6 7"
    joins = [block for block in template.blocks(values) if block.label == "add"]
    assert [len(block.inputs) for block in joins] == [2]
