"""The accuracy gate: the same examples asked of both files, paired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.errors import IncomparableError
from edgebench.gate.result import ACCURACY, Check
from edgebench.gate.verdicts import Verdict


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
