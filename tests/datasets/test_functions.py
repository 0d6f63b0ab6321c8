"""Data of one's own from functions: what they may return, and what is told of what they may not."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.datasets import Dataset, examples, load_dataset
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DataPlan
from edgebench.tasks import Objects
from edgebench.testing.datasets import DatasetContract, parts

RNG = np.random.default_rng(0)
X, Y = RNG.random((60, 4, 5, 3), dtype=np.float32), np.arange(60) % 3
MASKS = RNG.integers(0, 2, (60, 4, 5))
Load = Callable[..., Dataset]
NUMBERS = itertools.count()


class Tensor:
    """Behaves as a tensor of torch does."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> np.ndarray:
        return self.values

    def __getitem__(self, index: Any) -> Tensor:
        return Tensor(self.values[index])

    def __len__(self) -> int:
        return len(self.values)


class TorchData:
    """A map-style data set of torch: rows by number, which go on for ever to those who iterate."""

    classes = "ant", "bee", "cow"

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return Tensor(X[index % len(X)]), int(Y[index % len(X)])


class TorchLoader:
    """Batches, the last of which is smaller."""

    def __iter__(self) -> Iterator[list[Tensor]]:
        return ([Tensor(X[i : i + 16]), Tensor(Y[i : i + 16])] for i in range(0, 60, 16))


class HuggingFace:
    """Rows that are mappings, and features that name the classes."""

    class ClassLabel:
        names = "ant", "bee", "cow"

    def __init__(self) -> None:
        self.features = {"image": None, "label": self.ClassLabel()}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        from PIL import Image

        for image, label in zip(X, Y.tolist(), strict=True):
            grey = Image.fromarray((image[..., 0] * 255).astype(np.uint8))
            yield {"idx": 7, "image": grey, "label": label}


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load what a function in a module of its own returns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def loaded(returned: Any, **plan: Any) -> Dataset:
        name = f"own_data_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text("returned = None\ndef data():\n    return returned\n")
        __import__(name)
        sys.modules[name].returned = returned
        return load_dataset(DataPlan(name=f"{name}:data", **plan))

    return loaded


def everything(dataset: Dataset) -> np.ndarray:
    """Return all inputs of all parts, sorted."""
    found = np.concatenate([part.x for part in parts(dataset).values()])
    return found[np.lexsort(found.reshape(len(found), -1).T)]


WHOLE = X[np.lexsort(X.reshape(60, -1).T)]


class TestContract(DatasetContract):
    @pytest.fixture
    def plan(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPlan:
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}")
        monkeypatch.syspath_prepend(str(tmp_path))
        name = f"contract_data_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(
            "import numpy as np\n"
            "def my_data():\n"
            "    rng = np.random.default_rng(0)\n"
            "    return rng.random((100, 4, 4, 1)), np.arange(100) % 3\n"
        )
        return DataPlan(name=f"{name}:my_data")


@pytest.mark.parametrize(
    "returned",
    [
        (X, Y),
        (X, Y[:, None]),
        (X.tolist(), Y.tolist()),
        (Tensor(X), Tensor(Y)),
        {"x": X, "y": Y},
        {"x_train": X, "y_train": Y},
        {"train": (X, Y)},
        list(zip(X, Y, strict=True)),
        [(X[i : i + 7], Y[i : i + 7]) for i in range(0, 60, 7)],
        [{"image": x, "label": y} for x, y in zip(X, Y, strict=True)],
        TorchData(),
        TorchLoader(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_without_a_test_part_a_fifth_is_drawn(load: Load, returned: Any) -> None:
    dataset = load(returned)
    assert {name: len(part) for name, part in parts(dataset).items()} == {
        "train": 39, "validation": 9, "test": 12,
    }  # fmt: skip
    assert np.bincount(dataset.test().y).tolist() == [4, 4, 4]
    np.testing.assert_array_equal(everything(dataset), WHOLE)
    assert dataset.spec.source.endswith("a fifth drawn for testing")


@pytest.mark.parametrize(
    "returned",
    [
        ((X, Y), (X[:9], Y[:9])),
        {"x_train": X, "y_train": Y, "x_test": X[:9], "y_test": Y[:9]},
        {"x_train": X, "y_train": Y, "x": X[:9], "y": Y[:9]},
        {"train": (X, Y), "test": (X[:9], Y[:9])},
        {"train": TorchLoader(), "test": list(zip(X[:9], Y[:9], strict=True))},
        (TorchLoader(), list(zip(X[:9], Y[:9], strict=True))),
    ],
    ids=range(6),
)
def test_a_test_part_is_taken_as_it_is(load: Load, returned: Any) -> None:
    dataset = load(returned, sample=0.5)
    np.testing.assert_array_equal(dataset.test().x, X[:9])
    assert len(dataset.train()) + len(dataset.validation()) == 30
    assert "drawn" not in dataset.spec.source


def test_a_generator_and_a_function_that_is_one(load: Load) -> None:
    np.testing.assert_array_equal(everything(load(zip(X, Y, strict=True))), WHOLE)


def test_class_names_come_along(load: Load) -> None:
    assert load(TorchData()).spec.labels == ("ant", "bee", "cow")
    found = load(HuggingFace())
    assert found.spec.labels == ("ant", "bee", "cow")
    assert found.spec.input_shapes == ((4, 5, 1),)
    np.testing.assert_array_equal(
        np.sort(everything(found).ravel()), np.sort((X[..., 0] * 255).astype(np.uint8).ravel())
    )


def test_masks_boxes_and_several_inputs(load: Load) -> None:
    for returned in ((X, MASKS), list(zip(X, MASKS, strict=True)), [(X, MASKS[..., None])]):
        found = load(returned)
        assert (found.spec.task, found.test().y.shape) == ("segmentation", (12, 4, 5))
    one = Objects(boxes=np.array([[0.1, 0.1, 0.5, 0.5]]), labels=np.array([2]))
    none = Objects(boxes=np.zeros((0, 4)), labels=np.zeros(0, int))
    found = load([(x, one if index % 2 else none) for index, x in enumerate(X)])
    assert (found.spec.task, found.spec.classes) == ("detection", 3)
    assert {len(objects.labels) for objects in found.train().y} == {0, 1}
    found = load([((x, 2 * x), y) for x, y in zip(X, Y, strict=True)])
    assert found.spec.input_shapes == ((4, 5, 3),) * 2
    np.testing.assert_array_equal(2 * found.test().x, found.test().more[0])


def test_a_function_may_take_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("planned_data.py").write_text(
        "import numpy as np\n"
        "def data(plan):\n"
        "    return np.zeros((50, *plan.size, 1)) + np.arange(50)[:, None, None, None], [0, 1] * 25\n"
    )
    found = load_dataset(DataPlan(name="planned_data:data", size=(3, 6)))
    assert found.spec.input_shapes == ((3, 6, 1),)
    assert str(tmp_path) in sys.path
    sys.path.remove(str(tmp_path))


def test_a_source_or_data_set_of_its_own_is_taken_as_it_is(load: Load) -> None:
    own = load_dataset(DataPlan(name="digits"))
    assert load(own) is own
    from edgebench.datasets.digits import Digits

    found = load(Digits(DataPlan(name="digits", size=(8, 8))), validation=0.5)
    assert (len(found.validation()), found.spec.input_shapes) == (718, ((8, 8, 3),))


def test_tensorflow_gives_examples_and_batches(load: Load, keras: Any) -> None:
    import tensorflow as tf

    flat = tf.data.Dataset.from_tensor_slices((X, Y))
    for returned in (
        flat,
        flat.batch(16),
        {"train": flat.batch(60)},
        (tf.constant(X), tf.constant(Y)),
    ):
        np.testing.assert_array_equal(everything(load(returned)), WHOLE)
    named = tf.data.Dataset.from_tensor_slices({"image": X, "label": Y})
    np.testing.assert_array_equal(everything(load(named)), WHOLE)


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        (None, "NoneType has no examples"),
        ("text", "example 0, a str, is no"),
        ([], "no examples"),
        ((X[:0], Y[:0]), "must hold whole numbers"),
        ([1, 2], "example 0, a int, is no"),
        ([(X[0], 1), (X[0, 1:], 2)], "example 1 is (3, 5, 3), and the first is (4, 5, 3)"),
        ([([[1, 2], [3]], 1)], "different lengths"),
        ([(X[0], [1, 2]), (X[0], [1])], "different shapes"),
        ((X * np.nan, Y), "no number"),
        ((X * np.float64(1e300), Y), "no number"),
        ((X, Y * 0.5), "whole numbers"),
        ((X, Y.astype(str)), "whole numbers"),
        ((X, np.eye(3, dtype=int)[Y]), "neither classes"),
        ((X, MASKS[:, 1:]), "does not fit"),
        ((X, Y[:7]), "is no 7 inputs"),
        ((X[:1], Y[:1]), "too few"),
        ({"train": (X, Y), "valid": (X, Y)}, "its parts are train, valid"),
        ({"test": (X, Y)}, "its parts are test"),
        ({}, "its parts are"),
        ([{"picture": X[0], "label": 1}], "keys picture, label"),
        ((("a", "b"), ("c", "d")), "is no (input, answer)"),
        (((X, Y), (X[:, 1:], Y)), "inputs for training are"),
    ],
)
def test_what_is_no_data_set_is_one_sentence(load: Load, returned: Any, why: str) -> None:
    with pytest.raises(InputError, match=r"own_data_\d+:data") as caught:
        load(returned)
    assert why in caught.value.why


@pytest.mark.parametrize("labels", [[0] * 60, [0] * 59 + [1], [2] * 30 + [0] * 30])
def test_classes_without_examples_are_told(load: Load, labels: list[int]) -> None:
    with pytest.raises(InputError, match=r"class \d of own_data_\d+:data has [01] of 60"):
        load((X, labels)).train()


def test_examples_without_end_stop_at_the_memory(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "most_bytes", lambda: 100_000)
    with pytest.raises(InputError) as caught:
        load((X[0], 1) for _ in itertools.count())
    assert "half of this machine" in caught.value.why


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def data():\n    raise KeyError('here')\n", "KeyError: 'here'"),
        ("def data():\n    yield 1, 2\n    1 / 0\n", "ZeroDivisionError: division by zero"),
        ("def data(path):\n    pass\n", "missing 1 required positional argument"),
        ("data = 3\n", "it is no function"),
        ("def data(:\n", "SyntaxError"),
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
        ("raise SystemExit(0)\n", "SystemExit: 0"),
        ("def data():\n    raise SystemExit(0)\n", "SystemExit: 0"),
    ],
)
def test_a_function_that_fails_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, why: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"failing_{next(NUMBERS)}"
    (tmp_path / f"{name}.py").write_text(source)
    with pytest.raises(InputError, match=f"{name}:data") as caught:
        load_dataset(DataPlan(name=f"{name}:data"))
    assert why in caught.value.why


def test_names_that_are_not_there(load: Load, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="data set no_such_module:data cannot be imported"):
        load_dataset(DataPlan(name="no_such_module:data"))
    (tmp_path / "with_names.py").write_text("def my_data():\n    pass\n")
    with pytest.raises(UnknownNameError, match="my_dat is not a function") as caught:
        load_dataset(DataPlan(name="with_names:my_dat"))
    assert caught.value.remedy == "did you mean my_data?"


def test_the_example_of_the_documentation_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    (tmp_path / "my_module.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_module", raising=False)
    found = load_dataset(DataPlan(name="my_module:my_data"))
    assert {name: len(part) for name, part in parts(found).items()} == {
        "train": 192, "validation": 48, "test": 60,
    }  # fmt: skip
    train, test = found.train(), found.test()
    rows = [test.x[:, 10 * label : 10 * label + 10].mean(axis=(1, 2, 3)) for label in range(3)]
    np.testing.assert_array_equal(np.argmax(rows, axis=0), test.y)
    assert (train.x.min() >= 0, train.x.max() <= 1) == (True, True)


def test_what_a_function_cannot_heed_is_refused(load: Load) -> None:
    for plan in ({"size": (8, 8)}, {"tile": (8, 8)}, {"target": "weed"}):
        with pytest.raises(InputError, match="means nothing to"):
            load((X, Y), **plan)


def test_a_function_is_called_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "counted.py").write_text(
        "calls = []\ndef data():\n    calls.append(1)\n    return [[i, i] for i in range(60)], [0, 1] * 30\n"
    )
    for sample in (0.5, 1.0):
        load_dataset(DataPlan(name="counted:data", sample=sample)).train()
    assert len(sys.modules["counted"].calls) == 1
