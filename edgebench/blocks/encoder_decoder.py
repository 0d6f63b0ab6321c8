"""The encoder and decoder of U-Net."""

from __future__ import annotations

from dataclasses import dataclass, fields

import keras

from edgebench.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The levels of an encoder and decoder; every number is 1 or more.

    Level l of 0..``depth`` has ``start_filters`` * 2**l filters. A level on the way down has ``down_convs`` 3x3
    convolutions, the deepest ``bottom_convs``; a level on the way up has ``up1_convs`` 2x2 ones before its skip is
    joined and ``up2_convs`` 3x3 ones after.

    Raises:
        InputError: A number is under 1.
    """

    start_filters: int = 64
    depth: int = 4
    down_convs: int = 2
    bottom_convs: int = 2
    up1_convs: int = 1
    up2_convs: int = 2

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise InputError(
                    f"{field.name} cannot be {getattr(self, field.name)}", remedy="use 1 or more"
                )

    @property
    def step(self) -> int:
        """Height and width must be multiples of this, so that the way up meets the way down."""
        return int(2**self.depth)

    def filters(self, level: int) -> int:
        """Return the filters of a level, 0 at the top."""
        return int(self.start_filters * 2**level)


def encoder_decoder(
    x: keras.KerasTensor,
    ladder: Ladder,
    *,
    dropout: float = 0.5,
    initializer: str = "he_normal",
    name: str = "unet",
) -> keras.KerasTensor:
    """Halve the map level by level, then double it again, joining what each level had on the way down.

    Down: convolutions, then a 2x2 max pool. Up: nearest upsampling, 2x2 convolutions, the level's map from the way
    down concatenated first, 3x3 convolutions. Every convolution is padded, biased and followed by relu.

    Args:
        x: Input with c channels; height and width are multiples of ``ladder.step``.
        ladder: Depth, filters and numbers of convolutions.
        dropout: Rate after the two deepest levels of the way down, 0 up to (not including) 1.
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, height, width, c)

    Output shape:
        (batch, height, width, f) with f = ``start_filters``. With F(l) = f 2**l, conv(k, a, b) = (k k a + 1) b and F(-1) = c:
        level l down has conv(3, F(l-1), F(l)) and conv(3, F(l), F(l)) for each further one; level l up has conv(2, F(l+1),
        F(l)), conv(2, F(l), F(l)) for each further one, conv(3, 2 F(l), F(l)), and conv(3, F(l), F(l)) for each further one.

    Raises:
        InputError: Height or width is no multiple of ``ladder.step``.

    Source: Ronneberger et al. 2015, "U-Net", arXiv:1505.04597, figure 1. Deviations, as in Chantrapornchai et al. 2023,
    doi 10.1038/s41598-023-37682-0: padded convolutions, upsampling with a 2x2 convolution in place of a transposed
    one, dropout at the two deepest levels.
    """
    height, width = x.shape[1:3]
    if height % ladder.step or width % ladder.step:
        raise InputError(
            f"{name} cannot take a map of {height} x {width}",
            why=f"{ladder.depth} halvings need multiples of {ladder.step}",
        )

    def convolve(
        tensor: keras.KerasTensor, level: int, kernel: int, count: int, part: str
    ) -> keras.KerasTensor:
        for number in range(1, count + 1):
            tensor = keras.layers.Conv2D(
                ladder.filters(level),
                kernel,
                padding="same",
                activation="relu",
                kernel_initializer=initializer,
                name=f"{name}_{part}{level}_conv{number}",
            )(tensor)
        return tensor

    skips = []
    for level in range(ladder.depth + 1):
        is_bottom = level == ladder.depth
        count = ladder.bottom_convs if is_bottom else ladder.down_convs
        x = convolve(x, level, 3, count, "down")
        if level >= ladder.depth - 1:
            x = keras.layers.Dropout(dropout, name=f"{name}_down{level}_dropout")(x)
        if not is_bottom:
            skips.append(x)
            x = keras.layers.MaxPooling2D(2, name=f"{name}_down{level}_pool")(x)
    for level in reversed(range(ladder.depth)):
        x = keras.layers.UpSampling2D(2, name=f"{name}_up{level}_resize")(x)
        x = convolve(x, level, 2, ladder.up1_convs, "up1_")
        x = keras.layers.Concatenate(name=f"{name}_up{level}_skip")([skips[level], x])
        x = convolve(x, level, 3, ladder.up2_convs, "up2_")
    return x
