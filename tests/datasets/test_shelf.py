"""A data set that came from elsewhere is at hand for every job of its plan."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from edgebench.datasets import content_hash, dataset_of, load_dataset, shelf, shelve
from edgebench.records import DataPlan

PLAN = DataPlan(name="digits", sample=0.2, size=(8, 8))


@pytest.fixture(autouse=True)
def _empty(monkeypatch):
    monkeypatch.setattr(shelf, "_shelf", {})


def test_what_was_shelved_is_at_hand_whatever_the_seed():
    nowhere = replace(PLAN, name="of-another-machine")
    dataset = load_dataset(PLAN, 1)
    shelve((nowhere, dataset))
    assert dataset_of(nowhere, 1) is dataset_of(nowhere, 7) is dataset


def test_another_is_read_once():
    assert dataset_of(PLAN, 3) is dataset_of(PLAN, 3)


def test_the_hash_is_of_the_content_and_survives_the_journey():
    dataset = load_dataset(PLAN, 1)
    assert content_hash(pickle.loads(pickle.dumps(dataset))) == content_hash(dataset)
    assert content_hash(load_dataset(replace(PLAN, size=(9, 8)), 1)) != content_hash(dataset)
    assert content_hash(load_dataset(replace(PLAN, validation=0.3), 1)) != content_hash(dataset)
