"""MobileNetV2-SSD, the paper's small detector, and mobilenetv2-ssd-auto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, ClassVar

import keras
import keras_tuner

from edgebench.blocks import normed_convolution, ssd_head
from edgebench.records import DrawnBlock
from edgebench.templates.base import Template
from edgebench.templates.bottleneck_plan import (
    EXPANSION,
    Bottleneck,
    plan_bottlenecks,
    repeated_blocks,
)
from edgebench.templates.drawing import BlockChain, shape_label
from edgebench.templates.mobilenetv2 import bottleneck, repeat_space, stem

FIRST_TAP, LAST_TAP = "b4_1", "b5_3"
BOXES = 3
EXTRAS = (
    (256, 512, 3, 2, "same"),
    (128, 256, 3, 2, "same"),
    (128, 256, 3, 1, "valid"),
    (128, 256, 2, 1, "valid"),
)
"""Filters of a 1x1 convolution; filters, kernel, strides and padding of the one after it."""

HALVINGS = 5
LEAST_BEFORE_VALID = 4


class MobileNetV2SSD(Template):
    """A single shot detector on MobileNetV2. 3,507,342 parameters at 10 classes and 3 channels, 3,492,494 trainable.

    Six feature maps, 28, 14, 7, 4, 2 and 1 wide for 224 x 224, have 3 boxes at each position: 3,150 boxes. The output
    is (boxes, 4 + k) with k = classes + 1: a row holds the 4 offsets of its box, then k scores, logits, of which the
    last is the background's. Rows run from the widest map to the narrowest, in each from the top left along
    rows, at each position through its 3 boxes.

    The stem is not padded; the first block widens too (32 to 32); the maps are the widened (1x1, norm, relu6) inputs
    of blocks B4_1 and B5_3, where the trunk ends, and those of four pairs of biased convolutions without norm or
    activation. The published detector has no dropout: fix it to 0 for that. Here it acts where the trunk ends.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0; Liu et al. 2015, "SSD",
    arXiv:1512.02325; Sandler et al. 2018, "MobileNetV2", arXiv:1801.04381. Deviation: the published rows hold the
    scores first.
    """

    name = "mobilenetv2-ssd"
    task = "detection"
    usual_classes = 10
    repeated: ClassVar[Mapping[str, str]] = {}

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)
        repeat_space(hp, self.repeated)

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        initializer = self.options["initializer"]
        x = stem(inputs[0], "valid", initializer)
        for block in self.bottlenecks(values):
            if block.name == FIRST_TAP:
                first = _widen(x, block.name, initializer)
                x = bottleneck(first, replace(block, expansion=None), initializer)
            else:
                x = bottleneck(x, block, initializer)
        x = _widen(x, LAST_TAP, initializer)
        x = keras.layers.Dropout(values["dropout"], name="dropout")(x)
        features = [first, x, *self._extras(x)]
        return ssd_head(features, self.classes + 1, boxes=BOXES, initializer=initializer)

    def bottlenecks(self, values: Mapping[str, Any]) -> tuple[Bottleneck, ...]:
        """Return the whole blocks of the trunk, up to the last tap."""
        repeats = {block: values[name] for name, block in self.repeated.items()}
        every = plan_bottlenecks(repeats, first_expansion=1)
        return tuple(takewhile(lambda block: block.name != LAST_TAP, every))

    def blocks(self, values: Mapping[str, Any]) -> list[DrawnBlock]:
        chain = BlockChain()
        tip = chain.add(shape_label(self.input_shapes[0]), "input")
        tip = chain.add("stem", "conv", tip)
        maps = []
        for block in self.bottlenecks(values):
            if block.name == FIRST_TAP:
                tip = chain.add(f"{FIRST_TAP} expand", "conv", tip)
                maps.append(tip)
            tip = chain.add(str(block), "conv", tip)
        tip = chain.add(f"{LAST_TAP} expand", "conv", tip)
        tip = chain.add("dropout", "drop", tip)
        maps.append(tip)
        for _, filters, kernel, _, _ in EXTRAS:
            tip = chain.add(f"extra {kernel}x{kernel} {filters}", "conv", tip)
            maps.append(tip)
        tip = chain.add("heads", "join", *reversed(maps))
        chain.add("boxes", "output", tip)
        return chain.blocks

    def describe(self, values: Mapping[str, Any]) -> str:
        return f"{self.name} {repeated_blocks(self.bottlenecks(values))}".rstrip()

    def smallest_input(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        side = LEAST_BEFORE_VALID
        for _ in range(HALVINGS):
            side = 2 * side - 1
        side = 2 * side + 1
        return side, side

    def _extras(self, x: keras.KerasTensor) -> list[keras.KerasTensor]:
        initializer = self.options["initializer"]
        features = []
        for index, (narrow, filters, kernel, strides, padding) in enumerate(EXTRAS, 1):
            x = keras.layers.Conv2D(
                narrow, 1, kernel_initializer=initializer, name=f"extra{index}_narrow"
            )(x)
            x = keras.layers.Conv2D(
                filters,
                kernel,
                strides=strides,
                padding=padding,
                kernel_initializer=initializer,
                name=f"extra{index}",
            )(x)
            features.append(x)
        return features


class MobileNetV2SSDAuto(MobileNetV2SSD):
    """The detector with blocks of its trunk running up to three times.

    ``repeat_b3``, ``repeat_b4`` and ``repeat_b5`` 1..3 (default 1) say how often blocks B3_3, B4_4 and B5_2 run, each
    time with the same weights.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0. Deviations: its text repeats B5_3, which
    the trunk cuts after widening, so that B5_2 stands in for it; and B6_3, which lies after the last tap and
    cannot act: `mobilenetv2-auto` has that one.
    """

    name = "mobilenetv2-ssd-auto"
    repeated: ClassVar[Mapping[str, str]] = {
        "repeat_b3": "b3_3",
        "repeat_b4": "b4_4",
        "repeat_b5": "b5_2",
    }


def _widen(x: keras.KerasTensor, block: str, initializer: str) -> keras.KerasTensor:
    return normed_convolution(
        x,
        EXPANSION * x.shape[-1],
        activation="relu6",
        initializer=initializer,
        name=f"{block}_expand",
    )
