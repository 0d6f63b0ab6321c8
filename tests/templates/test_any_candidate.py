"""Candidates drawn at random, over inputs and classes drawn with them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebench.errors import InputError
from edgebench.templates import discover_space, draw_text, load_template, read_graph
from edgebench.templates.base import Template

SIDES = st.integers(32, 224)
CHANNELS = st.sampled_from([1, 3])
CLASSES = st.integers(2, 1000)
SEEDS = st.integers(0, 2**32 - 1)
MERGED_AFTER = {"conv1": 1, **{f"fire{n}": n for n in range(2, 10)}, "end": 9}
few = settings(max_examples=8)


def draw(template: Template, seed: int) -> dict[str, Any]:
    """Return the active values of a random candidate."""
    space = discover_space(template)
    choose = random.Random(seed)
    chosen = {}
    for name in space.names:
        entry = space.entry(name)
        low_high = (getattr(entry, "min_value", None), getattr(entry, "max_value", None))
        is_fraction = isinstance(low_high[0], float)
        chosen[name] = (
            choose.uniform(*low_high) if is_fraction else choose.choice(list(entry.values))
        )
    space.settle(chosen)
    return dict(space.values)


def conv(kernel: int, inputs: int, outputs: int) -> int:
    return (kernel * kernel * inputs + 1) * outputs


def fires(values: Mapping[str, Any], numbers: range, channels: int) -> int:
    """Count the parameters of some fires, as the paper's page states them."""
    total = 0
    for number in numbers:
        pair = number // 2
        squeeze, outputs = 16 * pair, 128 * pair
        expands = conv(1, squeeze, outputs // 2) + conv(3, squeeze, outputs // 2)
        total += conv(1, channels, squeeze) + expands
        if values[f"se_{number}"]:
            units = outputs // values[f"se_ratio_{pair}"]
            total += 2 * outputs * units + units + outputs
            if values[f"se_skip_{number}"] and channels != outputs:
                total += conv(1, channels, outputs) + 2 * outputs
        channels = outputs
    return total


@few
@given(st.lists(CHANNELS, min_size=1, max_size=3), SIDES, SIDES, CLASSES, SEEDS)
def test_sem_auto(channels: list[int], height: int, width: int, classes: int, seed: int) -> None:
    template = load_template(
        "squeezenet-sem-auto",
        input_shapes=tuple((height, width, c) for c in channels),
        classes=classes,
    )
    values = draw(template, seed)
    last = 2 * (values["set1_pairs"] + values["set2_pairs"]) + 1
    cut = min(last, MERGED_AFTER[values.get("merge_at", "conv1")])
    channels_at_cut = 128 * (cut // 2) if cut > 1 else 96
    stems = sum(conv(3, c, 96) for c in channels)
    branches = len(channels) * fires(values, range(2, cut + 1), 96)
    trunk = fires(values, range(cut + 1, last + 1), channels_at_cut)
    facts = read_graph(template.assemble(values))
    assert facts.trainable_params == stems + branches + trunk + conv(1, 128 * (last // 2), classes)
    assert facts.output_shapes == ((classes,),)
    assert len(draw_text(template.blocks(values)).splitlines()) >= len(channels)


@few
@given(st.lists(CHANNELS, min_size=1, max_size=3), SIDES, SIDES, CLASSES, SEEDS)
def test_se1_auto(channels: list[int], height: int, width: int, classes: int, seed: int) -> None:
    template = load_template(
        "squeezenet-se1-auto",
        input_shapes=tuple((height, width, c) for c in channels),
        classes=classes,
    )
    values = draw(template, seed)
    last = 2 * (values["set1_pairs"] + values["set2_pairs"]) + 1
    expected = sum(conv(3, c, 96) for c in channels) + fires(values, range(2, last + 1), 96)
    facts = read_graph(template.assemble(values))
    assert facts.trainable_params == expected + conv(1, 128 * (last // 2), classes)


@few
@given(st.lists(st.integers(1, 40), min_size=1, max_size=3), CLASSES, SEEDS)
def test_mlp_auto(shape: list[int], classes: int, seed: int) -> None:
    template = load_template("mlp-auto", input_shapes=(tuple(shape),), classes=classes)
    values = draw(template, seed)
    widths = [math.prod(shape), *(values[f"units_{i + 1}"] for i in range(values["layers"]))]
    widths.append(classes)
    expected = sum((a + 1) * b for a, b in pairwise(widths))
    assert read_graph(template.assemble(values)).trainable_params == expected


@settings(max_examples=5)
@given(SIDES, SIDES, CHANNELS, st.integers(1, 5), SEEDS)
def test_unet_auto(height: int, width: int, channels: int, classes: int, seed: int) -> None:
    template = load_template(
        "unet-auto", input_shapes=((height, width, channels),), classes=classes
    )
    values = draw(template, seed)
    step = 2 ** values["depth"]
    if height % step or width % step:
        with pytest.raises(InputError, match=f"multiples of {step}, from {step} x {step}"):
            template.assemble(values)
        height, width = height // step * step, width // step * step
        template = load_template(
            "unet-auto", input_shapes=((height, width, channels),), classes=classes
        )
    facts = read_graph(template.assemble(values))
    assert facts.output_shapes == ((height, width, classes),)
    assert facts.uncounted == ()
