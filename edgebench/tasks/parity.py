"""How the outputs of a file stand beside those of its Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgebench.errors import WorkError
from edgebench.records import Parity
from edgebench.tasks.base import Array, Task


def compare(
    outputs: Sequence[Array],
    keras_outputs: Sequence[Array],
    truth: Any,
    task: Task,
    labels: Sequence[str] = (),
) -> tuple[float | None, Parity]:
    """Hold a file's outputs against those of Keras, and both against the truth.

    Args:
        outputs: Of the file: one array an output, (examples, ...), floats.
        keras_outputs: Of the model, for the same examples.
        truth: What the task asks for; None leaves out all that needs it.
        task: Judges the answers.
        labels: Names of the classes, or none.

    Returns:
        The file's score, and the rest. Agreement is over all answers, which are the pixels of a segmentation.

    Raises:
        WorkError: there is no example, shapes differ, or an output is not a number.
        InputError: the outputs do not fit the task or the truth.
    """
    _require_alike(outputs, keras_outputs)
    differences = [
        np.abs(mine.astype(np.float64) - theirs.astype(np.float64))
        for mine, theirs in zip(outputs, keras_outputs, strict=True)
    ]
    answers, expected = task.answers(outputs), task.answers(keras_outputs)
    agreement = None if answers is None or expected is None else float((answers == expected).mean())
    score, scores, lost, gained = None, {}, None, None
    if truth is not None:
        score, scores = task.score(outputs, truth), task.scores(outputs, truth, labels)
        mine, theirs = task.correct(outputs, truth), task.correct(keras_outputs, truth)
        if mine is not None and theirs is not None:
            lost, gained = int((theirs & ~mine).sum()), int((mine & ~theirs).sum())
    return score, Parity(
        examples=len(outputs[0]),
        max_abs_diff=max(float(each.max()) for each in differences),
        mean_abs_diff=sum(float(each.sum()) for each in differences)
        / sum(each.size for each in differences),
        agreement=agreement,
        lost=lost,
        gained=gained,
        mcnemar_p=None if lost is None or gained is None else mcnemar_p(lost, gained),
        scores=scores,
    )


def mcnemar_p(lost: int, gained: int) -> float:
    """Return the two-sided exact McNemar test: how likely so uneven a split is where both are as likely; 1 without any.

    Source: McNemar 1947, doi 10.1007/BF02295996, with the exact binomial distribution.
    """
    from scipy.stats import binomtest

    changed = lost + gained
    return float(binomtest(lost, changed).pvalue) if changed else 1.0


def _require_alike(outputs: Sequence[Array], keras_outputs: Sequence[Array]) -> None:
    shapes = [array.shape for array in outputs]
    expected = [array.shape for array in keras_outputs]
    if shapes != expected:
        raise WorkError(
            f"the file answers in shapes {_listed(shapes)}",
            why=f"its Keras model answers in {_listed(expected)}",
        )
    if not outputs or any(array.size == 0 for array in outputs):
        raise WorkError("there is no output to compare with Keras", why="no example was run")
    for who, arrays in (("Keras model", keras_outputs), ("file", outputs)):
        if not all(np.isfinite(array).all() for array in arrays):
            raise WorkError(
                f"the {who} answers with something that is not a number",
                why="its outputs hold NaN or infinity",
            )


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "none at all"
