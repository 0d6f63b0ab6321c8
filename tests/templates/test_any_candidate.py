"""Candidates of every template, drawn jointly with input size, channels and classes.

What each has for parameters is counted here again, from the layers that the papers name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from edgebench.errors import InputError
from edgebench.templates import (
    TEMPLATES,
    discover_space,
    draw_svg,
    draw_text,
    load_template,
    read_graph,
)
from edgebench.templates.base import Template

GOLDEN = json.loads((Path(__file__).parents[1] / "assets" / "sizes.json").read_text())
SIDES = st.integers(32, 224)
# A dense layer has a weight for each pixel: larger ones only take memory.
DENSE_SIDES = st.integers(1, 40)
CHANNELS = st.sampled_from([1, 3])
MERGED_AFTER = {"conv1": 1, **{f"fire{n}": n for n in range(2, 10)}, "end": 9}
SSD_MAPS = (192, 576, 512, 256, 256, 256)
# A second or more each to build: fewer are drawn.
SLOW_TO_BUILD = {name for name in TEMPLATES if name.startswith("mobilenetv2")} | {"unet"}
Values = Mapping[str, Any]
Shapes = Sequence[tuple[int, ...]]


def draw_values(draw: st.DrawFn, template: Template) -> dict[str, Any]:
    """Draw every hyperparameter, then keep the active ones."""
    space = discover_space(template)
    chosen = {}
    for name in space.names:
        entry = space.entry(name)
        low, high = (getattr(entry, end, None) for end in ("min_value", "max_value"))
        is_fraction = isinstance(low, float)
        chosen[name] = draw(
            st.floats(low, high) if is_fraction else st.sampled_from(list(entry.values))
        )
    space.settle(chosen)
    return dict(space.values)


def conv(kernel: int, inputs: int, outputs: int) -> int:
    return (kernel * kernel * inputs + 1) * outputs


def fires(values: Values, numbers: range, channels: int) -> int:
    total = 0
    for number in numbers:
        pair = number // 2
        squeeze, outputs = 16 * pair, 128 * pair
        expands = conv(1, squeeze, outputs // 2) + conv(3, squeeze, outputs // 2)
        total += conv(1, channels, squeeze) + expands
        if values.get(f"se_{number}"):
            units = outputs // values[f"se_ratio_{pair}"]
            total += 2 * outputs * units + units + outputs
            if values.get(f"se_skip_{number}") and channels != outputs:
                total += conv(1, channels, outputs) + 2 * outputs
        channels = outputs
    return total


def squeezenet(stem_kernel: int, stem_filters: int, *, has_se: bool) -> Callable[..., int]:
    def size(values: Values, shapes: Shapes, classes: int) -> int:
        se = {f"se_{n}": has_se for n in range(2, 10)} | {f"se_ratio_{p}": 16 for p in range(1, 5)}
        body = fires(se, range(2, 10), stem_filters)
        return conv(stem_kernel, shapes[0][-1], stem_filters) + body + conv(1, 512, classes)

    return size


def merged_fires(values: Values, shapes: Shapes, classes: int, cut: int = 1) -> int:
    last = 2 * (values["set1_pairs"] + values["set2_pairs"]) + 1
    cut = min(last, cut)
    stems = sum(conv(3, shape[-1], 96) for shape in shapes)
    branches = len(shapes) * fires(values, range(2, cut + 1), 96)
    trunk = fires(values, range(cut + 1, last + 1), 128 * (cut // 2) if cut > 1 else 96)
    return stems + branches + trunk + conv(1, 128 * (last // 2), classes)


def merged_where_chosen(values: Values, shapes: Shapes, classes: int) -> int:
    return merged_fires(values, shapes, classes, MERGED_AFTER[values.get("merge_at", "conv1")])


def mlp(values: Values, shapes: Shapes, classes: int) -> int:
    hidden = [values[f"units_{i + 1}"] for i in range(values["layers"])]
    widths = [sum(map(math.prod, shapes)), *hidden, classes]
    return sum((a + 1) * b for a, b in pairwise(widths))


def unet(values: Values, shapes: Shapes, classes: int) -> int:
    defaults = {
        "start_filters": 64, "depth": 4, "down_convs": 2, "bottom_convs": 2,
        "up1_convs": 1, "up2_convs": 2,
    }  # fmt: skip
    wanted = {**defaults, **values}

    def run(kernel: int, inputs: int, outputs: int, count: int) -> int:
        return conv(kernel, inputs, outputs) + (count - 1) * conv(kernel, outputs, outputs)

    first, depth = wanted["start_filters"], wanted["depth"]
    total, channels = 0, shapes[0][-1]
    for level in range(depth):
        total += run(3, channels, first << level, wanted["down_convs"])
        total += run(2, 2 * (first << level), first << level, wanted["up1_convs"])
        total += run(3, 2 * (first << level), first << level, wanted["up2_convs"])
        channels = first << level
    total += run(3, channels, first << depth, wanted["bottom_convs"])
    features = max(2, classes)
    return total + conv(3, first, features) + conv(1, features, classes)


def mobilenet(values: Values, shapes: Shapes, classes: int) -> int:
    golden = GOLDEN["MobileNetV2"]["keras_notop_trainable"]
    return int(golden + 1281 * classes + 9 * 32 * (shapes[0][-1] - 3))


def detector(values: Values, shapes: Shapes, classes: int) -> int:
    heads = 3 * (9 * sum(SSD_MAPS) + len(SSD_MAPS))
    stem = 9 * 32 * (shapes[0][-1] - 3)
    return int(GOLDEN["saunack_SSD"]["trainable"] + stem + heads * (classes - 10))


SIZES: dict[str, Callable[[Values, Shapes, int], int]] = {
    "mlp-auto": mlp,
    "mobilenetv2": mobilenet,
    "mobilenetv2-auto": mobilenet,
    "mobilenetv2-ssd": detector,
    "mobilenetv2-ssd-auto": detector,
    "squeezenet-1.0": squeezenet(7, 96, has_se=False),
    "squeezenet-1.1": squeezenet(3, 64, has_se=False),
    "squeezenet-auto": merged_fires,
    "squeezenet-se": squeezenet(7, 96, has_se=True),
    "squeezenet-se-auto": merged_fires,
    "squeezenet-se1-auto": merged_fires,
    "squeezenet-sem-auto": merged_where_chosen,
    "unet": unet,
    "unet-auto": unet,
}


def output_shape(template: Template, height: int, width: int, classes: int) -> tuple[int, ...]:
    if template.task == "segmentation":
        return height, width, classes
    if template.task == "detection":
        boxes = 3 * sum(h * w for h, w in zip(sides(height), sides(width), strict=True))
        return boxes, 4 + classes + 1
    return (classes,)


def sides(size: int) -> list[int]:
    """Return the sides of the detector's six maps, worked out from strides and paddings alone."""
    stem = (size - 3) // 2 + 1
    first = -(-stem // 4)
    second = -(-first // 2)
    third = -(-second // 2)
    fourth = -(-third // 2)
    return [first, second, third, fourth, fourth - 2, fourth - 3]


def test_every_template_is_counted() -> None:
    assert sorted(SIZES) == sorted(TEMPLATES)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_any_candidate_of_any_input_has_its_size(name: str) -> None:
    examples = 8 if name in SLOW_TO_BUILD else 30
    look = given(data=st.data())(lambda data: check_candidate(name, data))
    settings(max_examples=examples, phases=[Phase.explicit, Phase.generate])(look)()


def check_candidate(name: str, data: st.DataObject) -> None:
    """Build what is drawn, and hold it against its own count."""
    lengths = DENSE_SIDES if name.startswith("mlp") else SIDES
    height, width = data.draw(lengths), data.draw(lengths)
    takes_many = load_template(name, input_shapes=((224, 224, 3),), classes=2).input_count is None
    channels = data.draw(st.lists(CHANNELS, min_size=1, max_size=3 if takes_many else 1))
    classes = data.draw(st.integers(2, 1000))

    def load(height: int, width: int) -> Template:
        shapes = tuple((height, width, count) for count in channels)
        return load_template(name, input_shapes=shapes, classes=classes)

    template = load(height, width)
    values = data.draw(st.composite(draw_values)(template))
    smallest = template.smallest_input(values) or (1, 1)
    least = " x ".join(map(str, smallest))
    step = 2 ** values.get("depth", 4) if template.task == "segmentation" else 1
    if height < smallest[0] or width < smallest[1] or height % step or width % step:
        with pytest.raises(InputError, match=least):
            template.assemble(values)
        height, width = (
            max(n // step * step, low) for n, low in zip((height, width), smallest, strict=True)
        )
        template = load(height, width)
    facts = read_graph(template.assemble(values))
    assert facts.trainable_params == SIZES[name](values, template.input_shapes, classes)
    assert facts.output_shapes == (output_shape(template, height, width, classes),)
    assert facts.uncounted == ()
    blocks = template.blocks(values)
    assert len(draw_text(blocks).splitlines()) >= len(channels)
    assert draw_svg(blocks, name).count("<text") == len(blocks)
