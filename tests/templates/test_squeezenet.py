from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import load_template, read_graph, resolve_values
from edgebench.templates.base import Template
from edgebench.testing.templates import TemplateContract

GOLDEN = json.loads((Path(__file__).parents[1] / "assets" / "sizes.json").read_text())
PAIR_SPLITS = {1: [(1, 0)], 2: [(1, 1), (2, 0)], 3: [(1, 2), (2, 1)], 4: [(2, 2)]}


def load(name: str, classes: int, side: int = 32, **options: Any) -> Template:
    return load_template(name, input_shapes=((side, side, 3),), classes=classes, options=options)


def model(template: Template, sets: Mapping[str, Any] | None = None) -> keras.Model:
    return template.build(resolve_values(template, {}, sets))


def trainable(template: Template, sets: Mapping[str, Any] | None = None) -> int:
    return read_graph(model(template, sets)).trainable_params


def published_sets(row: Mapping[str, Any], split: tuple[int, int]) -> dict[str, Any]:
    return {
        "set1_pairs": split[0],
        "set2_pairs": split[1],
        **{f"se_ratio_{pair}": ratio for pair, ratio in enumerate(row["ratios"], 1)},
        **{f"se_{fire}": True for fire in row["add"]},
        **{f"se_skip_{fire}": True for fire in row["skip"]},
    }


class TestSqueezeNet10(TemplateContract):
    name = "squeezenet-1.0"


class TestSqueezeNet11(TemplateContract):
    name = "squeezenet-1.1"


class TestSqueezeNetComplexBypass(TemplateContract):
    name = "squeezenet-1.0"
    options = {"bypass": "complex"}  # noqa: RUF012


class TestSqueezeNetAuto(TemplateContract):
    name = "squeezenet-auto"


class TestSqueezeNetSE(TemplateContract):
    name = "squeezenet-se"


class TestSqueezeNetSEAuto(TemplateContract):
    name = "squeezenet-se-auto"


class TestSqueezeNetSEAutoChoice(TemplateContract):
    name = "squeezenet-se-auto"
    options = {"attention": "choice"}  # noqa: RUF012


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("classes", [8, 10, 1000])
def test_squeezenet_has_the_published_size(version: str, classes: int) -> None:
    expected = GOLDEN[f"SqueezeNet_{version.replace('.', '_')}"][str(classes)]
    assert trainable(load(f"squeezenet-{version}", classes)) == expected


@pytest.mark.parametrize("classes", [8, 10])
@pytest.mark.parametrize("pairs", [1, 2, 3, 4])
def test_auto_has_the_published_size_however_pairs_are_split(pairs: int, classes: int) -> None:
    template = load("squeezenet-auto", classes)
    sizes = {
        trainable(template, {"set1_pairs": first, "set2_pairs": second})
        for first, second in PAIR_SPLITS[pairs]
    }
    assert sizes == {GOLDEN["SqueezeNetAuto_base"][str(pairs)][str(classes)]}


@pytest.mark.parametrize("row", GOLDEN["SEAuto_8cls"], ids=lambda row: str(row["size"]))
def test_se_auto_has_the_logged_size(row: Mapping[str, Any]) -> None:
    template = load("squeezenet-se-auto", 8)
    sizes = [trainable(template, published_sets(row, s)) for s in PAIR_SPLITS[row["pairs"]]]
    assert set(sizes) == {row["size"]}


def test_size_does_not_depend_on_the_image() -> None:
    assert trainable(load("squeezenet-1.1", 10, side=224)) == GOLDEN["SqueezeNet_1_1"]["10"]


def test_se_adds_its_blocks_to_squeezenet() -> None:
    channels = [128, 128, 256, 256, 384, 384, 512, 512]
    blocks = sum(2 * c * (c // 16) + c // 16 + c for c in channels)
    assert trainable(load("squeezenet-se", 10)) == GOLDEN["SqueezeNet_1_0"]["10"] + blocks


def test_simple_bypass_is_free_and_complex_adds_a_convolution_to_the_other_fires() -> None:
    plain = GOLDEN["SqueezeNet_1_0"]["10"]
    projections = sum((c + 1) * n for c, n in [(96, 128), (128, 256), (256, 384), (384, 512)])
    assert trainable(load("squeezenet-1.0", 10, bypass="simple")) == plain
    assert trainable(load("squeezenet-1.0", 10, bypass="complex")) == plain + projections


@pytest.mark.parametrize(
    ("name", "bypass", "adds"),
    [
        ("squeezenet-1.0", "simple", 4),
        ("squeezenet-1.0", "complex", 8),
        ("squeezenet-1.1", "none", 0),
    ],
)
def test_bypass_adds_where_it_says(name: str, bypass: str, adds: int) -> None:
    built = model(load(name, 10, bypass=bypass))
    assert Counter(type(layer).__name__ for layer in built.layers)["Add"] == adds


def test_pools_follow_the_pairs_of_the_first_set() -> None:
    sets = {"set1_pairs": 2, "set2_pairs": 1, "pool_1": "avg"}
    built = model(load("squeezenet-auto", 10), sets)
    assert [layer.name for layer in built.layers if layer.name.endswith("_pool")] == [
        "conv1_pool", "fire3_pool", "fire5_pool", "conv10_pool",
    ]  # fmt: skip
    assert isinstance(built.get_layer("fire3_pool"), keras.layers.AveragePooling2D)
    assert isinstance(built.get_layer("fire5_pool"), keras.layers.MaxPooling2D)


def test_initializer_reaches_every_kernel_but_the_projection() -> None:
    template = load("squeezenet-se-auto", 10, initializer="glorot_uniform")
    built = model(template, {"se_2": True, "se_skip_2": True, "bypass_3": True})
    found = {
        layer.name: type(layer.kernel_initializer).__name__
        for layer in built.layers
        if hasattr(layer, "kernel_initializer")
    }
    assert found.pop("fire2_skip_project") == "HeNormal"
    assert set(found.values()) == {"GlorotUniform"}


def test_ratio_belongs_to_the_pair() -> None:
    built = model(load("squeezenet-se-auto", 10), {"se_2": True, "se_3": True, "se_ratio_1": 8})
    assert built.get_layer("fire2_se_reduce").units == 16
    assert built.get_layer("fire3_se_reduce").units == 16


@pytest.mark.parametrize(
    ("attention", "layer"), [("eca", "fire2_eca_conv"), ("cbam", "fire2_cbam_spatial_conv")]
)
def test_attention_can_be_another_block(attention: str, layer: str) -> None:
    template = load("squeezenet-se-auto", 10, attention=attention)
    assert model(template, {"se_2": True}).get_layer(layer)


def test_fires_may_choose_their_attention() -> None:
    template = load("squeezenet-se-auto", 10, attention="choice")
    sets = {
        "se_2": True,
        "attention_2": "eca",
        "se_3": True,
        "attention_3": "cbam",
        "se_skip_3": True,
    }
    values = resolve_values(template, {}, sets).values
    assert template.describe(values) == "fire2 ECA 3 CBAM32+ | max"
    only_eca = resolve_values(template, {}, {"se_2": True, "attention_2": "eca"}).values
    assert "se_ratio_1" not in only_eca


@pytest.mark.parametrize(
    ("sets", "drawing"),
    [
        ({}, "fire2 3 | max"),
        (
            {"se_2": True, "se_ratio_1": 16, "pool_1": "avg", "set2_pairs": 1},
            "fire2 SE16 3 | avg | 4 5",
        ),
        (
            {"se_3": True, "se_skip_3": True, "se_ratio_1": 8, "set2_pairs": 2},
            "fire2 3 SE8+ | max | 4-7",
        ),
        ({"set1_pairs": 2, "bypass_5": True}, "fire2 3 | max | 4 5b | max"),
    ],
)
def test_description_draws_the_candidate(sets: Mapping[str, Any], drawing: str) -> None:
    template = load("squeezenet-se-auto", 10)
    assert template.describe(resolve_values(template, {}, sets).values) == drawing


def test_fixed_networks_are_called_by_name() -> None:
    assert load("squeezenet-1.1", 10).describe({}) == "squeezenet-1.1"
    assert (
        load("squeezenet-1.0", 10, bypass="simple").describe({}) == "squeezenet-1.0 simple bypass"
    )


def test_more_pairs_than_published_go_on_as_the_others_do() -> None:
    template = load("squeezenet-auto", 10)
    values = resolve_values(
        template, {"set2_pairs": {"min": 0, "max": 4}}, {"set2_pairs": 4}
    ).values
    built = template.assemble(values)
    assert built.get_layer("fire11_squeeze").filters == 80
    assert "bypass_11" in values


def test_too_small_an_input_names_the_smallest() -> None:
    with pytest.raises(InputError, match=r"16 x 16 is too small for squeezenet-1.1.* 29 x 29"):
        model(load("squeezenet-1.1", 10, side=16))


def test_missing_spatial_axes_are_named() -> None:
    template = load_template("squeezenet-auto", input_shapes=((64,),), classes=4)
    with pytest.raises(InputError, match="cannot take an input of shape 64"):
        model(template)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shapes": ((8, 8, 3), (8, 8, 3))}, "takes 1 input, not 2"),
        ({"input_shapes": ((0, 8, 3),)}, "not an input shape"),
        ({"classes": 1}, "needs 2 classes"),
        ({"options": {"initializer": "he_norm"}}, "not a Keras initializer"),
    ],
)
def test_bad_input_is_one_sentence(arguments: Mapping[str, Any], message: str) -> None:
    given = {"input_shapes": ((32, 32, 3),), "classes": 4, **arguments}
    with pytest.raises(InputError, match=message):
        load_template("squeezenet-auto", **given)


def test_unknown_options_and_values_name_the_known() -> None:
    with pytest.raises(UnknownNameError) as option:
        load("squeezenet-auto", 4, bypass="simple")
    assert "initializer" in option.value.why
    with pytest.raises(UnknownNameError) as value:
        load("squeezenet-se-auto", 4, attention="sa")
    assert "cbam" in value.value.why


def test_pool_outside_the_known_is_refused() -> None:
    template = load("squeezenet-auto", 4)
    with pytest.raises(UnknownNameError, match="median is not a pool"):
        template.build(resolve_values(template, {"pool_1": "median"}))


def test_no_pairs_at_all_are_refused() -> None:
    with pytest.raises(InputError, match="set1_pairs cannot be 0"):
        resolve_values(load("squeezenet-auto", 4), {"set1_pairs": [0, 1]})
