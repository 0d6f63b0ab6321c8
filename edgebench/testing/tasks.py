"""What every task must do. Inherit `TaskContract` and give it a task with a case to have the task checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from edgebench.errors import InputError
from edgebench.tasks import TASKS, Array, Task, load_task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCase:
    """What one network is asked, with two ways to answer: ``right`` in everything, ``wrong`` in something."""

    truth: Any
    right: Array
    wrong: Array


class TaskContract:
    """Tests of one `edgebench.tasks.Task` that `load_task` knows. Override `name` and `case`."""

    name: str

    @pytest.fixture
    def case(self) -> TaskCase:
        """Return two or more examples."""
        raise NotImplementedError

    @pytest.fixture
    def task(self) -> Task:
        return load_task(self.name)

    def test_its_names_are_those_of_records(self, task: Task) -> None:
        assert self.name in TASKS
        assert task.name == self.name
        assert task.metric.isidentifier()
        assert task.title

    def test_right_answers_score_one_and_wrong_ones_less(self, task: Task, case: TaskCase) -> None:
        assert task.score([case.right], case.truth) == 1.0
        assert 0.0 <= task.score([case.wrong], case.truth) < 1.0

    def test_every_score_has_a_name_and_is_a_share(self, task: Task, case: TaskCase) -> None:
        right = task.scores([case.right], case.truth, ())
        assert set(right.values()) == {1.0}
        assert all(name and isinstance(name, str) for name in right)
        wrong = task.scores([case.wrong], case.truth, ())
        assert all(0.0 <= value <= 1.0 for value in wrong.values())
        assert min(wrong.values()) < 1.0

    def test_answers_and_what_is_correct_are_of_each_example(
        self, task: Task, case: TaskCase
    ) -> None:
        for outputs, is_right in ((case.right, True), (case.wrong, False)):
            answers, correct = task.answers([outputs]), task.correct([outputs], case.truth)
            assert answers is None or len(answers) == len(outputs)
            if correct is not None:
                assert correct.shape == (len(outputs),)
                assert correct.dtype.kind == "b"
                assert bool(correct.all()) is is_right

    def test_the_order_of_examples_does_not_matter(self, task: Task, case: TaskCase) -> None:
        score = task.score([case.wrong], case.truth)
        assert task.score([case.wrong[::-1]], case.truth[::-1]) == pytest.approx(score)

    def test_outputs_are_left_as_they_are(self, task: Task, case: TaskCase) -> None:
        kept = case.wrong.copy()
        task.scores([case.wrong], case.truth, ())
        np.testing.assert_array_equal(case.wrong, kept)

    def test_what_does_not_fit_is_told(self, task: Task, case: TaskCase) -> None:
        with pytest.raises(InputError, match=f"{self.name} reads one output"):
            task.score([case.right, case.right], case.truth)
        with pytest.raises(InputError):
            task.score([case.right[1:]], case.truth)
        with pytest.raises(InputError, match="99 labels do not fit"):
            task.scores([case.right], case.truth, ["label"] * 99)
