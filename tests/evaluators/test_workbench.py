"""A worker builds the network it is asked about once, and trains none twice."""

from __future__ import annotations

import dataclasses

import pytest

from edgebench.evaluators import Blueprint
from edgebench.evaluators.workbench import look_at, take


@pytest.fixture
def blueprint(keras):
    return Blueprint(
        template="squeezenet-1.1",
        input_shapes=((32, 32, 3),),
        classes=10,
        values={"dropout": 0.0},
        seed=1,
    )


def test_one_network_is_looked_at_many_times_and_taken_once(blueprint):
    model = look_at(blueprint)
    assert look_at(dataclasses.replace(blueprint)) is model
    assert take(blueprint) is model
    assert take(blueprint) is not model


def test_another_blueprint_is_another_network(blueprint):
    model = look_at(blueprint)
    assert look_at(dataclasses.replace(blueprint, seed=2)) is not model
    assert look_at(blueprint) is not model
