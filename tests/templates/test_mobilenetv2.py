from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import (
    TRAINING_HYPERPARAMETERS,
    discover_space,
    load_template,
    read_graph,
    resolve_values,
)
from edgebench.templates.base import Template
from edgebench.testing.templates import TemplateContract
from edgebench.testing.weights import spread_weights

GOLDEN = json.loads((Path(__file__).parents[1] / "assets" / "sizes.json").read_text())
REPEATS = ("repeat_b3", "repeat_b4", "repeat_b5", "repeat_b6")


def load(name: str, classes: int, shape: tuple[int, ...] = (32, 32, 3), **options: Any) -> Template:
    return load_template(name, input_shapes=(shape,), classes=classes, options=options)


def model(template: Template, **sets: Any) -> keras.Model:
    return template.assemble(resolve_values(template, {}, sets).values)


def facts(template: Template, **sets: Any) -> Any:
    return read_graph(model(template, **sets))


class TestMobileNetV2(TemplateContract):
    """Its network is the searched one at its defaults, whose files and training are checked below."""

    name = "mobilenetv2"
    test_model_survives_a_file = None
    test_file_agrees_with_keras = None
    test_one_step_of_training_moves_every_layer = None


class TestMobileNetV2Auto(TemplateContract):
    name = "mobilenetv2-auto"
    sets = {"repeat_b6": 2}  # noqa: RUF012


@pytest.mark.parametrize("variant", ["keras", "published"])
def test_the_fixed_network_is_the_searched_one_at_its_defaults(variant: str) -> None:
    fixed = load("mobilenetv2", 10, variant=variant)
    assert discover_space(fixed).names == TRAINING_HYPERPARAMETERS
    searched = load("mobilenetv2-auto", 10, variant=variant)
    assert discover_space(searched).names == (*TRAINING_HYPERPARAMETERS, *REPEATS)
    assert facts(fixed).arch_id == facts(searched).arch_id


def test_size_is_that_of_keras() -> None:
    golden = GOLDEN["MobileNetV2"]
    found = facts(load("mobilenetv2", 1000, (224, 224, 3)))
    assert found.total_params == golden["keras_top1000_total"]
    assert found.trainable_params == golden["keras_top1000_trainable"]
    assert found.macs == 300_774_272


@pytest.mark.parametrize("without_top", [False, "false"])
def test_without_top_it_gives_features(without_top: Any) -> None:
    golden = GOLDEN["MobileNetV2"]
    template = load("mobilenetv2", 1000, (224, 192, 3), include_top=without_top)
    found = facts(template)
    assert found.total_params == golden["keras_notop_total"]
    assert found.trainable_params == golden["keras_notop_trainable"]
    assert found.output_shapes == ((7, 6, 1280),)
    assert template.task == "features"


def test_it_computes_what_keras_computes() -> None:
    ours = model(load("mobilenetv2", 10, (64, 48, 3)))
    theirs = keras.applications.MobileNetV2(weights=None, input_shape=(64, 48, 3), classes=10)
    spread_weights(ours)
    theirs.set_weights(ours.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 64, 48, 3)).astype(np.float32)
    expected = np.asarray(theirs(x, training=False))
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    np.testing.assert_allclose(np.asarray(ours(x, training=False)), expected, atol=1e-6)


def test_published_variant_has_the_published_size() -> None:
    golden = GOLDEN["saunack_MobileNetv2"]
    found = {k: facts(load("mobilenetv2", k, variant="published")) for k in (11, 15)}
    assert found[11].total_params == golden["k11_total"]
    assert found[11].trainable_params == golden["k11_trainable"]
    assert found[15].total_params == golden["k15_total"]


def test_repeats_leave_the_size_and_add_the_work_of_their_block() -> None:
    template = load("mobilenetv2-auto", 10, (224, 224, 3))
    once = facts(template)
    blocks = {
        "repeat_b3": (28, 32),
        "repeat_b4": (14, 64),
        "repeat_b5": (14, 96),
        "repeat_b6": (7, 160),
    }
    sizes = {(once.total_params, once.trainable_params, once.param_bytes)}
    for name, (side, channels) in blocks.items():
        again = facts(template, **{name: 3})
        wide = 6 * channels
        assert again.macs - once.macs == 2 * side**2 * (2 * channels * wide + 9 * wide)
        sizes.add((again.total_params, again.trainable_params, again.param_bytes))
    assert len(sizes) == 1


def test_a_repeated_block_is_the_last_of_its_stage() -> None:
    built = model(load("mobilenetv2-auto", 10), repeat_b3=2, repeat_b4=3, repeat_b6=2)
    calls = [layer.name for layer in built.layers if len(layer._inbound_nodes) > 1]
    parts = ("expand", "depthwise", "project")
    assert {name for name in calls if name.endswith(parts)} == {
        f"{block}_{part}" for block in ("b3_3", "b4_4", "b6_3") for part in parts
    }


@pytest.mark.parametrize(
    ("height", "width", "channels", "classes"), [(40, 75, 1, 2), (97, 33, 3, 300)]
)
def test_published_variant_fits_any_input(
    height: int, width: int, channels: int, classes: int
) -> None:
    template = load("mobilenetv2-auto", classes, (height, width, channels), variant="published")
    found = facts(template, repeat_b3=3, repeat_b5=2, dropout=0.7)
    base = GOLDEN["saunack_MobileNetv2"]["k11_total"] + 1280 * (classes - 11)
    assert found.total_params == base + 9 * 32 * (channels - 3)
    assert found.output_shapes == ((classes,),)
    assert found.uncounted == ()


def test_smallest_input_is_one_pixel_or_one_unpadded_window() -> None:
    assert facts(load("mobilenetv2", 4, (1, 1, 3))).output_shapes == ((4,),)
    with pytest.raises(InputError, match=r"2 x 9 is too small for mobilenetv2.* 3 x 3"):
        model(load("mobilenetv2", 4, (2, 9, 3), variant="published"))
    with pytest.raises(InputError, match="cannot take an input of shape 64"):
        model(load("mobilenetv2", 4, (64,)))


@pytest.mark.parametrize(
    ("name", "options", "sets", "line"),
    [
        ("mobilenetv2", {}, {}, "mobilenetv2"),
        ("mobilenetv2", {"variant": "published"}, {}, "mobilenetv2 published"),
        ("mobilenetv2", {"include_top": False}, {}, "mobilenetv2 without top"),
        ("mobilenetv2-auto", {}, {}, "mobilenetv2-auto"),
        (
            "mobilenetv2-auto",
            {},
            {"repeat_b3": 2, "repeat_b6": 3},
            "mobilenetv2-auto b3_3x2 b6_3x3",
        ),
    ],
)
def test_description(
    name: str, options: Mapping[str, Any], sets: Mapping[str, Any], line: str
) -> None:
    template = load(name, 10, **options)
    assert template.describe(resolve_values(template, {}, sets).values) == line


@pytest.mark.parametrize("options", [{"variant": "v1"}, {"include_top": "no"}, {"include_top": 2}])
def test_options_outside_the_choices_are_refused(options: Mapping[str, Any]) -> None:
    with pytest.raises(UnknownNameError, match=f"a value of option {next(iter(options))}"):
        load("mobilenetv2", 10, **options)
