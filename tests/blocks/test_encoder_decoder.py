from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgebench.blocks import Ladder, encoder_decoder
from edgebench.errors import InputError


def model_of(ladder: Ladder, shape: tuple[int, int, int] = (16, 24, 3)) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, encoder_decoder(inputs, ladder, dropout=0.3))


def conv(kernel: int, inputs: int, outputs: int) -> int:
    return (kernel * kernel * inputs + 1) * outputs


def expected_parameters(ladder: Ladder, channels: int) -> int:
    """The docstring's formula, written out level by level."""
    filters = [ladder.start_filters * 2**level for level in range(ladder.depth + 1)]
    total = 0
    for level, outputs in enumerate(filters):
        count = ladder.bottom_convs if level == ladder.depth else ladder.down_convs
        total += conv(3, filters[level - 1] if level else channels, outputs)
        total += (count - 1) * conv(3, outputs, outputs)
    for below, outputs in zip(filters[1:], filters[:-1], strict=True):
        total += conv(2, below, outputs) + (ladder.up1_convs - 1) * conv(2, outputs, outputs)
        total += conv(3, 2 * outputs, outputs) + (ladder.up2_convs - 1) * conv(3, outputs, outputs)
    return total


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"depth": 1},
        {"depth": 3, "down_convs": 1, "bottom_convs": 3},
        {"start_filters": 3, "up1_convs": 2, "up2_convs": 3},
        {"up2_convs": 1, "bottom_convs": 1},
    ],
    ids=str,
)
def test_shape_count_and_file(changes: dict[str, Any], tmp_path: Path) -> None:
    ladder = Ladder(**{"start_filters": 4, "depth": 2, **changes})
    keras.utils.set_random_seed(0)
    model = model_of(ladder)
    assert model.output_shape == (None, 16, 24, ladder.start_filters)
    assert model.count_params() == expected_parameters(ladder, 3)
    model.save(tmp_path / "block.keras")
    x = np.random.default_rng(0).random((2, 16, 24, 3), dtype=np.float32)
    restored = keras.saving.load_model(tmp_path / "block.keras")
    np.testing.assert_array_equal(restored.predict_on_batch(x), model.predict_on_batch(x))


def test_the_two_deepest_levels_drop_out_and_the_skip_carries_it() -> None:
    model = model_of(Ladder(start_filters=4, depth=3))
    drops = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.name for layer in drops] == ["unet_down2_dropout", "unet_down3_dropout"]
    assert {layer.rate for layer in drops} == {0.3}
    skip, up = model.get_layer("unet_up2_skip").input
    assert skip._keras_history.operation.name == "unet_down2_dropout"
    assert up._keras_history.operation.name == "unet_up1_2_conv1"


def test_the_way_up_grows_by_the_nearest_neighbour() -> None:
    resize = model_of(Ladder(start_filters=2, depth=1)).get_layer("unet_up0_resize")
    assert (resize.size, resize.interpolation) == ((2, 2), "nearest")


@pytest.mark.parametrize("shape", [(18, 24, 3), (16, 20, 3)])
def test_a_map_that_cannot_be_halved_so_often_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=f"{shape[0]} x {shape[1]}") as caught:
        model_of(Ladder(depth=3), shape)
    assert "multiples of 8" in caught.value.why


@pytest.mark.parametrize("name", ["start_filters", "depth", "down_convs", "up1_convs"])
def test_numbers_under_one_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} cannot be 0"):
        Ladder(**{name: 0})
