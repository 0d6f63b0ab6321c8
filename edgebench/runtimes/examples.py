"""Runs many examples through a batch-1 model, floats in and floats out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgebench.runtimes.base import InferenceError, Session, TensorSpec

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array


def run_examples(session: Session, inputs: Sequence[Array]) -> list[Array]:
    """Run every example by itself and stack the outputs.

    Args:
        session: A model whose batch is 1.
        inputs: One array an input, each of shape (examples, ...). Floats are quantised where the model's input
            is; an array that already has the model's type is passed as it is.

    Returns:
        One array an output, of shape (examples, ...); quantised outputs are dequantised to float32.

    Raises:
        InferenceError: ``inputs_rejected`` where counts, shapes or types do not fit.
    """
    if len(inputs) != len(session.inputs):
        raise InferenceError(
            "inputs_rejected", f"the model takes {len(session.inputs)} inputs, not {len(inputs)}"
        )
    if not inputs or any(array.ndim < 1 or len(array) != len(inputs[0]) for array in inputs):
        raise InferenceError("inputs_rejected", "every input needs the same number of examples")
    prepared = [_to_model(array, session.inputs[i]) for i, array in enumerate(inputs)]
    collected: list[list[Array]] = [[] for _ in session.outputs]
    for example in range(len(inputs[0])):
        session.set_inputs(
            [array[example].reshape(session.inputs[i].shape) for i, array in enumerate(prepared)]
        )
        session.invoke()
        for position, output in enumerate(session.get_outputs()):
            collected[position].append(output)
    return [
        _from_model(_stack(rows, spec), spec)
        for rows, spec in zip(collected, session.outputs)  # noqa: B905  Python 3.8 has no strict zip
    ]


def _to_model(array: Array, spec: TensorSpec) -> Array:
    import numpy as np

    size = int(np.prod(spec.shape))
    if len(array) and array[0].size != size:
        raise InferenceError(
            "inputs_rejected",
            f"input {spec.name} has shape {spec.shape}: an example of shape {array.shape[1:]} does not fit",
        )
    if str(array.dtype) == spec.dtype:
        return np.ascontiguousarray(array)
    target = np.dtype(spec.dtype)
    if spec.is_quantised and array.dtype.kind == "f" and target.kind in "iu":
        limits = np.iinfo(target)
        steps = np.rint(array / spec.scale) + spec.zero_point
        quantised: Array = np.clip(steps, limits.min, limits.max).astype(target)
        return quantised
    if not np.can_cast(array.dtype, target, "same_kind"):
        raise InferenceError(
            "inputs_rejected", f"input {spec.name} is {spec.dtype}: {array.dtype} does not fit"
        )
    return np.ascontiguousarray(array.astype(target))


def _stack(rows: list[Array], spec: TensorSpec) -> Array:
    import numpy as np

    if not rows:
        return np.zeros((0, *spec.shape[1:]), spec.dtype)
    if rows[0].ndim and rows[0].shape[0] == 1:
        return np.concatenate(rows)
    return np.stack(rows)


def _from_model(array: Array, spec: TensorSpec) -> Array:
    import numpy as np

    if spec.is_quantised and array.dtype.kind in "iu":
        steps: Array = array.astype(np.float32) - np.float32(spec.zero_point)
        return steps * np.float32(spec.scale)
    return array.astype(np.float32) if array.dtype == np.float16 else array
