from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from edgebench.blocks import (
    InceptionWidths,
    gated_skip,
    inception_v1,
    inception_v2,
    inverted_residual,
    normed_convolution,
    residual,
    ssd_head,
)
from edgebench.errors import InputError
from edgebench.testing.weights import spread_weights

Block = Callable[[keras.KerasTensor], keras.KerasTensor]
WIDTHS = InceptionWidths(conv_1=2, reduce_3=3, conv_3=4, reduce_5=2, conv_5=5, pool=6)
SIZE = (8, 6)


def model_of(block: Block, channels: int) -> keras.Model:
    inputs = keras.Input((*SIZE, channels))
    model = keras.Model([inputs], block(inputs))
    spread_weights(model)
    return model


def batch(channels: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(2, *SIZE, channels)).astype(np.float32)


def run(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(model([x], training=False))


def counts(model: keras.Model) -> tuple[int, int]:
    """Return trainable and moving parameters."""
    return tuple(
        sum(int(np.prod(w.shape)) for w in weights)
        for weights in (model.trainable_weights, model.non_trainable_weights)
    )


@pytest.mark.parametrize(
    ("block", "channels", "shape", "trainable", "moving"),
    [
        (lambda x: normed_convolution(x, 4, 3, strides=2), 3, (4, 3, 4), 27 * 4 + 8, 8),
        (lambda x: residual(x, 4), 4, (8, 6, 4), 2 * 9 * 16 + 16, 16),
        (
            lambda x: residual(x, 5, strides=2),
            4,
            (4, 3, 5),
            9 * 4 * 5 + 9 * 25 + 20 + 4 * 5 + 10,
            30,
        ),
        (
            lambda x: residual(x, 2, bottleneck=True),
            8,
            (8, 6, 8),
            8 * 2 + 9 * 4 + 4 * 4 + 24,
            24,
        ),
        (
            lambda x: residual(x, 2, bottleneck=True),
            3,
            (8, 6, 8),
            3 * 2 + 9 * 4 + 4 * 4 + 24 + 3 * 8 + 16,
            40,
        ),
        (
            lambda x: inception_v1(x, WIDTHS),
            7,
            (8, 6, 17),
            8 * (2 + 3 + 2 + 6) + (9 * 3 + 1) * 4 + (25 * 2 + 1) * 5,
            0,
        ),
        (
            lambda x: inception_v2(x, WIDTHS),
            7,
            (8, 6, 17),
            7 * (2 + 3 + 2 + 6) + 9 * 3 * 4 + 9 * 2 * 5 + 9 * 25 + 2 * (2 + 3 + 4 + 2 + 10 + 6),
            2 * (2 + 3 + 4 + 2 + 10 + 6),
        ),
        (
            lambda x: gated_skip(x, keras.layers.ReLU()(x), kernel=3),
            4,
            (8, 6, 4),
            (9 * 4 + 1) * 4,
            0,
        ),
        (
            lambda x: inverted_residual(x, 5, strides=2),
            3,
            (4, 3, 5),
            18 * 3 + 36 + 9 * 18 + 18 * 5 + 2 * 18 + 10,
            2 * 36 + 10,
        ),
        (
            lambda x: inverted_residual(x, 5, expansion=None),
            3,
            (8, 6, 5),
            9 * 3 + 3 * 5 + 6 + 10,
            16,
        ),
        (
            lambda x: inverted_residual(x, 5, expansion=1),
            3,
            (8, 6, 5),
            9 * 3 + 3 * 5 + 6 + 10 + 9 + 6,
            22,
        ),
        (
            lambda x: inverted_residual(x, 3, repeats=3),
            3,
            (8, 6, 3),
            18 * 3 + 36 + 9 * 18 + 18 * 3 + 2 * 18 + 6,
            78,
        ),
        (
            lambda x: ssd_head([x, keras.layers.MaxPooling2D(2)(x)], 3),
            2,
            ((48 + 12) * 3, 7),
            2 * (9 * 2 + 1) * 21,
            0,
        ),
    ],
    ids=[
        "normed", "residual", "residual-projected", "bottleneck", "bottleneck-projected", "inception-v1", "inception-v2",
        "gated", "inverted", "inverted-none", "inverted-1", "inverted-repeated", "ssd",
    ],
)  # fmt: skip
def test_shape_count_and_file(
    block: Block,
    channels: int,
    shape: tuple[int, ...],
    trainable: int,
    moving: int,
    tmp_path: Path,
) -> None:
    model = model_of(block, channels)
    assert model.output_shape == (None, *shape)
    assert counts(model) == (trainable, moving)
    model.save(tmp_path / "block.keras")
    restored = keras.saving.load_model(tmp_path / "block.keras", safe_mode=True)
    x = batch(channels)
    np.testing.assert_array_equal(run(restored, x), run(model, x))


@pytest.mark.parametrize("bottleneck", [False, True])
def test_residual_adds_its_input_before_the_last_relu(bottleneck: bool) -> None:
    filters = 2 if bottleneck else 8
    model = model_of(lambda x: residual(x, filters, bottleneck=bottleneck), 8)
    x = batch(8)
    last = model.get_layer(f"residual_conv{3 if bottleneck else 2}_norm")
    branch = keras.Model(model.inputs, last.output)
    np.testing.assert_allclose(run(model, x), np.maximum(x + run(branch, x), 0), rtol=1e-6)


@pytest.mark.parametrize("block", [inception_v1, inception_v2])
def test_inception_concatenates_1x1_3x3_5x5_pool(block: Callable[..., keras.KerasTensor]) -> None:
    model = model_of(lambda x: block(x, WIDTHS), 7)
    x = batch(7)
    output = run(model, x)
    branches = model.get_layer("inception_concat").input
    widths = [tensor.shape[-1] for tensor in branches]
    assert widths == [2, 4, 5, 6]
    for tensor, end in zip(branches, np.cumsum(widths), strict=True):
        alone = run(keras.Model(model.inputs, tensor), x)
        np.testing.assert_array_equal(output[..., end - tensor.shape[-1] : end], alone)


@pytest.mark.parametrize("block", [inception_v1, inception_v2])
def test_inception_sees_two_pixels_in_every_direction(
    block: Callable[..., keras.KerasTensor],
) -> None:
    model = model_of(lambda x: block(x, WIDTHS), 7)
    x = batch(7)
    moved = x.copy()
    moved[:, 0, 0] += 10
    changed = (run(model, x) != run(model, moved)).any(axis=(0, 3))
    expected = np.zeros(SIZE, dtype=bool)
    expected[:3, :3] = True
    np.testing.assert_array_equal(changed, expected)


def test_gate_mixes_what_it_carries_and_what_it_computes() -> None:
    model = model_of(lambda x: gated_skip(x, keras.layers.ReLU(name="h")(x)), 4)
    x = batch(4)
    gate = run(keras.Model(model.inputs, model.get_layer("gate_transform").output), x)
    assert 0 < gate.min() < gate.max() < 1
    expected = gate * np.maximum(x, 0) + (1 - gate) * x
    np.testing.assert_allclose(run(model, x), expected, rtol=1e-5, atol=1e-6)


def test_gate_starts_closed_by_its_bias() -> None:
    inputs = keras.Input((8, 6, 4))
    output = gated_skip(inputs, keras.layers.ReLU()(inputs), gate_bias=-20.0)
    x = batch(4)
    np.testing.assert_allclose(run(keras.Model([inputs], output), x), x, atol=1e-5)


def test_a_repeated_block_is_the_block_applied_to_its_own_output() -> None:
    once = model_of(lambda x: inverted_residual(x, 3), 3)
    thrice = model_of(lambda x: inverted_residual(x, 3, repeats=3), 3)
    x = batch(3)
    expected = run(once, run(once, run(once, x)))
    np.testing.assert_allclose(run(thrice, x), expected, rtol=1e-4, atol=1e-5)


def test_the_inverted_residual_is_added_only_where_the_shape_stays() -> None:
    def adds(filters: int, strides: int) -> int:
        model = model_of(lambda x: inverted_residual(x, filters, strides=strides), 3)
        return sum(isinstance(layer, keras.layers.Add) for layer in model.layers)

    assert [adds(3, 1), adds(4, 1), adds(3, 2)] == [1, 0, 0]


def test_ssd_rows_follow_maps_then_positions_then_boxes() -> None:
    model = model_of(lambda x: ssd_head([x, keras.layers.MaxPooling2D(2)(x)], 3, boxes=2), 4)
    x = batch(4)
    rows = run(model, x)
    maps = [
        run(keras.Model(model.inputs, model.get_layer(n).output), x) for n in ("head1", "head2")
    ]
    for box in (0, 1):
        np.testing.assert_array_equal(
            rows[:, (3 * 6 + 5) * 2 + box], maps[0][:, 3, 5, 7 * box : 7 * (box + 1)]
        )
        np.testing.assert_array_equal(
            rows[:, 8 * 6 * 2 + (2 * 3 + 1) * 2 + box], maps[1][:, 2, 1, 7 * box : 7 * (box + 1)]
        )


def test_ssd_head_takes_a_single_map() -> None:
    assert ssd_head([keras.Input((5, 5, 4))], 2, boxes=1).shape == (None, 25, 6)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (lambda x: inverted_residual(x, 4, repeats=2), "cannot run 2 times"),
        (lambda x: inverted_residual(x, 3, strides=2, repeats=2), "cannot run 2 times"),
        (lambda x: inverted_residual(x, 3, repeats=0), "cannot run 0 times"),
        (lambda x: gated_skip(x, keras.layers.MaxPooling2D(2)(x)), "cannot gate"),
        (lambda x: ssd_head([], 3), "on 0 maps"),
        (lambda x: ssd_head([x], 0), "predict 0 scores"),
        (lambda x: ssd_head([x], 3, boxes=0), "for 0 boxes"),
    ],
)
def test_what_cannot_be_built_is_one_sentence(block: Block, message: str) -> None:
    with pytest.raises(InputError, match=message):
        block(keras.Input((8, 8, 3)))


def test_a_branch_without_filters_is_refused() -> None:
    with pytest.raises(InputError, match="without filters"):
        InceptionWidths(conv_1=2, reduce_3=3, conv_3=4, reduce_5=2, conv_5=5, pool=0)
