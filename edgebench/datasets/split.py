"""Which examples are trained on, and which are held out to choose by."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from edgebench.datasets.base import DatasetSpec, Divided, Floats, Labels, Part, Source
from edgebench.datasets.memory import require_memory
from edgebench.errors import InputError
from edgebench.records import DataPlan

SPLIT_SEED = 0
ON_TEST = "test"


class Split:
    """Implements `Dataset` on a `Source`.

    Classes keep their shares in both parts, and groups stay whole. With ``validation: test`` all the pool is trained on.
    What a source holds out itself is the validation part, whatever the plan's share.

    Args:
        source: Gives the examples.
        plan: Its ``validation``.
        seed: Draws the representative inputs. The parts do not depend on it, so that runs compare.

    Raises:
        InputError: too few examples are left to train or validate on, or they are more than this machine can hold.
    """

    def __init__(self, source: Source, plan: DataPlan, seed: int = 0) -> None:
        self._source = source
        self._plan = plan
        self._seed = seed
        numbers = sum(math.prod(shape) for shape in source.spec.input_shapes)
        require_memory(
            f"{source.pool_count} examples of {source.spec.name}", 4 * numbers * source.pool_count
        )
        self._divided = source if isinstance(source, Divided) and source.held_out_count else None
        if plan.validation != ON_TEST and source.pool_count and self._divided is None:
            self._held_back(source.pool_count)

    @property
    def spec(self) -> DatasetSpec:
        return self._source.spec

    @property
    def can_train(self) -> bool:
        """Return whether there is more than a test part."""
        return self._source.pool_count > 0

    def train(self) -> Part:
        return self._parts[0]

    def validation(self) -> Part:
        return self._parts[1]

    def test(self) -> Part:
        return self._test

    def representative(self, count: int) -> tuple[Floats, ...]:
        return self.train().drawn(count, self._seed)

    def lacks(self) -> tuple[str, ...]:
        return self._source.lacks()

    @cached_property
    def _test(self) -> Part:
        return self._source.test()

    @cached_property
    def _parts(self) -> tuple[Part, Part]:
        pool = self._source.pool()
        if self._plan.validation == ON_TEST:
            return pool, self.test()
        if self._divided is not None:
            return pool, self._divided.held_out()
        train, validation = split_rows(pool, self._held_back(len(pool)), self.spec)
        return pool.of(train), pool.of(validation)

    def _held_back(self, count: int) -> int:
        """Return how many of the pool's examples are for validation; raises `InputError` where too few are left."""
        assert self._plan.validation != ON_TEST
        held_back, least = int(self._plan.validation * count), self._least
        if not least <= held_back <= count - least:
            raise InputError(
                f"of {count} examples of {self.spec.name}, {held_back} would be for validation",
                why=f"validation and training both need at least {least}"
                + (", one a class" if least > 1 else ""),
                remedy="add examples, raise data.sample, or bring data.validation nearer to 0.2",
            )
        return held_back

    @property
    def _least(self) -> int:
        return self.spec.classes if self.spec.task == "classification" else 1


def split_rows(pool: Part, held_back: int, spec: DatasetSpec) -> tuple[Labels, Labels]:
    """Return the rows that are trained on, and about ``held_back`` that are held out.

    Raises:
        InputError: a class has a single example, or all examples are of one group.
    """
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    rows = np.arange(len(pool))
    if pool.groups is not None:
        groups = len(np.unique(pool.groups))
        if groups < 2:
            raise InputError(
                f"{spec.name} cannot be split: all {len(pool)} examples belong together",
                why="validation takes a person or a photograph whole",
                remedy="add examples of another",
            )
        share = min(max(held_back / len(pool), 1 / groups), 1 - 1 / groups)
        one_split = GroupShuffleSplit(n_splits=1, test_size=share, random_state=SPLIT_SEED)
        train, validation = next(one_split.split(rows, groups=pool.groups))
        return train, validation
    is_classes = spec.task == "classification"
    if is_classes:
        _check_classes(pool, spec)
    train, validation = train_test_split(
        rows,
        test_size=held_back,
        random_state=SPLIT_SEED,
        stratify=pool.y if is_classes else None,
    )
    return train, validation


def _check_classes(pool: Part, spec: DatasetSpec) -> None:
    counts = np.bincount(pool.y, minlength=spec.classes)
    if counts.min() < 2:
        number = int(counts.argmin())
        label = spec.labels[number] if spec.labels else str(number)
        raise InputError(
            f"class {label} of {spec.name} has {counts.min()} of {len(pool)} training examples",
            why="training and validation need one each",
            remedy="add examples of it, raise data.sample, or leave the class out",
        )
