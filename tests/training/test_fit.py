"""Training: it learns, repeats, stops early, keeps the best weights and notices a loss that is no number."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.datasets import Part
from edgebench.errors import WorkError
from edgebench.records import TrainingPlan
from edgebench.tasks import Classification
from edgebench.training import KerasStepper, fit, predict, prepare, stepper_for
from edgebench.training.fit import scheduled_rates

PLAN = TrainingPlan(max_epochs=6, batch_size=16, patience=3)


@pytest.fixture(scope="module")
def parts():
    """Two classes of 8x8 pictures: a bright left half or a bright right half, with noise."""
    rng = np.random.default_rng(0)

    def part(count):
        y = rng.integers(0, 2, count)
        x = rng.random((count, 8, 8, 1), dtype=np.float32)
        x[y == 0, :, :4] += 0.5
        x[y == 1, :, 4:] += 0.5
        return Part(x=x, y=y.astype(np.int64))

    return part(150), part(60)


@pytest.fixture
def network(keras):
    def build(seed=1):
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((8, 8, 1))
        x = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dropout(0.2)(x)
        return keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))

    return build


def trained(network, parts, plan=PLAN, **changes):
    given = {"optimizer": "adam", "learning_rate": 1e-2, "seed": 1} | changes
    model = network()
    return model, fit(prepare(model, **given), *parts, plan)


def test_it_learns_and_leaves_the_best_weights(network, parts):
    model, result = trained(network, parts)
    assert result.best > 0.9
    assert result.best == max(result.history)
    outputs = model.predict(parts[1].x, verbose=0)
    assert Classification().score([outputs], parts[1].y) == result.best
    assert result.marks["val_accuracy"] == result.best
    assert 0 < result.steps_s <= result.total_s


def test_one_seed_gives_one_history(network, parts):
    histories = [trained(network, parts, seed=seed)[1].history for seed in (1, 1, 2)]
    assert histories[0] == histories[1]


def test_the_learning_rate_is_really_used(network, parts):
    plan = TrainingPlan(max_epochs=1, batch_size=16, patience=3)
    before = network().get_weights()
    moved = []
    for rate in (1e-2, 1e-5):
        model, _ = trained(network, parts, plan, learning_rate=rate)
        moved.append(sum(np.abs(a - b).sum() for a, b in zip(model.get_weights(), before, strict=True)))  # fmt: skip
    assert moved[0] > 50 * moved[1] > 0


def test_it_stops_early(network, parts):
    plan = TrainingPlan(max_epochs=50, batch_size=16, patience=2)
    _, result = trained(network, parts, plan)
    assert len(result.history) == result.best_epoch + 2 < 50
    assert result.is_over


def test_a_loss_that_is_no_number_is_an_error(network, parts):
    with pytest.raises(WorkError, match="not a number in epoch"):
        trained(network, parts, optimizer="sgd", learning_rate=1e30)


def test_weights_that_the_last_step_lost_are_an_error(network, parts):
    plan = TrainingPlan(max_epochs=1, batch_size=150)
    with pytest.raises(WorkError, match="not a number in epoch 1"):
        trained(network, parts, plan, optimizer="sgd", learning_rate=1e30)


def test_the_traced_step_is_the_step_of_keras(keras, network, parts):
    """From equal weights and without dropout, both steppers reach equal weights and outputs."""
    x, y = parts[0].x[:48], parts[0].y[:48]
    outputs = []
    for make in (stepper_for, KerasStepper):
        model = network()
        model.layers[3].rate = 0.0
        stepper = make(model, keras.optimizers.SGD(1e-2))
        losses = [stepper.train((x[i : i + 16],), y[i : i + 16]) for i in (0, 16, 32)]
        outputs.append((losses, predict(stepper, parts[1].inputs)))
    np.testing.assert_allclose(outputs[0][1], outputs[1][1], atol=1e-5)
    assert outputs[0][0][0] == pytest.approx(outputs[1][0][0], abs=1e-5)


def test_batches_of_any_size_are_accepted(keras, network, parts):
    stepper = stepper_for(network(), keras.optimizers.Adam(1e-3))
    for count in (16, 7, 1):
        assert np.isfinite(stepper.train((parts[0].x[:count],), parts[0].y[:count]))
    assert predict(stepper, parts[0].inputs).shape == (150, 2)


def test_schedules():
    cosine = TrainingPlan(max_epochs=3, batch_size=16, patience=3, schedule="cosine")
    rates = [rate for epoch in (1, 2, 3) for rate in scheduled_rates(cosine, 0.1, 4, epoch)]
    assert len(rates) == 12
    assert rates[0] == 0.1
    assert rates[6] == pytest.approx(0.05)
    assert rates == sorted(rates, reverse=True)
    assert set(scheduled_rates(PLAN, 0.1, 4, 3)) == {0.1}


def test_the_schedule_is_really_used(network, parts):
    plan = TrainingPlan(max_epochs=4, batch_size=16, patience=4, schedule="cosine")
    constant = TrainingPlan(max_epochs=4, batch_size=16, patience=4)
    histories = [trained(network, parts, p)[0].get_weights() for p in (plan, constant)]
    assert any((a != b).any() for a, b in zip(*histories, strict=True))
