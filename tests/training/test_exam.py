"""Training of other tasks than classes: it learns, and the epoch that is kept is the best by what is watched."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.datasets import DatasetSpec, Part
from edgebench.records import TrainingPlan
from edgebench.tasks import Segmentation
from edgebench.training import Exam, KerasStepper, fit, predict, prepare, stepper_for
from edgebench.training.losses import CrossEntropy

PLAN = TrainingPlan(max_epochs=6, batch_size=8, patience=6)
SPEC = DatasetSpec(
    name="squares", task="segmentation", input_shapes=((8, 8, 1),), classes=1, labels=("square",),
    normalisation="", source="",
)  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> tuple[Part, Part]:
    """A bright square on a dark ground, twice: the second input is what the first is not."""
    rng = np.random.default_rng(0)

    def part(count: int) -> Part:
        x, y = rng.random((count, 8, 8, 1), dtype=np.float32), np.zeros((count, 8, 8), np.int64)
        for image, mask, (row, column) in zip(x, y, rng.integers(0, 5, (count, 2)), strict=True):
            image[row : row + 3, column : column + 3] += 1.0
            mask[row : row + 3, column : column + 3] = 1
        return Part(x=x, y=y, more=(2.0 - x,))

    return part(64), part(24)


@pytest.fixture
def network(keras):
    def build():
        keras.utils.set_random_seed(1)
        inputs = [keras.Input((8, 8, 1)), keras.Input((8, 8, 1))]
        x = keras.layers.concatenate(inputs)
        x = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        return keras.Model(inputs, keras.layers.Conv2D(1, 1, activation="sigmoid")(x))

    return build


def trained(network, parts, plan):
    model = network()
    exam = Exam.of(SPEC, plan)
    return fit(
        prepare(model, optimizer="adam", learning_rate=0.03, seed=1, exam=exam), *parts, plan
    )


def test_masks_are_learnt_from_two_inputs(network, parts) -> None:
    plan = TrainingPlan(max_epochs=6, batch_size=8, patience=6, watch="val_iou")
    result = trained(network, parts, plan)
    assert result.best == max(result.history) > 0.8
    assert result.marks["val_iou"] == result.best
    assert set(result.marks) == {"val_iou", "val_pixel_accuracy", "val_loss"}


@pytest.mark.parametrize("loss", ["dice", "crossentropy+dice"])
def test_every_loss_learns(network, parts, loss: str) -> None:
    plan = TrainingPlan(max_epochs=6, batch_size=8, patience=6, watch="val_iou", loss=loss)
    assert trained(network, parts, plan).best > 0.8


def test_the_best_epoch_has_the_least_loss_where_that_is_watched(network, parts) -> None:
    plan = TrainingPlan(max_epochs=4, batch_size=8, patience=4, watch="val_loss")
    result = trained(network, parts, plan)
    assert result.best == min(result.history) == result.history[result.best_epoch - 1]
    assert result.marks["val_loss"] == pytest.approx(result.best)
    assert result.history[-1] < result.history[0]


def test_augmentation_is_really_used_and_repeats(network, parts) -> None:
    plans = [
        TrainingPlan(max_epochs=2, batch_size=8, watch="val_iou", augment=names)
        for names in ((), ("mirror", "turn"), ("mirror", "turn"))
    ]
    plain, changed, again = (trained(network, parts, plan).history for plan in plans)
    assert changed == again != plain


def test_the_traced_step_is_the_step_of_keras(keras, network, parts) -> None:
    inputs, targets = parts[0].inputs, CrossEntropy().targets(parts[0].y)
    found = []
    for make in (stepper_for, KerasStepper):
        stepper = make(network(), keras.optimizers.SGD(0.1), CrossEntropy())
        losses = [stepper.train(inputs, targets) for _ in range(3)]
        found.append((losses, predict(stepper, parts[1].inputs)))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-5)


def test_the_first_of_equal_epochs_is_the_best() -> None:
    rising, falling = Exam(watch="val_accuracy"), Exam(task=Segmentation(), watch="val_loss")
    assert rising.best_epoch([0.1, 0.5, 0.5, 0.2]) == 2
    assert falling.best_epoch([0.5, 0.1, 0.1, 0.2]) == 2
