"""The residual block of ResNet."""

from __future__ import annotations

import keras

from edgebench.blocks.normed_convolution import normed_convolution

BOTTLENECK_WIDENING = 4


def residual(
    x: keras.KerasTensor,
    filters: int,
    *,
    strides: int = 1,
    bottleneck: bool = False,
    initializer: str = "he_normal",
    name: str = "residual",
) -> keras.KerasTensor:
    """Add the input to two 3x3 convolutions of it, or to a bottleneck: 1x1, 3x3, 1x1 to four times the filters.

    Every convolution is bias-free and followed by a batch norm; relu between them and after the addition. Where the
    shape changes, the input goes through a 1x1 convolution of the same strides and a batch norm.

    Args:
        x: Input with c channels.
        filters: Filters f of each inner convolution, at least 1.
        strides: Step of the first convolution, at least 1.
        bottleneck: Whether to use the bottleneck form.
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, c)

    Output shape:
        (batch, height / strides, width / strides, f), with 9cf + 9ff + 4f trainable parameters; bottleneck 4f
        channels, with cf + 9ff + 4ff + 12f. A projection to n channels adds cn + 2n. Each norm has as many moving
        parameters as trainable ones.

    Source: He et al. 2015, "Deep Residual Learning for Image Recognition", arXiv:1512.03385, figures 2 and 5,
    shortcut option B.
    """
    widened = BOTTLENECK_WIDENING * filters
    parts = [(filters, 1), (filters, 3), (widened, 1)] if bottleneck else [(filters, 3)] * 2
    channels, _ = parts[-1]

    def convolve(
        tensor: keras.KerasTensor, width: int, kernel: int, part: str, step: int, is_last: bool
    ) -> keras.KerasTensor:
        return normed_convolution(
            tensor,
            width,
            kernel,
            strides=step,
            activation=None if is_last else "relu",
            initializer=initializer,
            name=f"{name}_{part}",
        )

    output = x
    for index, (width, kernel) in enumerate(parts, 1):
        step = strides if index == 1 else 1
        output = convolve(output, width, kernel, f"conv{index}", step, index == len(parts))
    if strides != 1 or x.shape[-1] != channels:
        x = convolve(x, channels, 1, "project", strides, True)
    output = keras.layers.Add(name=f"{name}_add")([output, x])
    return keras.layers.Activation("relu", name=f"{name}_relu")(output)
