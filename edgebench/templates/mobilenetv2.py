"""MobileNetV2, and mobilenetv2-auto: blocks that run again with their own weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras
import keras_tuner

from edgebench.blocks import inverted_residual, normed_convolution
from edgebench.records import DrawnBlock
from edgebench.templates.base import Option, Template
from edgebench.templates.bottleneck_plan import Bottleneck, plan_bottlenecks, repeated_blocks
from edgebench.templates.drawing import BlockChain, shape_label

VARIANTS = ("keras", "published")
STEM_FILTERS = 32
LAST_FILTERS = 1280
MOST_REPEATS = 3


class MobileNetV2(Template):
    """MobileNetV2 of width 1.0. 3,538,984 parameters at 1000 classes and 3 channels, 3,504,872 of them trainable.

    Option ``include_top``: false leaves out pool, dropout and classifier; the output is the feature map, with
    2,257,984 and 2,223,872 parameters, and the task is ``features``.

    Option ``variant``: ``keras`` as Keras ships it; ``published`` as the base of the paper's detector: the stem is not
    padded, the first block widens too (32 to 32), the last convolution has neither norm nor activation, and the
    classifier no bias: 2,268,096 and 2,236,480 parameters at 11 classes.

    Source: Sandler et al. 2018, "MobileNetV2", arXiv:1801.04381, table 2. Deviations: dropout before the
    classifier is searched; batch norms keep Keras's momentum of 0.99, where its own MobileNetV2 has 0.999, which
    is slow for trainings of few epochs.
    """

    name = "mobilenetv2"
    known_options: ClassVar[Mapping[str, Option]] = {
        **Template.known_options,
        "include_top": Option(True, (True, False)),
        "variant": Option("keras", VARIANTS),
    }

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        if not self.options["include_top"]:
            self.task = "features"

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        initializer, is_published = self.options["initializer"], self._is_published
        x = stem(inputs[0], "valid" if is_published else "same", initializer)
        for block in self.bottlenecks(values):
            x = bottleneck(x, block, initializer)
        if is_published:
            x = keras.layers.Conv2D(
                LAST_FILTERS, 1, use_bias=False, kernel_initializer=initializer, name="last"
            )(x)
        else:
            x = normed_convolution(
                x, LAST_FILTERS, activation="relu6", initializer=initializer, name="last"
            )
        return self._top(x, values["dropout"]) if self.options["include_top"] else x

    def bottlenecks(self, values: Mapping[str, Any]) -> tuple[Bottleneck, ...]:
        """Return the trunk of these active values."""
        return plan_bottlenecks({}, first_expansion=1 if self._is_published else None)

    def blocks(self, values: Mapping[str, Any]) -> list[DrawnBlock]:
        chain = BlockChain()
        tip = chain.add(shape_label(self.input_shapes[0]), "input")
        tip = chain.add("stem", "conv", tip)
        for block in self.bottlenecks(values):
            tip = chain.add(str(block), "conv", tip)
        tip = chain.add(f"conv {LAST_FILTERS}", "conv", tip)
        if not self.options["include_top"]:
            return chain.blocks
        tip = chain.add("average", "pool", tip)
        tip = chain.add("dropout", "drop", tip)
        chain.add("softmax", "output", tip)
        return chain.blocks

    def describe(self, values: Mapping[str, Any]) -> str:
        variant = " published" if self._is_published else ""
        top = "" if self.options["include_top"] else " without top"
        return f"{self.name}{variant}{top}"

    def smallest_input(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        side = 3 if self._is_published else 1
        return side, side

    def _top(self, x: keras.KerasTensor, dropout: float) -> keras.KerasTensor:
        x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
        x = keras.layers.Dropout(dropout, name="dropout")(x)
        return keras.layers.Dense(
            self.classes,
            use_bias=not self._is_published,
            activation="softmax",
            kernel_initializer=self.options["initializer"],
            name="classifier",
        )(x)

    @property
    def _is_published(self) -> bool:
        return bool(self.options["variant"] == "published")


class MobileNetV2Auto(MobileNetV2):
    """MobileNetV2 in which the last block of stages 3 to 6 runs up to three times.

    ``repeat_b3`` .. ``repeat_b6`` 1..3 (default 1, the plain network) say how often blocks B3_3, B4_4, B5_3 and B6_3
    run. A repetition has the same weights, batch norms included: size never changes, work and latency do.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0.
    """

    name = "mobilenetv2-auto"
    repeated: ClassVar[Mapping[str, str]] = {
        "repeat_b3": "b3_3",
        "repeat_b4": "b4_4",
        "repeat_b5": "b5_3",
        "repeat_b6": "b6_3",
    }

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)
        repeat_space(hp, self.repeated)

    def bottlenecks(self, values: Mapping[str, Any]) -> tuple[Bottleneck, ...]:
        repeats = {block: values[name] for name, block in self.repeated.items()}
        return plan_bottlenecks(repeats, first_expansion=1 if self._is_published else None)

    def describe(self, values: Mapping[str, Any]) -> str:
        return f"{super().describe(values)} {repeated_blocks(self.bottlenecks(values))}".rstrip()


def repeat_space(hp: keras_tuner.HyperParameters, repeated: Mapping[str, str]) -> None:
    """Register how often each of these blocks runs."""
    for name in repeated:
        hp.Int(name, 1, MOST_REPEATS, default=1)


def stem(x: keras.KerasTensor, padding: str, initializer: str) -> keras.KerasTensor:
    """Return the first convolution: 3x3, strides 2, 32 filters."""
    return normed_convolution(
        x,
        STEM_FILTERS,
        3,
        strides=2,
        padding=padding,
        activation="relu6",
        initializer=initializer,
        name="stem",
    )


def bottleneck(x: keras.KerasTensor, block: Bottleneck, initializer: str) -> keras.KerasTensor:
    """Return the output of one planned block."""
    return inverted_residual(
        x,
        block.filters,
        expansion=block.expansion,
        strides=block.strides,
        repeats=block.repeats,
        initializer=initializer,
        name=block.name,
    )
