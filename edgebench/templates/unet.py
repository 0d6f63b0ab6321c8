"""U-Net: fixed, and searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import keras_tuner

from edgebench.blocks import Ladder, encoder_decoder
from edgebench.errors import InputError
from edgebench.records import DrawnBlock
from edgebench.templates.base import Template
from edgebench.templates.drawing import BlockChain, shape_label
from edgebench.templates.terms import Shapes


class UNet(Template):
    """U-Net with 64 to 1024 filters: a mask for each class, of the input's height and width.

    One class ends in a sigmoid, more in a softmax over them. Height and width are multiples of 16. 31,031,685
    parameters at one class and channel, 31,032,837 at 3 channels.

    Source: Ronneberger et al. 2015, arXiv:1505.04597, as in Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0:
    see `encoder_decoder`; then a 3x3 convolution to 2 filters with relu, and a 1x1 one. Deviation: that 3x3 one has as
    many filters as classes where there are more than 2, and dropout is searched.
    """

    name = "unet"
    task = "segmentation"
    usual_input_shapes: Shapes = ((256, 256, 1),)
    usual_classes = 1

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)

    def ladder(self, values: Mapping[str, Any]) -> Ladder:
        """Return the levels of these active values."""
        return Ladder()

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        initializer = self.options["initializer"]
        x = encoder_decoder(
            inputs[0],
            self.ladder(values),
            dropout=values["dropout"],
            initializer=initializer,
            name=self.name,
        )
        x = keras.layers.Conv2D(
            max(2, self.classes),
            3,
            padding="same",
            activation="relu",
            kernel_initializer=initializer,
            name="features",
        )(x)
        return keras.layers.Conv2D(
            self.classes,
            1,
            activation="sigmoid" if self.classes == 1 else "softmax",
            kernel_initializer=initializer,
            name="masks",
        )(x)

    def blocks(self, values: Mapping[str, Any]) -> list[DrawnBlock]:
        ladder = self.ladder(values)
        chain = BlockChain()
        tip = chain.add(shape_label(self.input_shapes[0]), "input")
        skips: list[str] = []
        for level in range(ladder.depth + 1):
            if level:
                skips.append(tip)
                tip = chain.add("max pool", "pool", tip, level=level)
            count = ladder.bottom_convs if level == ladder.depth else ladder.down_convs
            tip = chain.add(_convs("conv", ladder, level, count), "conv", tip, level=level)
            if level >= ladder.depth - 1:
                tip = chain.add("dropout", "drop", tip, level=level)
        for level in reversed(range(ladder.depth)):
            up = _convs("up", ladder, level, ladder.up1_convs)
            tip = chain.add(up, "resize", tip, level=level)
            tip = chain.add("skip", "join", tip, skips[level], level=level)
            tip = chain.add(
                _convs("conv", ladder, level, ladder.up2_convs), "conv", tip, level=level
            )
        chain.add("masks", "output", tip)
        return chain.blocks

    def smallest_input(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        step = self.ladder(values).step
        return step, step

    def _check_size(self, values: Mapping[str, Any]) -> None:
        super()._check_size(values)
        step = self.ladder(values).step
        height, width = self.input_shapes[0][:2]
        if height % step or width % step:
            below = [n // step * step for n in (height, width)]
            above = [-(-n // step) * step for n in (height, width)]
            raise InputError(
                f"an input of {height} x {width} does not fit {self.name}: "
                f"height and width must be multiples of {step}, from {step} x {step} on",
                why=f"it is halved {self.ladder(values).depth} times",
                remedy=f"resize to {below[0]} x {below[1]} or {above[0]} x {above[1]}",
            )


def _convs(word: str, ladder: Ladder, level: int, count: int) -> str:
    return f"{word} {ladder.filters(level)}{f' x{count}' if count > 1 else ''}"


class UNetAuto(UNet):
    """`UNet` with searched depth, filters and numbers of convolutions; its defaults are `UNet`.

    Hyperparameters: ``start_filters`` 8, 16, 32 or 64 (default 64), ``depth`` 2..4 (4), ``down_convs`` 1..3 (2),
    ``bottom_convs`` 1..3 (2), ``up1_convs`` 1..2 (1), ``up2_convs`` 1..3 (2); see `Ladder`. Height and width are
    multiples of 2**depth.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0; the ranges of depth and convolutions are not given there.
    """

    name = "unet-auto"

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)
        hp.Choice("start_filters", [8, 16, 32, 64], default=64)
        hp.Int("depth", 2, 4, default=4)
        hp.Int("down_convs", 1, 3, default=2)
        hp.Int("up1_convs", 1, 2, default=1)
        hp.Int("up2_convs", 1, 3, default=2)
        hp.Int("bottom_convs", 1, 3, default=2)

    def describe(self, values: Mapping[str, Any]) -> str:
        """Return a line such as ``64-1024 | down 2 | bottom 2 | up 1+2``: filters, then convolutions a level."""
        ladder = self.ladder(values)
        return (
            f"{ladder.filters(0)}-{ladder.filters(ladder.depth)} | down {ladder.down_convs} | "
            f"bottom {ladder.bottom_convs} | up {ladder.up1_convs}+{ladder.up2_convs}"
        )

    def ladder(self, values: Mapping[str, Any]) -> Ladder:
        names = ("start_filters", "depth", "down_convs", "bottom_convs", "up1_convs", "up2_convs")
        return Ladder(**{name: int(values[name]) for name in names})
