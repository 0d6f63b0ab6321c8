"""Examples that a machine cannot hold are refused before they are read."""

from __future__ import annotations

import pytest

from edgebench.datasets import load_dataset, memory
from edgebench.errors import InputError
from edgebench.records import DataPlan


def test_too_many_bytes_are_told_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "most_bytes", lambda: 100_000_000)
    load_dataset(DataPlan(name="cifar10", sample=0.1))
    with pytest.raises(InputError, match=r"614,400,000 bytes") as caught:
        load_dataset(DataPlan(name="cifar10"))
    assert caught.value.remedy == "lower data.sample or data.size"
    assert caught.value.why == "half of this machine's is 0.1 GB"


def test_half_of_the_memory_is_more_than_the_digits_and_less_than_everything() -> None:
    assert 2**28 < memory.most_bytes() < 2**50
