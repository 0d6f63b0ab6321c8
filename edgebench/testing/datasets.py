"""What every data set must do. Inherit `DatasetContract` and give it a data plan to have its set checked."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter

from edgebench.datasets import Dataset, Floats, Part, facts, load_dataset
from edgebench.records import DataPlan

SEED = 3
_PLAN = TypeAdapter(DataPlan)
_TELL_DIGEST = (
    "import sys; from edgebench.testing import datasets; datasets.tell_digest(sys.argv[1])"
)


def parts(dataset: Dataset) -> dict[str, Part]:
    """Return the three parts by name."""
    return {
        "train": dataset.train(),
        "validation": dataset.validation(),
        "test": dataset.test(),
    }


def digest(dataset: Dataset) -> str:
    """Return a hash of all examples of all parts, in order, and of 16 representative inputs."""
    found = hashlib.sha256()
    for part in parts(dataset).values():
        found.update(part.x.tobytes() + part.y.tobytes())
    found.update(dataset.representative(16).tobytes())
    return found.hexdigest()


def tell_digest(plan: str) -> None:
    """Print the digest of the data that a plan, as JSON, names."""
    sys.stdout.write(digest(load_dataset(_PLAN.validate_json(plan), SEED)))


def rows(inputs: Floats) -> list[bytes]:
    """Return the bytes of each input."""
    return [row.tobytes() for row in inputs]


class DatasetContract:
    """Tests of one `edgebench.datasets.Dataset` that `load_dataset` knows. Override `plan`."""

    @pytest.fixture
    def plan(self) -> DataPlan:
        """Return a plan that leaves at least 16 training examples."""
        raise NotImplementedError

    @pytest.fixture
    def dataset(self, plan: DataPlan) -> Dataset:
        return load_dataset(plan, SEED)

    def test_examples_are_as_the_spec_says(self, dataset: Dataset) -> None:
        (shape,) = dataset.spec.input_shapes
        for part in parts(dataset).values():
            assert len(part) == len(part.x) > 0
            assert (part.x.dtype.name, part.x.shape[1:]) == ("float32", shape)
            assert (part.y.dtype.name, part.y.shape) == ("int64", (len(part),))
            assert np.isfinite(part.x).all()

    def test_every_part_has_every_class_and_no_other(self, dataset: Dataset) -> None:
        assert len(dataset.spec.labels) == dataset.spec.classes
        for part in parts(dataset).values():
            assert set(part.y.tolist()) == set(range(dataset.spec.classes))

    def test_no_input_is_in_two_parts(self, dataset: Dataset) -> None:
        train, validation, test = (set(rows(part.x)) for part in parts(dataset).values())
        assert not train & validation
        assert not train & test
        assert not validation & test

    def test_parts_are_the_same_in_every_process(self, plan: DataPlan, dataset: Dataset) -> None:
        told = subprocess.run(
            [sys.executable, "-c", _TELL_DIGEST, json.dumps(asdict(plan))],
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
        )
        assert told.stdout == digest(dataset)

    def test_only_the_representative_inputs_depend_on_the_seed(
        self, plan: DataPlan, dataset: Dataset
    ) -> None:
        other = load_dataset(plan, SEED + 1)
        for name, part in parts(dataset).items():
            np.testing.assert_array_equal(part.x, parts(other)[name].x)
            np.testing.assert_array_equal(part.y, parts(other)[name].y)
        assert rows(dataset.representative(16)) != rows(other.representative(16))

    def test_representative_inputs_are_training_inputs(self, dataset: Dataset) -> None:
        drawn = dataset.representative(16)
        assert (drawn.dtype.name, len(drawn)) == ("float32", 16)
        assert len(set(rows(drawn))) > 1
        assert set(rows(drawn)) <= set(rows(dataset.train().x))
        np.testing.assert_array_equal(drawn, dataset.representative(16))

    def test_facts_can_be_written_as_json(self, dataset: Dataset) -> None:
        found = facts(dataset)
        assert json.loads(json.dumps(found)) == found
        assert found["train"] == len(dataset.train())
        assert found["name"] == dataset.spec.name
