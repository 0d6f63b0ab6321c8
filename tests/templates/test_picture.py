"""Pictures as geometry: where boxes stand, what every wire joins, how a long network is folded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.records import DrawnBlock
from edgebench.templates import (
    TEMPLATES,
    draw_svg,
    load_template,
    resolve_values,
    usual_arguments,
)
from edgebench.templates.graph_blocks import read_blocks
from edgebench.templates.layout import cut

SVG = "{http://www.w3.org/2000/svg}"
IMAGE = (32, 32, 3)
WIDTHS = (400, 700, 980)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    label: str
    left: float
    top: float
    right: float
    bottom: float

    def has_on_border(self, point: Point) -> bool:
        x, y = point
        is_inside = self.left <= x <= self.right and self.top <= y <= self.bottom
        return is_inside and (x in (self.left, self.right) or y in (self.top, self.bottom))

    def is_crossed(self, start: Point, end: Point) -> bool:
        """Return whether a level or upright line runs through the inside."""
        (x0, x1), (y0, y1) = sorted((start[0], end[0])), sorted((start[1], end[1]))
        return x0 < self.right and x1 > self.left and y0 < self.bottom and y1 > self.top


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing read back: a wire is its pieces, one a band, each a list of points."""

    boxes: list[Box]
    wires: list[list[list[Point]]]
    straight: list[tuple[Point, Point]]
    width: float
    height: float

    @classmethod
    def of(cls, svg: str) -> Picture:
        root = ElementTree.fromstring(svg)
        paths = [str(path.get("d")) for path in root.iter(f"{SVG}path")]
        walked = [list(pieces(path)) for path in paths]
        return cls(
            boxes=list(boxes(root)),
            wires=[[[point for point, _ in piece] for piece in wire] for wire in walked],
            straight=[
                (start[0], end[0])
                for wire in walked
                for piece in wire
                for start, end in pairwise(piece)
                if end[1] != "C"
            ],
            width=float(root.get("width", 0)),
            height=float(root.get("height", 0)),
        )

    def at(self, point: Point) -> Box:
        (found,) = [box for box in self.boxes if box.has_on_border(point)]
        return found


def boxes(root: ElementTree.Element) -> Iterator[Box]:
    for group in root.iter(f"{SVG}g"):
        rect, text = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        if rect is not None and text is not None:
            left, top, width, height = (
                float(rect.get(k, "")) for k in ("x", "y", "width", "height")
            )
            yield Box(str(text.text), left, top, left + width, top + height)


def pieces(path: str) -> Iterator[list[tuple[Point, str]]]:
    """Yield the points of each piece with the command that led there, without the arrow heads."""
    piece: list[tuple[Point, str]] = []
    for command, written in re.findall(r"([MHVC])([^MHVCm]*)", re.sub(r"m[^MHVC]*", "", path)):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", written)]
        if command == "M" and piece:
            yield piece
            piece = []
        x, y = piece[-1][0] if piece else (0.0, 0.0)
        point = {"H": (numbers[-1], y), "V": (x, numbers[-1])}.get(command, tuple(numbers[-2:]))
        piece.append((point, command))
    yield piece


def blocks_of(name: str, shapes: Sequence[tuple[int, ...]], **sets: Any) -> list[DrawnBlock]:
    template = load_template(name, input_shapes=tuple(shapes), classes=4)
    return template.blocks(resolve_values(template, {}, sets).values)


def defaults_of(name: str) -> list[DrawnBlock]:
    shapes, classes = usual_arguments(name)
    template = load_template(name, input_shapes=shapes, classes=classes)
    return template.blocks(resolve_values(template).values)


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


DRAWN = {name: lambda name=name: defaults_of(name) for name in sorted(TEMPLATES)} | {
    "se": lambda: blocks_of("squeezenet-se-auto", [IMAGE], set1_pairs=2, set2_pairs=2, bypass_3=True,
                            **{f"se_{n}": True for n in range(2, 10)},
                            **{f"se_skip_{n}": True for n in range(2, 10)}),
    "sem": lambda: blocks_of("squeezenet-sem-auto", [IMAGE] * 2, merge_at="fire3", se_2=True,
                             se_skip_2=True),
    "sem to the end": lambda: blocks_of("squeezenet-sem-auto", [IMAGE] * 2, merge_at="end", set2_pairs=2,
                                        se_2=True, se_skip_2=True, se_7=True, se_skip_7=True),
    "three": lambda: blocks_of("squeezenet-se1-auto", [IMAGE] * 3, bypass_3=True),
    "mlp": lambda: blocks_of("mlp-auto", [(5,), (3, 2)]),
    "small unet": lambda: blocks_of("unet-auto", [IMAGE], start_filters=8, depth=2),
    "layers": lambda: read_blocks(inception()),
}  # fmt: skip


def check(blocks: Sequence[DrawnBlock], width: int) -> Picture:
    """Draw and hold the picture to all that holds for any network."""
    svg = draw_svg(blocks, "a network", width)
    picture = Picture.of(svg)
    assert Counter(box.label for box in picture.boxes) == Counter(b.label for b in blocks)
    for one, other in combinations(picture.boxes, 2):
        is_beside = one.right <= other.left or other.right <= one.left
        assert is_beside or one.bottom <= other.top or other.bottom <= one.top
    assert picture.width <= width
    for box in picture.boxes:
        assert 0 < box.left < box.right < picture.width
        assert 0 < box.top < box.bottom < picture.height
        assert box.right - box.left >= 6.5 * len(box.label)
    label_of = {block.name: block.label for block in blocks}
    reads = Counter((label_of[name], block.label) for block in blocks for name in block.inputs)
    ends = [
        (picture.at(wire[0][0]).label, picture.at(wire[-1][-1]).label) for wire in picture.wires
    ]
    assert Counter(ends) == reads
    cuts = [(before, after) for wire in picture.wires for before, after in pairwise(wire)]
    for before, after in cuts:
        # Out at the right of all boxes of the picture, in at the left of all, further down.
        assert before[-1][0] > max(box.right for box in picture.boxes)
        assert after[0][0] <= min(box.left for box in picture.boxes)
        assert after[0][1] > before[-1][1]
    return picture


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", list(DRAWN))
def test_every_block_stands_once_and_is_wired_to_all_it_reads(name: str, width: int) -> None:
    picture = check(DRAWN[name](), width)
    assert not [
        (box, line) for box in picture.boxes for line in picture.straight if box.is_crossed(*line)
    ]


@st.composite
def networks(draw: st.DrawFn) -> list[DrawnBlock]:
    """Return a network of any shape, with inputs anywhere and labels of any length."""
    found: list[DrawnBlock] = []
    for index in range(draw(st.integers(1, 16))):
        earlier = [block.name for block in found]
        inputs = (
            draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        )
        label = f"{index} {'x' * draw(st.integers(0, 30))}"
        found.append(
            DrawnBlock(name=str(index), label=label, kind="conv", inputs=tuple(inputs))
        )  # fmt: skip
    return found


@given(networks(), st.sampled_from(WIDTHS))
def test_a_network_of_any_shape_is_drawn_whole(blocks: list[DrawnBlock], width: int) -> None:
    check(blocks, width)


def test_a_narrow_picture_has_more_bands_and_the_same_wires() -> None:
    wide, narrow = (check(DRAWN["se"](), width) for width in (4000, 400))
    assert all(len(wire) == 1 for wire in wide.wires)
    assert len({box.top for box in wide.boxes}) == 1 < len({box.top for box in narrow.boxes})
    assert len(narrow.wires) == len(wide.wires)
    assert any(len(wire) > 1 for wire in narrow.wires)


def test_a_cut_is_made_where_the_fewest_wires_cross_then_in_the_middle() -> None:
    assert cut([10] * 6, [0, 1, 1, 1, 1, 1], 100) == [range(6)]
    assert cut([10] * 6, [0, 1, 1, 1, 1, 1], 40) == [range(3), range(3, 6)]
    assert cut([10] * 6, [0, 1, 1, 3, 1, 1], 40) == [range(2), range(2, 6)]
    assert cut([10, 50, 10], [0, 1, 1], 40) == [range(1), range(1, 2), range(2, 3)]
    assert cut([50], [0], 40) == [range(1)]


def test_branches_stand_one_under_the_other_and_the_trunk_between() -> None:
    picture = Picture.of(draw_svg(DRAWN["sem"](), "two"))
    tops = {box.top for box in picture.boxes if box.label.startswith("input")}
    (merge,) = [box.top for box in picture.boxes if box.label == "add"]
    assert len(tops) == 2
    assert merge == sum(tops) / 2


def test_u_net_goes_down_and_up_again() -> None:
    drawn = Picture.of(draw_svg(DRAWN["unet-auto"](), "u", 4000)).boxes
    tops = {box.label: box.top for box in drawn}
    assert tops["conv 64 x2"] < tops["conv 128 x2"] < tops["conv 1024 x2"]
    assert tops["masks"] == tops["input 256x256x1"]


def test_the_skips_of_a_folded_u_net_pass_the_bands_between() -> None:
    picture = Picture.of(draw_svg(DRAWN["unet"](), "u", 700))
    bands = max(len(wire) for wire in picture.wires)
    assert bands > 2
    passing = [piece for wire in picture.wires for piece in wire[1:-1]]
    assert passing
    # A wire that only passes a band is one level line from side to side, with nothing in its way.
    for (left, height), (right, same) in passing:
        assert height == same
        assert left <= min(box.left for box in picture.boxes)
        assert right > max(box.right for box in picture.boxes)


def test_labels_and_titles_are_escaped_and_told_to_readers() -> None:
    blocks = [DrawnBlock(name="a", label="<b> & 'c'", kind='"><script>')]
    svg = draw_svg(blocks, 'x < "y"')
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == 'x < "y"'
    assert Picture.of(svg).boxes[0].label == "<b> & 'c'"
    assert "<script" not in svg


def test_a_label_that_is_too_long_for_a_box_is_cut() -> None:
    (box,) = Picture.of(draw_svg([DrawnBlock(name="a", label="y" * 300, kind="conv")], "")).boxes
    assert box.label == "y" * 39 + "\N{HORIZONTAL ELLIPSIS}"
    assert box.right < 400


def test_pictures_can_stand_together_in_a_page() -> None:
    svg = draw_svg(DRAWN["sem"](), "t")
    assert not re.findall(r"\b(?:id|href)=|url\(", svg)
    # Colours stand in the style alone, where the page can change them.
    assert not re.findall(r'(?:fill|stroke)="', svg)


@pytest.mark.parametrize("name", ["se", "unet", "mobilenetv2-ssd"])
def test_a_picture_is_small(name: str) -> None:
    blocks = DRAWN[name]()
    assert len(draw_svg(blocks, "t").encode()) < 2_000 + 200 * len(blocks)


def test_a_picture_is_the_same_each_time() -> None:
    assert draw_svg(DRAWN["three"](), "t") == draw_svg(DRAWN["three"](), "t")


def test_any_model_is_drawn_by_its_layers() -> None:
    labels = [block.label for block in DRAWN["layers"]()]
    assert labels[0] == "input 16x16x4"
    assert {"average pool", "conv 1x1 4", "conv 5x5 4", "depthwise conv 3x3", "concatenate", "add",
            "global average pool", "dropout", "dense 3"} <= set(labels)  # fmt: skip
    assert not any("norm" in label or "re lu" in label for label in labels)
