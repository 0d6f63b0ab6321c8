from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import (
    TRAINING_HYPERPARAMETERS,
    load_template,
    read_graph,
    resolve_values,
)
from edgebench.templates.base import Template
from edgebench.testing.templates import TemplateContract

GOLDEN = json.loads((Path(__file__).parents[1] / "assets" / "sizes.json").read_text())
SMALL = {"start_filters": 8, "depth": 2}


def load(
    name: str = "unet-auto", shape: tuple[int, ...] = (32, 32, 1), classes: int = 1, **options: Any
) -> Template:
    return load_template(name, input_shapes=(shape,), classes=classes, options=options)


def build(template: Template, **sets: Any) -> keras.Model:
    return template.assemble(resolve_values(template, {}, sets).values)


class TestUNet(TemplateContract):
    """Its network is that of unet-auto at its defaults, whose files and training are checked below, on fewer weights."""

    name = "unet"
    input_shapes = ((16, 32, 3),)
    classes = 2
    test_model_survives_a_file = None
    test_file_agrees_with_keras = None
    test_one_step_of_training_moves_every_layer = None


class TestUNetAuto(TemplateContract):
    name = "unet-auto"
    input_shapes = ((32, 16, 3),)
    classes = 5
    sets = SMALL


class TestUNetAutoOfOneMask(TemplateContract):
    """What a sigmoid changes; the rest of the contract is checked above."""

    name = "unet-auto"
    input_shapes = ((16, 32, 1),)
    classes = 1
    sets = SMALL
    test_extremes_build = None
    test_building_registers_what_space_does = None
    test_every_hyperparameter_acts = None


def test_unet_is_unet_auto_at_its_defaults() -> None:
    fixed, auto = load("unet"), load("unet-auto")
    assert read_graph(build(fixed)).arch_id == read_graph(build(auto)).arch_id
    assert fixed.blocks({}) == auto.blocks(resolve_values(auto).values)
    assert set(resolve_values(fixed).values) == set(TRAINING_HYPERPARAMETERS)


@pytest.mark.parametrize(("channels", "key"), [(1, "256x256x1->1"), (3, "3ch->1")])
def test_unet_has_the_published_size(channels: int, key: str) -> None:
    facts = read_graph(build(load("unet", (256, 256, channels))))
    assert facts.trainable_params == facts.total_params == GOLDEN["UNet_zhixuhao"][key]
    assert facts.output_shapes == ((256, 256, 1),)


def test_eight_filters_have_the_published_size() -> None:
    three, one = (
        read_graph(build(load(shape=(256, 256, channels)), start_filters=8)).trainable_params
        for channels in (3, 1)
    )
    assert three == 485_957
    assert one == three - 2 * 9 * 8


def test_size_does_not_depend_on_the_image() -> None:
    sizes = {build(load(shape=(side, 32, 3)), **SMALL).count_params() for side in (4, 32, 96)}
    assert len(sizes) == 1


@pytest.mark.parametrize(
    ("classes", "features", "activation"), [(1, 2, "sigmoid"), (2, 2, "softmax"), (7, 7, "softmax")]
)
def test_there_is_a_mask_a_class(classes: int, features: int, activation: str) -> None:
    model = build(load(classes=classes), **SMALL)
    assert model.output_shape == (None, 32, 32, classes)
    assert model.get_layer("features").filters == features
    assert model.get_layer("masks").activation.__name__ == activation


@pytest.mark.parametrize(
    ("shape", "depth", "step", "remedy"),
    [
        ((100, 90, 3), 4, 16, "96 x 80 or 112 x 96"),
        ((96, 90, 3), 3, 8, "96 x 88 or 96 x 96"),
        ((33, 32, 1), 2, 4, "32 x 32 or 36 x 32"),
    ],
)
def test_a_size_that_cannot_be_halved_names_those_that_can(
    shape: tuple[int, ...], depth: int, step: int, remedy: str
) -> None:
    message = f"{shape[0]} x {shape[1]} does not fit .* multiples of {step}, from {step} x {step}"
    with pytest.raises(InputError, match=message) as caught:
        build(load(shape=shape), depth=depth, start_filters=8)
    assert remedy in caught.value.remedy


def test_too_small_an_input_names_the_smallest() -> None:
    with pytest.raises(InputError, match=r"8 x 64 is too small for unet: .* 16 x 16"):
        build(load("unet", (8, 64, 3)))


def test_bad_arguments_are_one_sentence() -> None:
    with pytest.raises(InputError, match="unet needs 1 class or more, not 0"):
        load("unet", classes=0)
    with pytest.raises(InputError, match="cannot take an input of shape 64"):
        build(load("unet", (64,)))
    with pytest.raises(UnknownNameError, match="attention is not an option of unet"):
        load("unet", attention="se")
    template = load()
    no_depth = resolve_values(template, {"depth": 0})
    with pytest.raises(InputError, match="depth cannot be 0"):
        template.build(no_depth)


def test_description_and_drawing() -> None:
    template = load()
    values = resolve_values(template, {}, {**SMALL, "up2_convs": 3}).values
    assert template.describe(values) == "8-32 | down 2 | bottom 2 | up 1+3"
    blocks = template.blocks(values)
    assert [(block.label, block.level) for block in blocks] == [
        ("input 32x32x1", 0), ("conv 8 x2", 0), ("max pool", 1), ("conv 16 x2", 1), ("dropout", 1),
        ("max pool", 2), ("conv 32 x2", 2), ("dropout", 2), ("up 16", 1), ("skip", 1),
        ("conv 16 x3", 1), ("up 8", 0), ("skip", 0), ("conv 8 x3", 0), ("masks", 0),
    ]  # fmt: skip
    skips = [block.inputs for block in blocks if block.label == "skip"]
    assert skips == [("up 16", "dropout"), ("up 8", "conv 8 x2")]
