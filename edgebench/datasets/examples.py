"""Examples that come one by one or in batches, from whatever gives them, as arrays.

Known by what they offer, so that none of these packages need be there: ``tf.data`` (`as_numpy_iterator`), torch data sets and
loaders (``__len__`` and ``__getitem__``, or ``__iter__``), Hugging Face data sets (rows that are mappings), any iterable.
Values and the order of dimensions are kept as they come: torch's images, which have their channels first, are not turned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.datasets.base import Part
from edgebench.datasets.memory import most_bytes
from edgebench.tasks import Objects

Array = npt.NDArray[Any]
INPUT_KEYS = ("x", "image", "img", "input", "inputs", "pixel_values", "features")
ANSWER_KEYS = ("y", "label", "labels", "target", "class", "mask", "annotation")


class MisfitError(ValueError):
    """What was given is no examples; the message says which and why."""


def gather(found: Any) -> dict[str, Array]:
    """Return all examples as arrays ``x``, ``x2``, ..., ``y``, ``boxes``, and ``labels`` where class names are told.

    An example is (input, answer) or a mapping with keys such as ``image`` and ``label``; several inputs are a tuple. Answers
    are numbers of classes, masks of them, or `Objects`.

    Raises:
        MisfitError: there are none, one is no example, they are unlike each other, or are more than memory holds.
    """
    rows: list[list[Array]] = []
    answers: list[Any] = []
    answer_key, size_bytes = "", 0
    for number, element in enumerate(_elements(found)):
        answer_key, (inputs, answer) = _pair(element, number)
        given = [as_array(one) for one in (inputs if isinstance(inputs, tuple) else (inputs,))]
        if not _is_batch(given[0], answer):
            given, answer = [array[None] for array in given], [answer]
        if rows and _shapes(given) != _shapes(rows[0]):
            shapes = _shapes(given), _shapes(rows[0])
            raise MisfitError(f"example {number} is {shapes[0]}, and the first is {shapes[1]}")
        rows.append(given)
        answers.extend(answer)
        size_bytes += sum(4 * array.size for array in given)
        if size_bytes > most_bytes():
            raise MisfitError(
                f"after {len(answers)} examples they take {size_bytes:,} bytes, over half of this machine's memory"
            )
    if not answers:
        raise MisfitError("there are no examples")
    x, *more = (np.concatenate(each) for each in zip(*rows, strict=True))
    arrays = Part(x=x, y=_joined(answers), more=tuple(more)).arrays()
    names = _class_names(found, answer_key)
    return arrays if names is None else {**arrays, "labels": names}


def as_array(value: Any) -> Array:
    """Return a tensor of torch or TensorFlow, a PIL image, or numbers in lists, as an array; grey images get a channel.

    Raises:
        MisfitError: the lists are ragged.
    """
    for name in ("detach", "cpu", "numpy"):
        value = getattr(value, name)() if hasattr(value, name) else value
    try:
        array = np.asarray(value)
    except ValueError:
        raise MisfitError("its lists are of different lengths") from None
    return array[..., None] if hasattr(value, "getbands") and array.ndim == 2 else array


def _elements(found: Any) -> Iterator[Any]:
    if hasattr(found, "as_numpy_iterator"):
        yield from found.as_numpy_iterator()
    elif isinstance(found, Iterable):
        yield from found
    elif hasattr(found, "__getitem__") and hasattr(found, "__len__"):
        yield from (found[index] for index in range(len(found)))
    else:
        raise MisfitError(f"{type(found).__name__} has no examples to go through")


def _pair(element: Any, number: int) -> tuple[str, tuple[Any, Any]]:
    """Return the key of the answer where there are keys, and inputs and answer."""
    if isinstance(element, Mapping):
        inputs = [key for key in INPUT_KEYS if key in element]
        answers = [key for key in ANSWER_KEYS if key in element]
        if not inputs or not answers:
            raise MisfitError(
                f"example {number} has keys {', '.join(map(str, element))}, none like image or none like label"
            )
        return answers[0], (element[inputs[0]], element[answers[0]])
    if not isinstance(element, Sequence) or isinstance(element, str) or len(element) != 2:
        raise MisfitError(f"example {number}, a {type(element).__name__}, is no (input, answer)")
    return "", (element[0], element[1])


def _is_batch(x: Array, answer: Any) -> bool:
    """Return whether there is one answer for each of the first dimension of ``x``."""
    if isinstance(answer, Objects):
        return False
    if isinstance(answer, list | tuple) and answer and isinstance(answer[0], Objects):
        return True
    y = as_array(answer)
    is_mask = x.ndim == 3 and y.shape[:2] == x.shape[:2]
    return x.ndim > 1 and y.ndim > 0 and len(x) == len(y) and not is_mask


def _shapes(arrays: Sequence[Array]) -> str:
    return " and ".join(str(array.shape[1:]) for array in arrays)


def _joined(answers: Sequence[Any]) -> Array:
    """Return answers as one array; objects, which are more or fewer in each, as an array of them."""
    if not any(isinstance(answer, Objects) for answer in answers):
        arrays = [as_array(answer) for answer in answers]
        if len({array.shape for array in arrays}) > 1:
            raise MisfitError("answers are of different shapes")
        return np.stack(arrays)
    if not all(isinstance(answer, Objects) for answer in answers):
        raise MisfitError("some answers are objects with boxes, and some are not")
    found = np.empty(len(answers), dtype=object)
    found[:] = answers
    return found


def _class_names(found: Any, answer_key: str) -> Array | None:
    """Return the names that Hugging Face's features or torchvision's ``classes`` tell."""
    features = getattr(found, "features", None)
    told = features.get(answer_key) if isinstance(features, Mapping) else found
    names = getattr(told, "names", None) or getattr(told, "classes", None)
    is_names = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    return np.array(names) if is_names else None
