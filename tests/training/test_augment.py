"""Changes to training examples: masks move with their images, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.records import AUGMENTATIONS
from edgebench.training import CHANGES
from edgebench.training.augment import augmented

COUNT, SIDE = 40, 16
RNG = np.random.default_rng(0)
IMAGES = RNG.random((COUNT, SIDE, SIDE, 3), dtype=np.float32)
MASKS = (IMAGES[..., 0] > 0.5).astype(np.int64)


def changed(names, seed=1, targets=MASKS):
    return augmented((IMAGES, 2 * IMAGES), targets, names, np.random.default_rng(seed))


def test_the_names_are_those_of_a_plan() -> None:
    assert tuple(CHANGES) == AUGMENTATIONS


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_masks_and_further_inputs_move_with_the_images(name: str) -> None:
    (images, doubled), masks = changed([name])
    np.testing.assert_array_equal(doubled, 2 * images)
    np.testing.assert_array_equal(masks, images[..., 0] > 0.5)
    assert (images.dtype, masks.dtype) == (np.float32, np.int64)
    moved = (images != IMAGES).any(axis=(1, 2, 3))
    assert 0.2 < moved.mean() <= 1.0
    assert not np.shares_memory(images, IMAGES)


@pytest.mark.parametrize("name", ["mirror", "flip", "turn"])
def test_pixels_are_only_moved(name: str) -> None:
    (images, _), _ = changed([name])
    for new, old in zip(images, IMAGES, strict=True):
        np.testing.assert_array_equal(np.sort(new, axis=None), np.sort(old, axis=None))


def test_a_mirror_is_left_and_right() -> None:
    (images, _), _ = changed(["mirror"])
    for new, old in zip(images, IMAGES, strict=True):
        assert (new == old).all() or (new == old[:, ::-1]).all()


def test_a_shift_is_by_an_eighth_at_most() -> None:
    (images, _), _ = changed(["shift"])
    middle = slice(2, SIDE - 2)
    for new, old in zip(images, IMAGES, strict=True):
        offsets = [(a, b) for a in range(5) for b in range(5)]
        assert any((new[middle, middle] == old[a : a + 12, b : b + 12]).all() for a, b in offsets)


def test_class_numbers_stay_as_they_are() -> None:
    labels = np.arange(COUNT)
    _, targets = changed(list(AUGMENTATIONS), targets=labels)
    assert targets is labels


def test_a_draw_decides_it_all() -> None:
    first, again, other = (changed(["mirror", "turn"], seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
