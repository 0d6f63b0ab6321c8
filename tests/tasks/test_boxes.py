"""Overlaps by hand, and boxes in terms of default boxes and back."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.tasks import Objects, decode, default_boxes, encode, map_sizes, overlaps, targets
from edgebench.tasks.boxes import to_centred, to_corners

DEFAULTS = default_boxes(map_sizes(224, 224))


def test_overlaps_by_hand():
    one = np.array([[0.0, 0.0, 0.2, 0.2], [0.5, 0.5, 0.5, 0.5]])
    other = np.array([[0.0, 0.0, 0.2, 0.2], [0.1, 0.1, 0.3, 0.3], [0.2, 0.0, 0.4, 0.2], [0.5] * 4])
    expected = [[1.0, 0.01 / 0.07, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    np.testing.assert_allclose(overlaps(one, other), expected, atol=1e-12)
    assert overlaps(one, other[:0]).shape == (2, 0)


def test_maps_and_default_boxes_of_the_published_size():
    assert map_sizes(224, 224) == ((28, 28), (14, 14), (7, 7), (4, 4), (2, 2), (1, 1))
    assert DEFAULTS.shape == (3150, 4)
    np.testing.assert_allclose(DEFAULTS[0], [0.5 / 28, 0.5 / 28, 0.1, 0.1])
    np.testing.assert_allclose(DEFAULTS[3 * 29 + 1, :2], [1.5 / 28, 1.5 / 28])
    half = 0.5**0.5
    np.testing.assert_allclose(
        DEFAULTS[-2:, 2:], [[0.9 * half, 0.9 / half], [0.9 / half, 0.9 * half]]
    )
    sizes = np.sqrt(DEFAULTS[:, 2] * DEFAULTS[:, 3])
    np.testing.assert_allclose(np.unique(sizes.round(9)), [0.1, 0.2, 0.375, 0.55, 0.725, 0.9])


@pytest.mark.parametrize("shape", [(224, 224, 3), (195, 226, 3), (242, 231, 1)])
def test_the_detector_has_a_row_for_each_default_box(shape, keras):
    from edgebench.templates import load_template, resolve_values

    template = load_template("mobilenetv2-ssd", input_shapes=(shape,), classes=2)
    model = template.assemble(dict(resolve_values(template).values))
    assert model.output_shape == (None, len(default_boxes(map_sizes(*shape[:2]))), 4 + 3)


def test_default_boxes_lie_where_the_head_looks(keras):
    from edgebench.blocks import ssd_head

    maps = (3, 5), (2, 1)
    inputs = [keras.Input((*size, 1)) for size in maps]
    model = keras.Model(inputs, ssd_head(inputs, 1, boxes=3))
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            kernel[:] = 0
            kernel[1, 1] = 1
            layer.set_weights([kernel, bias])
    defaults = default_boxes(maps)
    for index, (height, width) in enumerate(maps):
        for y, x in np.ndindex(height, width):
            lit = [np.zeros((1, *size, 1), np.float32) for size in maps]
            lit[index][0, y, x] = 1
            rows = np.flatnonzero(model(lit)[0, :, 0])
            middle = [(y + 0.5) / height, (x + 0.5) / width]
            np.testing.assert_allclose(defaults[rows, :2], [middle] * 3)


def test_encoding_by_hand_and_back():
    default = np.array([[0.5, 0.5, 0.2, 0.4]])
    box = to_corners(np.array([[0.52, 0.46, 0.2 * np.e, 0.4]]))
    np.testing.assert_allclose(encode(box, default), [[1.0, -1.0, 5.0, 0.0]], atol=1e-12)
    low = np.random.default_rng(3).uniform(0, 0.8, (len(DEFAULTS), 2))
    boxes = np.concatenate([low, low + 0.15], axis=1)
    np.testing.assert_allclose(decode(encode(boxes, DEFAULTS), DEFAULTS), boxes, atol=1e-9)
    np.testing.assert_allclose(to_corners(to_centred(boxes)), boxes)


def test_decoded_boxes_end_at_the_edge_and_stay_numbers():
    wild = decode(np.full_like(DEFAULTS, 1e6), DEFAULTS)
    assert np.isfinite(wild).all()
    assert wild.min() >= 0
    assert wild.max() <= 1


def test_each_object_has_a_box_and_near_boxes_share_it():
    small = [0.4, 0.4, 0.402, 0.402]
    large = [0.1, 0.1, 0.9, 0.9]
    objects = Objects(boxes=np.array([small, large]), labels=np.array([3, 1]))
    wanted = targets(objects, DEFAULTS, background=5)
    assert set(np.unique(wanted.labels)) == {1, 3, 5}
    assert (wanted.labels == 3).sum() == 1
    near = overlaps(to_corners(DEFAULTS), objects.boxes)[:, 1] > 0.5
    assert ((wanted.labels == 1) == near).all()
    assert near.sum() > 1
    found = decode(wanted.offsets, DEFAULTS)
    np.testing.assert_allclose(found[wanted.labels == 3], [small], atol=1e-9)
    np.testing.assert_allclose(found[wanted.labels == 1], [large] * int(near.sum()), atol=1e-9)
    assert not wanted.offsets[wanted.labels == 5].any()


def test_two_objects_at_one_place_take_two_boxes():
    objects = Objects(boxes=np.array([[0.2, 0.2, 0.203, 0.203]] * 2), labels=np.array([0, 1]))
    wanted = targets(objects, DEFAULTS, background=2)
    assert [(wanted.labels == label).sum() for label in (0, 1)] == [1, 1]


def test_an_empty_image_is_background():
    nothing = Objects(boxes=np.zeros((0, 4)), labels=np.zeros(0, int))
    wanted = targets(nothing, DEFAULTS, background=2)
    assert (wanted.labels == 2).all()
    assert not wanted.offsets.any()


@pytest.mark.parametrize(
    ("boxes", "labels"),
    [
        ([[0, 0, 1, 1]], [1, 2]),
        ([[0, 0, 1.1, 1]], [1]),
        ([[0.5, 0, 0.5, 1]], [1]),
        ([[0, 0.6, 1, 0.4]], [1]),
        ([[np.nan, 0, 1, 1]], [1]),
    ],
)
def test_objects_that_cannot_be_are_refused(boxes, labels):
    with pytest.raises(ValueError, match="boxes"):
        Objects(boxes=np.array(boxes, float), labels=np.array(labels))
