"""The inverted residual of MobileNetV2."""

from __future__ import annotations

import keras

from edgebench.blocks.normed_convolution import normed
from edgebench.errors import InputError


def inverted_residual(
    x: keras.KerasTensor,
    filters: int,
    *,
    expansion: int | None = 6,
    strides: int = 1,
    repeats: int = 1,
    initializer: str = "he_normal",
    name: str = "bottleneck",
) -> keras.KerasTensor:
    """Widen with a 1x1 convolution, filter each channel with a 3x3 one, narrow with a 1x1 one; add the input.

    Every convolution is bias-free and followed by a batch norm, the first two by relu6 as well. The input is added
    only where the shape stays. With ``repeats`` above 1 the same layers run again on their own output: the weights are
    shared, so that work grows and size does not.

    Args:
        x: Input with c channels.
        filters: Output channels f, at least 1.
        expansion: Widening t to tc channels, at least 1; None leaves the widening out (t = 1).
        strides: Step of the 3x3 convolution, 1 or 2.
        repeats: How often the block runs, at least 1; above 1 it needs strides 1 and f = c.
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, c)

    Output shape:
        (batch, height / strides, width / strides, f), with 9tc + tcf + 2tc + 2f trainable parameters and, unless
        ``expansion`` is None, tcc + 2tc more; as many moving ones as each norm trains.

    Raises:
        InputError: The block is to run again and changes the shape, or ``repeats`` is under 1.

    Source: Sandler et al. 2018, "MobileNetV2", arXiv:1801.04381, table 1 and figure 4; the repetition is that of
    Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0.
    """
    channels = x.shape[-1]
    keeps_shape = strides == 1 and channels == filters
    if repeats < 1 or (repeats > 1 and not keeps_shape):
        raise InputError(
            f"{name} cannot run {repeats} times",
            why=f"it takes {channels} channels to {filters} with strides {strides}",
            remedy="repeat blocks of strides 1 and equal channels, once or more",
        )
    layers = []
    if expansion is not None:
        layers += normed(
            _pointwise(expansion * channels, initializer, f"{name}_expand"),
            "relu6",
        )
    depthwise = keras.layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=initializer,
        name=f"{name}_depthwise",
    )
    layers += normed(depthwise, "relu6")
    layers += normed(_pointwise(filters, initializer, f"{name}_project"), None)
    add = keras.layers.Add(name=f"{name}_add")
    for _ in range(repeats):
        output = x
        for layer in layers:
            output = layer(output)
        x = add([x, output]) if keeps_shape else output
    return x


def _pointwise(filters: int, initializer: str, name: str) -> keras.layers.Conv2D:
    return keras.layers.Conv2D(
        filters, 1, use_bias=False, kernel_initializer=initializer, name=name
    )
