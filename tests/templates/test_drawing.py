from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import keras
import pytest

from edgebench.records import DrawnBlock
from edgebench.templates import draw_svg, draw_text, load_template, resolve_values
from edgebench.templates.drawing import BlockChain, lanes
from edgebench.templates.fire_plan import Attention, Fire, FirePlan, Pool
from edgebench.templates.graph_blocks import read_blocks

SVG = "{http://www.w3.org/2000/svg}"
IMAGE = (32, 32, 3)


def plan() -> FirePlan:
    skipping = Attention(kind="se", ratio=16, skip=True)
    return FirePlan(
        stem_filters=96,
        stem_kernel=3,
        stages=(
            Fire(number=2, squeeze=16, attention=skipping),
            Fire(
                number=3, squeeze=16, bypass="simple", attention=Attention(kind="eca", ratio=None)
            ),
            Pool(kind="avg", after=3),
        ),
    )


def boxes(svg: str) -> list[tuple[str, float, float, float, float]]:
    """Return label, left, top, right and bottom of each box."""
    found = []
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        rect, text = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        if rect is not None and text is not None:
            left, top, width, height = (
                float(rect.get(k, "")) for k in ("x", "y", "width", "height")
            )
            found.append((str(text.text), left, top, left + width, top + height))
    return found


def wires(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [
        str(path.get("d"))
        for group in root.findall(f"{SVG}g")
        for path in group.findall(f"{SVG}path")
    ]


def blocks_of(name: str, shapes: Sequence[tuple[int, ...]], **sets: Any) -> list[DrawnBlock]:
    template = load_template(name, input_shapes=tuple(shapes), classes=4)
    return template.blocks(resolve_values(template, {}, sets).values)


def test_fires_are_drawn_in_words() -> None:
    assert draw_text(plan().blocks([IMAGE]), 200) == (
        "input 32x32x3 -> conv1 -> max pool -> fire2 -> SE(16) -> skip -> fire3 -> bypass -> ECA -> "
        "avg pool -> dropout -> conv10 -> global pool -> softmax"
    )


def test_a_long_line_is_wrapped_before_an_arrow() -> None:
    lines = draw_text(plan().blocks([IMAGE]), 40).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("input 32x32x3 -> conv1")
    assert all(line.startswith("  -> ") for line in lines[1:])


def test_branches_have_a_line_each_and_merge() -> None:
    text = draw_text(plan().merged("fire2", "add").blocks([IMAGE, (32, 32, 1)]), 200)
    assert text.splitlines() == [
        "a: input 32x32x3 -> conv1 -> max pool -> fire2 -> SE(16) -> skip",
        "b: input 32x32x1 -> conv1 -> max pool -> fire2 -> SE(16) -> skip",
        "c: a, b -> add -> fire3 -> bypass -> ECA -> avg pool -> dropout -> conv10 -> global pool "
        "-> softmax",
    ]


def test_skips_and_bypasses_read_the_input_of_their_fire() -> None:
    reads = {block.name: block.inputs for block in plan().blocks([IMAGE])}
    assert reads["skip"] == ("SE(16)", "max pool")
    assert reads["bypass"] == ("fire3", "skip")


def test_complex_bypass_is_told_apart() -> None:
    complex_one = FirePlan(
        stem_filters=96, stem_kernel=3, stages=(Fire(number=2, squeeze=16, bypass="complex"),)
    )
    assert "fire2 -> bypass 1x1 -> dropout" in draw_text(complex_one.blocks([IMAGE]))


def test_a_fork_tells_where_it_comes_from() -> None:
    chain = BlockChain()
    start = chain.add("input", "input")
    stem = chain.add("stem", "conv", start)
    left = chain.add("left", "conv", stem)
    right = chain.add("right", "conv", stem)
    chain.add("join", "join", left, right)
    assert draw_text(chain.blocks).splitlines() == [
        "a: input -> stem -> left", "b: a (stem) -> right", "c: a, b -> join",
    ]  # fmt: skip
    assert [lane.sources for lane in lanes(chain.blocks)] == [(), ("stem",), ("left", "right")]


def test_more_lines_than_letters() -> None:
    chain = BlockChain()
    ends = [chain.add(f"input {i}", "input") for i in range(28)]
    chain.add("join", "join", *ends)
    lines = draw_text(chain.blocks, 400).splitlines()
    assert [line.split(":")[0] for line in lines[25:]] == ["z", "aa", "ab", "ac"]


def test_equal_labels_have_names_of_their_own() -> None:
    chain = BlockChain()
    assert [chain.add("pool", "pool") for _ in range(3)] == ["pool", "pool 2", "pool 3"]


DRAWN = {
    "se": lambda: blocks_of("squeezenet-se-auto", [IMAGE], set2_pairs=2, se_2=True, se_skip_2=True,
                            bypass_3=True, se_5=True, se_skip_5=True),
    "sem": lambda: blocks_of("squeezenet-sem-auto", [IMAGE] * 2, merge_at="fire3", se_2=True,
                             se_skip_2=True),
    "three": lambda: blocks_of("squeezenet-se1-auto", [IMAGE] * 3, bypass_3=True),
    "mlp": lambda: blocks_of("mlp-auto", [(5,), (3, 2)]),
    "unet": lambda: blocks_of("unet-auto", [IMAGE], start_filters=8),
    "layers": lambda: read_blocks(inception()),
}  # fmt: skip


def inception() -> keras.Model:
    layers = keras.layers
    x = inputs = keras.Input((16, 16, 4))
    for _ in range(3):
        pooled = layers.Conv2D(4, 1)(layers.AveragePooling2D(3, 1, padding="same")(x))
        wide = layers.Conv2D(4, 5, padding="same")(layers.Conv2D(4, 1)(x))
        deep = layers.DepthwiseConv2D(3, padding="same")(x)
        y = layers.Concatenate()([layers.Conv2D(4, 1)(x), wide, deep, pooled])
        y = layers.BatchNormalization()(layers.Conv2D(4, 1)(y))
        x = layers.Add()([layers.ReLU()(y), x])
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(3)(x))


@pytest.mark.parametrize("name", list(DRAWN))
def test_picture_has_every_block_once_and_none_over_another(name: str) -> None:
    blocks = DRAWN[name]()
    svg = draw_svg(blocks, name)
    drawn = boxes(svg)
    assert sorted(box[0] for box in drawn) == sorted(block.label for block in blocks)
    for (_, left, top, right, bottom), other in combinations(drawn, 2):
        assert right <= other[1] or other[3] <= left or bottom <= other[2] or other[4] <= top
    root = ElementTree.fromstring(svg)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert all(left >= 0 and right <= width and top >= 0 and bottom <= height
               for _, left, top, right, bottom in drawn)  # fmt: skip
    assert all(right - left >= 6.5 * len(label) for label, left, _, right, _ in drawn)


@pytest.mark.parametrize("name", list(DRAWN))
def test_picture_has_an_arrow_for_everything_that_is_read(name: str) -> None:
    blocks = DRAWN[name]()
    svg = draw_svg(blocks, name)
    assert len(wires(svg)) == sum(len(block.inputs) for block in blocks)
    starts = [float(n) for d in wires(svg) for n in re.findall(r"^M([\d.]+)", d)]
    ends = [float(re.findall(r"H([\d.]+)|([\d.]+),[\d.]+$", d)[-1][0] or
                  re.findall(r"([\d.]+),[\d.]+$", d)[0]) for d in wires(svg)]  # fmt: skip
    assert all(start < end for start, end in zip(starts, ends, strict=True))


def test_branches_stand_one_under_the_other_and_the_trunk_between() -> None:
    drawn = boxes(draw_svg(DRAWN["sem"](), "two"))
    tops = {top for label, _, top, _, _ in drawn if label.startswith("input")}
    (merge,) = [top for label, _, top, _, _ in drawn if label == "add"]
    assert len(tops) == 2
    assert merge == sum(tops) / 2


def test_u_net_goes_down_and_up_again() -> None:
    drawn = boxes(draw_svg(DRAWN["unet"](), "u"))
    tops = {label: top for label, _, top, _, _ in drawn if label.startswith("conv")}
    assert tops["conv 8 x2"] < tops["conv 16 x2"] < tops["conv 128 x2"]
    masks = next(top for label, _, top, _, _ in drawn if label == "masks")
    assert masks == drawn[0][2]


def test_labels_and_titles_are_escaped_and_told_to_readers() -> None:
    blocks = [DrawnBlock(name="a", label="<b> & 'c'", kind='"odd"')]
    root = ElementTree.fromstring(draw_svg(blocks, 'x < "y"'))
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == 'x < "y"'
    assert boxes(draw_svg(blocks, ""))[0][0] == "<b> & 'c'"


def test_a_picture_is_the_same_each_time() -> None:
    assert draw_svg(DRAWN["three"](), "t") == draw_svg(DRAWN["three"](), "t")


def test_any_model_is_drawn_by_its_layers() -> None:
    labels = [block.label for block in DRAWN["layers"]()]
    assert labels[0] == "input 16x16x4"
    assert {"average pool", "conv 1x1 4", "conv 5x5 4", "depthwise conv 3x3", "concatenate", "add",
            "global average pool", "dropout", "dense 3"} <= set(labels)  # fmt: skip
    assert not any("norm" in label or "re lu" in label for label in labels)
