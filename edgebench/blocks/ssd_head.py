"""The prediction head of the single shot detector."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from edgebench.errors import InputError

BOX_OFFSETS = 4


def ssd_head(
    features: Sequence[keras.KerasTensor],
    scores: int,
    *,
    boxes: int = 3,
    initializer: str = "he_normal",
    name: str = "head",
) -> keras.KerasTensor:
    """Predict offsets and class scores for every default box of every feature map.

    Each map has a biased 3x3 convolution of its own, without activation. A row of the output holds 4 box offsets,
    then the scores. Rows run through the maps in the order given, in each map from the top left along rows, and at
    each position through its boxes.

    Args:
        features: Maps of h x w positions and c channels, at least one.
        scores: Scores s a box, the background's included, at least 1.
        boxes: Default boxes b a position, at least 1.
        initializer: Keras initializer of all kernels.
        name: Prefix of the layer names.

    Input shape:
        (batch, h, w, c), each map its own

    Output shape:
        (batch, sum of hwb, 4 + s), with (9c + 1)b(4 + s) parameters a map.

    Raises:
        InputError: No map, ``scores`` or ``boxes`` under 1.

    Source: Liu et al. 2015, "SSD: Single Shot MultiBox Detector", arXiv:1512.02325, section 2.1. Deviation: one
    convolution predicts offsets and scores together, as in Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0.
    """
    if not features or scores < 1 or boxes < 1:
        raise InputError(
            f"{name} cannot predict {scores} scores for {boxes} boxes on {len(features)} maps",
            remedy="use 1 or more of each",
        )
    width = BOX_OFFSETS + scores
    rows = []
    for index, feature in enumerate(features, 1):
        height, breadth = feature.shape[1:3]
        predicted = keras.layers.Conv2D(
            boxes * width,
            3,
            padding="same",
            kernel_initializer=initializer,
            name=f"{name}{index}",
        )(feature)
        shape = (height * breadth * boxes, width)
        rows.append(keras.layers.Reshape(shape, name=f"{name}{index}_rows")(predicted))
    return keras.layers.Concatenate(axis=1, name=f"{name}_rows")(rows) if rows[1:] else rows[0]
