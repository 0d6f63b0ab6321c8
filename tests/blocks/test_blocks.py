from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from edgebench.blocks import cbam, eca, eca_kernel_size, fire, projected_skip, squeeze_excite
from edgebench.errors import InputError, UnknownNameError

Block = Callable[[keras.KerasTensor], keras.KerasTensor]


def model_of(block: Block, channels: int) -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((7, 5, channels))
    return keras.Model(inputs, block(inputs))


def trainable(model: keras.Model) -> int:
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def run(model: keras.Model, channels: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(1).normal(size=(2, 7, 5, channels)).astype(np.float32)
    return x, model.predict_on_batch(x)


def complex_fire(x: keras.KerasTensor) -> keras.KerasTensor:
    return fire(x, 4, bypass="complex")


def simple_fire(x: keras.KerasTensor) -> keras.KerasTensor:
    return fire(x, 3, bypass="simple")


def widened_skip(x: keras.KerasTensor) -> keras.KerasTensor:
    return projected_skip(x, fire(x, 4))


@pytest.mark.parametrize(
    ("block", "channels", "out_channels", "parameters"),
    [
        (lambda x: fire(x, 16), 96, 128, 97 * 16 + 17 * 64 + (9 * 16 + 1) * 64),
        (simple_fire, 24, 24, 25 * 3 + 4 * 12 + 28 * 12),
        (complex_fire, 6, 32, 7 * 4 + 5 * 16 + 37 * 16 + 7 * 32),
        (lambda x: squeeze_excite(x, 8), 64, 64, 2 * 64 * 8 + 8 + 64),
        (eca, 64, 64, 3),
        (lambda x: cbam(x, 8), 64, 64, 2 * 64 * 8 + 8 + 64 + 98 + 2),
        (widened_skip, 6, 32, 7 * 4 + 5 * 16 + 37 * 16 + 7 * 32 + 2 * 32),
    ],
    ids=["fire", "simple", "complex", "se", "eca", "cbam", "skip"],
)
def test_shape_count_and_file(
    block: Block, channels: int, out_channels: int, parameters: int, tmp_path: Path
) -> None:
    model = model_of(block, channels)
    assert model.output_shape == (None, 7, 5, out_channels)
    assert trainable(model) == parameters
    model.save(tmp_path / "block.keras")
    restored = keras.saving.load_model(tmp_path / "block.keras")
    np.testing.assert_array_equal(run(restored, channels)[1], run(model, channels)[1])


def test_fire_concatenates_the_1x1_half_first() -> None:
    model = model_of(lambda x: fire(x, 2), 3)
    x, output = run(model, 3)
    half = keras.Model(model.inputs, model.get_layer("fire_expand1x1").output)
    np.testing.assert_array_equal(output[..., :8], half.predict_on_batch(x))


def test_simple_bypass_adds_the_input() -> None:
    model = model_of(simple_fire, 24)
    x, output = run(model, 24)
    plain = keras.Model(model.inputs, model.get_layer("fire_concat").output)
    np.testing.assert_allclose(output, plain.predict_on_batch(x) + x, rtol=1e-6)


@pytest.mark.parametrize("block", [lambda x: squeeze_excite(x, 4), eca], ids=["se", "eca"])
def test_channel_attention_scales_whole_channels_by_0_to_1(block: Block) -> None:
    x, output = run(model_of(block, 16), 16)
    scale = output / x
    np.testing.assert_allclose(scale, np.broadcast_to(scale[:, :1, :1], scale.shape), rtol=1e-3)
    assert 0 < scale.min() < scale.max() < 1


def test_cbam_scales_channels_and_positions_by_0_to_1() -> None:
    x, output = run(model_of(lambda t: cbam(t, 4), 16), 16)
    scale = output / x
    assert 0 < scale.min() < scale.max() < 1
    by_channel = scale / scale[:, :1, :1]
    spread_over_channels = np.ptp(by_channel, axis=-1)
    np.testing.assert_allclose(spread_over_channels, 0, atol=1e-3)
    assert np.ptp(by_channel[..., 0]) > 1e-3


def test_skip_adds_the_source_itself_where_channels_agree() -> None:
    x, output = run(model_of(lambda t: projected_skip(t, keras.layers.ReLU()(t)), 4), 4)
    np.testing.assert_allclose(output, x + np.maximum(x, 0), rtol=1e-6)


@pytest.mark.parametrize(("channels", "size"), [(16, 3), (64, 3), (128, 5), (256, 5), (512, 5)])
def test_eca_kernel_grows_with_channels_and_is_odd(channels: int, size: int) -> None:
    assert eca_kernel_size(channels) == size


def test_fire_refuses_what_cannot_be_built() -> None:
    x = keras.Input((8, 8, 96))
    with pytest.raises(InputError, match="96 input channels"):
        fire(x, 16, bypass="simple")
    with pytest.raises(UnknownNameError, match="dense is not a bypass"):
        fire(x, 16, bypass="dense")
    with pytest.raises(InputError, match="squeeze to 0"):
        fire(x, 0)


@pytest.mark.parametrize("ratio", [0, 17])
@pytest.mark.parametrize("block", [squeeze_excite, cbam])
def test_ratio_must_leave_a_unit(block: Callable[..., object], ratio: int) -> None:
    with pytest.raises(InputError, match="16 channels"):
        block(keras.Input((8, 8, 16)), ratio)
