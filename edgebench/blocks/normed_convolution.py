"""A convolution with a batch norm: what residual, inception and inverted residual blocks are made of."""

from __future__ import annotations

import keras


def normed_convolution(
    x: keras.KerasTensor,
    filters: int,
    kernel: int = 1,
    *,
    strides: int = 1,
    padding: str = "same",
    activation: str | None = "relu",
    initializer: str = "he_normal",
    name: str = "conv",
) -> keras.KerasTensor:
    """Convolve without bias, normalise over the batch, activate.

    Args:
        x: Input with c channels.
        filters: Output channels f, at least 1.
        kernel: Side k of the kernel, at least 1.
        strides: Step in both directions, at least 1.
        padding: ``same`` or ``valid``.
        activation: A Keras activation, or None.
        initializer: Keras initializer of the kernel.
        name: Name of the convolution, prefix of the others.

    Input shape:
        (batch, height, width, c)

    Output shape:
        (batch, height / strides, width / strides, f), with kkcf + 2f trainable parameters and 2f moving ones.

    Source: Ioffe and Szegedy 2015, "Batch Normalization", arXiv:1502.03167, section 3.2.
    """
    convolution = keras.layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer=initializer,
        name=name,
    )
    for layer in normed(convolution, activation):
        x = layer(x)
    return x


def normed(convolution: keras.Layer, activation: str | None) -> list[keras.Layer]:
    """Return the convolution, a batch norm to follow it and, unless None, an activation."""
    layers = [convolution, keras.layers.BatchNormalization(name=f"{convolution.name}_norm")]
    if activation is not None:
        layers.append(keras.layers.Activation(activation, name=f"{convolution.name}_{activation}"))
    return layers
