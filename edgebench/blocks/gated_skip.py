"""A skip connection with a learnt gate, as in highway networks."""

from __future__ import annotations

import keras

from edgebench.errors import InputError


def gated_skip(
    source: keras.KerasTensor,
    x: keras.KerasTensor,
    *,
    kernel: int = 1,
    gate_bias: float = -1.0,
    initializer: str = "he_normal",
    name: str = "gate",
) -> keras.KerasTensor:
    """Return T x + (1 - T) source, with T = sigmoid(convolution of source), one gate an element.

    Args:
        source: What is carried past the block, with C channels.
        x: The block's output H(source), of the same shape.
        kernel: Side k of the gate's convolution, at least 1.
        gate_bias: Initial bias of the gate; below 0 the block starts as mostly the identity.
        initializer: Keras initializer of the kernel.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, C), both

    Output shape:
        The same, with (kkC + 1)C parameters.

    Raises:
        InputError: The two shapes differ.

    Source: Srivastava et al. 2015, "Highway Networks", arXiv:1505.00387, equation 3. Written as source + T (x - source),
    which is the same.
    """
    if source.shape[1:] != x.shape[1:]:
        raise InputError(
            f"{name} cannot gate {source.shape[1:]} with {x.shape[1:]}",
            why="a gated skip needs equal shapes",
            remedy="bring the block's output to the shape of its input",
        )
    gate = keras.layers.Conv2D(
        x.shape[-1],
        kernel,
        padding="same",
        activation="sigmoid",
        kernel_initializer=initializer,
        bias_initializer=keras.initializers.Constant(gate_bias),
        name=f"{name}_transform",
    )(source)
    change = keras.layers.Subtract(name=f"{name}_change")([x, source])
    change = keras.layers.Multiply(name=f"{name}_scale")([gate, change])
    return keras.layers.Add(name=f"{name}_add")([source, change])
