"""The accuracy gate: the same examples asked of both files, paired."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.errors import IncomparableError
from edgebench.gate.result import ACCURACY, Check
from edgebench.gate.verdicts import Verdict
from edgebench.profiling import (
    MeasurePlan,
    Profiler,
    answering,
    as_expected,
    open_test,
    outputs_of,
)
from edgebench.records import DataPlan
from edgebench.tasks import load_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which examples a file is asked: the first ``examples`` of a data set's test part, all where None.

    ``input_range`` is what the file expects where the data set's inputs are in [0, 1].
    """

    data: DataPlan
    examples: int | None = None
    input_range: tuple[float, float] = (0.0, 1.0)


class Examiner:
    """Asks files; the data is opened once for all that are asked the same, one after the other."""

    def __init__(self) -> None:
        self._opened: _Examples | None = None

    def ask(
        self, question: Question, model: Path, profiler: Profiler, plan: MeasurePlan
    ) -> Answers | None:
        """Run a file over the examples; None where its task knows no single right answer, such as boxes.

        Raises:
            InputError: the data is not here, or the file's outputs are no answers to it.
            WorkError: an output is not a number.
            EdgebenchError: the file does not run.
        """
        if self._opened is None or self._opened.question != question:
            self._opened = _Examples(question)
        return self._opened.ask(model, profiler, plan)


class _Examples:
    def __init__(self, question: Question) -> None:
        dataset = open_test(question.data)
        part = dataset.test().head(question.examples)
        self.question = question
        self._inputs = as_expected(part.inputs, question.input_range)
        self._y = part.y
        self._data = dataset.spec.name
        self._task = load_task(dataset.spec.task, dataset.spec.input_shapes)

    def ask(self, model: Path, profiler: Profiler, plan: MeasurePlan) -> Answers | None:
        outputs = outputs_of(model, self._inputs, profiler, plan)
        with answering(model.name, self._data):
            correct = self._task.correct(outputs, self._y)
        if correct is None:
            return None
        asked = f"{len(correct)} examples of {self._data}, sha256 {self._digest[:16]}"
        return Answers(data=asked, correct=np.asarray(correct, bool))

    @functools.cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256()
        for array in (*self._inputs, np.asarray(self._y)):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Which examples of a data set's test part a file answers rightly: booleans, (examples,).

    ``data`` says which examples they are, as a text that is equal only for the same ones.
    """

    data: str
    correct: npt.NDArray[Any]

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.correct))


def check_answers(benchmark: str, base: Answers, head: Answers, alpha: float = 0.01) -> Check:
    """Hold a file's answers against the baseline's by the exact one-sided McNemar test.

    More examples lost than gained, and so uneven only with a probability of at most ``alpha`` where both are as likely, is
    REGRESSED; the other way round IMPROVED.

    Raises:
        IncomparableError: they were asked different examples.

    Source: McNemar 1947, doi 10.1007/BF02295996, with the exact binomial distribution.
    """
    from scipy.stats import binomtest

    if base.data != head.data or len(base.correct) != len(head.correct):
        raise IncomparableError(
            f"{benchmark} was asked other examples than its baseline",
            why=f"{base.data} before, {head.data} now",
            remedy="save the baseline again",
        )
    lost = int(np.sum(base.correct & ~head.correct))
    gained = int(np.sum(head.correct & ~base.correct))
    verdict, p = Verdict.PASS, 1.0
    if lost + gained:
        p = float(binomtest(max(lost, gained), lost + gained, alternative="greater").pvalue)
        if p <= alpha:
            verdict = Verdict.REGRESSED if lost > gained else Verdict.IMPROVED
    return Check(
        benchmark=benchmark,
        kind=ACCURACY,
        verdict=verdict,
        sentence=(
            f"{base.accuracy:.2%} to {head.accuracy:.2%} of {len(head.correct):,} examples: "
            f"{lost} lost, {gained} gained, p {p:.2g}"
        ),
        base=base.accuracy,
        head=head.accuracy,
    )
