"""Inception modules: four branches side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

import keras

from edgebench.blocks.normed_convolution import normed_convolution
from edgebench.errors import InputError

Convolve = Callable[[keras.KerasTensor, int, int, str], keras.KerasTensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class InceptionWidths:
    """Filters of a module, each at least 1: ``reduce_3`` and ``reduce_5`` come before the 3x3 and the 5x5.

    Raises:
        InputError: One is under 1.
    """

    conv_1: int
    reduce_3: int
    conv_3: int
    reduce_5: int
    conv_5: int
    pool: int

    def __post_init__(self) -> None:
        if min(astuple(self)) < 1:
            raise InputError(f"{self} has a branch without filters", remedy="use 1 or more")


def inception_v1(
    x: keras.KerasTensor,
    widths: InceptionWidths,
    *,
    initializer: str = "he_normal",
    name: str = "inception",
) -> keras.KerasTensor:
    """Concatenate a 1x1, a reduced 3x3, a reduced 5x5 convolution and a 3x3 max pool with a 1x1 after it.

    Every convolution is biased and followed by relu.

    Args:
        x: Input with c channels.
        widths: Filters: a = conv_1, b = reduce_3, m = conv_3, d = reduce_5, e = conv_5, p = pool.
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, c)

    Output shape:
        (batch, height, width, a + m + e + p), with (c + 1)(a + b + d + p) + (9b + 1)m + (25d + 1)e parameters.

    Source: Szegedy et al. 2014, "Going Deeper with Convolutions", arXiv:1409.4842, figure 2b.
    """

    def convolve(
        tensor: keras.KerasTensor, filters: int, kernel: int, part: str
    ) -> keras.KerasTensor:
        return keras.layers.Conv2D(
            filters,
            kernel,
            padding="same",
            activation="relu",
            kernel_initializer=initializer,
            name=f"{name}_{part}",
        )(tensor)

    fives = [("conv5x5", 5)]
    return _branches(x, widths, convolve, fives, name)


def inception_v2(
    x: keras.KerasTensor,
    widths: InceptionWidths,
    *,
    initializer: str = "he_normal",
    name: str = "inception",
) -> keras.KerasTensor:
    """As `inception_v1`, with two 3x3 convolutions for the 5x5, and batch norms for the biases.

    Args:
        x: Input with c channels.
        widths: Filters: a = conv_1, b = reduce_3, m = conv_3, d = reduce_5, e = conv_5 (both), p = pool.
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, c)

    Output shape:
        (batch, height, width, a + m + e + p), with c(a + b + d + p) + 9bm + 9de + 9ee + 2(a + b + m + d + 2e + p)
        trainable parameters; the last term again as moving ones.

    Source: Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision", arXiv:1512.00567,
    figure 5; the batch norms are those of Ioffe and Szegedy 2015, arXiv:1502.03167.
    """

    def convolve(
        tensor: keras.KerasTensor, filters: int, kernel: int, part: str
    ) -> keras.KerasTensor:
        return normed_convolution(
            tensor, filters, kernel, initializer=initializer, name=f"{name}_{part}"
        )

    fives = [("conv5x5_a", 3), ("conv5x5_b", 3)]
    return _branches(x, widths, convolve, fives, name)


def _branches(
    x: keras.KerasTensor,
    widths: InceptionWidths,
    convolve: Convolve,
    fives: list[tuple[str, int]],
    name: str,
) -> keras.KerasTensor:
    three = convolve(x, widths.reduce_3, 1, "reduce3x3")
    five = convolve(x, widths.reduce_5, 1, "reduce5x5")
    for part, kernel in fives:
        five = convolve(five, widths.conv_5, kernel, part)
    pool = keras.layers.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
    branches = [
        convolve(x, widths.conv_1, 1, "conv1x1"),
        convolve(three, widths.conv_3, 3, "conv3x3"),
        five,
        convolve(pool, widths.pool, 1, "project"),
    ]
    return keras.layers.Concatenate(name=f"{name}_concat")(branches)
