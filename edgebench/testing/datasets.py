"""What every data set must do. Inherit `DatasetContract` and give it a data plan to have its set checked."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.connection import Connection

import numpy as np
import pytest

from edgebench.datasets import Dataset, Floats, Part, facts, load_dataset
from edgebench.records import DataPlan
from edgebench.tasks import Objects

SEED = 3
# Processes are forked from one that has imported what all need and no more; it hashes names otherwise than this one does.
_OTHERS = multiprocessing.get_context("forkserver")
_OTHERS.set_forkserver_preload([__name__, "sklearn.model_selection"])


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
        for array in part.arrays().values():
            found.update(array.tobytes())
    for array in dataset.representative(16):
        found.update(array.tobytes())
    return found.hexdigest()


def digest_elsewhere(plan: DataPlan) -> str:
    """Return the digest of the data that a plan names, as a process of its own reads it, in the same folder and environment."""
    told, teller = _OTHERS.Pipe(duplex=False)
    process = _OTHERS.Process(target=_tell_digest, args=(plan, dict(os.environ), teller))
    with told:
        process.start()
        teller.close()
        found: str = told.recv() if told.poll(120) else "nothing was said in time"
    process.kill()
    process.join()
    return found


def _tell_digest(plan: DataPlan, environment: Mapping[str, str], teller: Connection) -> None:
    os.environ.clear()
    os.environ.update(environment)
    teller.send(digest(load_dataset(plan, SEED)))


def rows(inputs: Floats) -> list[bytes]:
    """Return the bytes of each input."""
    return [row.tobytes() for row in inputs]


def examples(part: Part) -> list[bytes]:
    """Return the bytes of all inputs of each example."""
    return [b"".join(found) for found in zip(*map(rows, part.inputs), strict=True)]


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
        spec = dataset.spec
        for part in parts(dataset).values():
            assert len(part.inputs) == len(spec.input_shapes)
            for x, shape in zip(part.inputs, spec.input_shapes, strict=True):
                assert len(part) == len(x) > 0
                assert (x.dtype.name, x.shape[1:]) == ("float32", shape)
                assert np.isfinite(x).all()
            if spec.task == "classification":
                assert (part.y.dtype.name, part.y.shape) == ("int64", (len(part),))
            if spec.task == "segmentation":
                pixels = (len(part), *spec.input_shapes[0][:2])
                assert (part.y.dtype.name, part.y.shape) == ("int64", pixels)
            if spec.task == "detection":
                assert all(isinstance(objects, Objects) for objects in part.y)

    def test_the_parts_have_every_class_and_no_other(self, dataset: Dataset) -> None:
        """Each has, where an example is of one class; the pixels of single masks are of two."""
        spec = dataset.spec
        assert len(spec.labels) in (0, spec.classes)
        named = max(2, spec.classes) if spec.task == "segmentation" else spec.classes
        found = {
            name: set(part.arrays()["y"].ravel().tolist()) - {-1}
            for name, part in parts(dataset).items()
        }
        for name, there in found.items():
            assert there <= set(range(named))
            if spec.task == "classification" or name == "train":
                assert there == set(range(named))

    def test_groups_are_not_divided(self, dataset: Dataset) -> None:
        train, validation = dataset.train().groups, dataset.validation().groups
        if train is None or validation is None:
            pytest.skip("the examples of this data set do not belong together")
        assert not set(train.tolist()) & set(validation.tolist())

    def test_no_input_is_in_two_parts(self, dataset: Dataset) -> None:
        train, validation, test = (set(examples(part)) for part in parts(dataset).values())
        assert not train & validation
        assert not train & test
        assert not validation & test

    def test_parts_are_the_same_in_every_process(self, plan: DataPlan, dataset: Dataset) -> None:
        assert digest_elsewhere(plan) == digest(dataset)

    def test_only_the_representative_inputs_depend_on_the_seed(
        self, plan: DataPlan, dataset: Dataset
    ) -> None:
        other = load_dataset(plan, SEED + 1)
        for name, part in parts(dataset).items():
            for key, array in part.arrays().items():
                np.testing.assert_array_equal(array, parts(other)[name].arrays()[key])
        assert rows(dataset.representative(16)[0]) != rows(other.representative(16)[0])

    def test_representative_inputs_are_training_inputs(self, dataset: Dataset) -> None:
        inputs, again = dataset.train().inputs, dataset.representative(16)
        for drawn, there, other in zip(dataset.representative(16), inputs, again, strict=True):
            assert (drawn.dtype.name, len(drawn)) == ("float32", 16)
            assert len(set(rows(drawn))) > 1
            assert set(rows(drawn)) <= set(rows(there))
            np.testing.assert_array_equal(drawn, other)

    def test_facts_can_be_written_as_json(self, dataset: Dataset) -> None:
        found = facts(dataset)
        assert json.loads(json.dumps(found)) == found
        assert found["train"] == len(dataset.train())
        assert found["name"] == dataset.spec.name
