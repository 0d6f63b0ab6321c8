"""The fire module of SqueezeNet."""

from __future__ import annotations

import keras

from edgebench.errors import InputError, UnknownNameError

BYPASSES = ("none", "simple", "complex")


def fire(
    x: keras.KerasTensor,
    squeeze: int,
    *,
    bypass: str = "none",
    initializer: str = "he_normal",
    name: str = "fire",
) -> keras.KerasTensor:
    """Squeeze the channels with a 1x1 convolution, expand them with 1x1 and 3x3 ones side by side.

    Every convolution is biased and followed by relu; there is no batch norm. The 1x1 half comes first.

    Args:
        x: Input with c channels.
        squeeze: Filters s of the squeeze, at least 1; each expand has 4s.
        bypass: What is added to the output: ``none``, ``simple`` (the input; needs c = 8s) or ``complex`` (the
            input through a biased 1x1 convolution without activation).
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, c)

    Output shape:
        (batch, height, width, 8s), with (c + 1)s + (s + 1)4s + (9s + 1)4s parameters, and (c + 1)8s more for
        the complex bypass.

    Raises:
        UnknownNameError: ``bypass`` is none of the three.
        InputError: ``squeeze`` is under 1, or the simple bypass meets another number of channels.

    Source: Iandola et al. 2016, "SqueezeNet", arXiv:1602.07360, section 3.2; bypasses from section 6.
    """
    if bypass not in BYPASSES:
        raise UnknownNameError("a bypass", bypass, BYPASSES)
    if squeeze < 1:
        raise InputError(f"{name} cannot squeeze to {squeeze} filters", remedy="use 1 or more")
    expand, channels = 4 * squeeze, x.shape[-1]
    if bypass == "simple" and channels != 2 * expand:
        raise InputError(
            f"{name} cannot add its {channels} input channels to its {2 * expand} output channels",
            why="a simple bypass needs equal channels",
            remedy="use the complex bypass there",
        )

    def convolve(
        tensor: keras.KerasTensor, filters: int, kernel: int, part: str, activation: str | None
    ) -> keras.KerasTensor:
        return keras.layers.Conv2D(
            filters,
            kernel,
            padding="same",
            activation=activation,
            kernel_initializer=initializer,
            name=f"{name}_{part}",
        )(tensor)

    squeezed = convolve(x, squeeze, 1, "squeeze", "relu")
    halves = [
        convolve(squeezed, expand, 1, "expand1x1", "relu"),
        convolve(squeezed, expand, 3, "expand3x3", "relu"),
    ]
    output = keras.layers.Concatenate(name=f"{name}_concat")(halves)
    if bypass == "none":
        return output
    source = x if bypass == "simple" else convolve(x, 2 * expand, 1, "bypass", None)
    return keras.layers.Add(name=f"{name}_add")([output, source])
