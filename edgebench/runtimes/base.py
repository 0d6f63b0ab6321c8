"""What a runtime is: a program that opens a model file and runs it.

Part of the agent: Python 3.8 syntax, standard library; numpy only where arrays are made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Feed = Callable[["Session"], None]


class InferenceError(Exception):
    """A runtime could not do what it was asked.

    Args:
        kind: A stable word: ``runtime_missing``, ``runtime_broken``, ``delegate_missing``, ``model_missing``,
            ``format_mismatch``, ``model_rejected``, ``inputs_rejected``, ``threads_fixed`` or ``invoke_failed``.
        message: One sentence.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class TensorSpec:
    """One input or output. ``scale`` is 0.0 where the tensor is not quantised; an open dimension is 1."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0

    @property
    def is_quantised(self) -> bool:
        return self.scale > 0.0


@dataclass(frozen=True)
class Op:
    """One operation of a model, as a run apart from all measuring saw it.

    Args:
        name: What the file calls it.
        type: Its kind, such as ``CONV_2D``.
        invokes: How often it was run.
        ns: The mean nanoseconds it took in one invoke of the model; None where the runtime does not tell.
        delegated: Whether the session's delegate ran it.
    """

    name: str
    type: str
    invokes: int
    ns: float | None
    delegated: bool


class Session(Protocol):
    """An opened model. `set_inputs`, `invoke` and `get_outputs` are apart so that `invoke` is timed alone.

    ``delegate`` is what really runs the graph (``xnnpack``, ``CPUExecutionProvider``), or None where the
    runtime has nothing of the kind. ``accelerator`` names the hardware it runs on (``cpu``, ``NVIDIA H200``).
    ``delegated_ops`` are the model's own operations that the delegate runs, ``other_ops`` those that it left to
    something else; all three are None where the runtime does not tell. They are read after all timing, so that
    the time to open holds no counting.
    """

    @property
    def inputs(self) -> Sequence[TensorSpec]: ...

    @property
    def outputs(self) -> Sequence[TensorSpec]: ...

    @property
    def delegate(self) -> str | None: ...

    @property
    def accelerator(self) -> str | None: ...

    @property
    def delegated_ops(self) -> int | None: ...

    @property
    def other_ops(self) -> int | None: ...

    def set_inputs(self, arrays: Sequence[Array]) -> None:
        """Copy the arrays in, in the order of ``inputs``; raises `InferenceError` where one does not fit."""

    def invoke(self) -> None:
        """Run the model once on the inputs that were set."""

    def get_outputs(self) -> list[Array]:
        """Return copies of the outputs of the last `invoke`, in the order of ``outputs``."""


class Runtime(Protocol):
    """Opens model files. Made by `edgebench.runtimes.load_runtime`; making one imports the runtime."""

    name: str

    def version(self) -> str:
        """Return the version of the installed build."""

    def open(self, model_path: str, threads: int, delegate: str | None) -> Session:
        """Open a model file.

        Args:
            model_path: A file of this runtime's format.
            threads: Threads the runtime may use, from 1.
            delegate: What must run the graph; None for the runtime's default.

        Raises:
            InferenceError: No such file, a format it cannot read, or a delegate that is not there. An absent
                delegate is never replaced by another.
        """

    def ops(self, model_path: str, threads: int, delegate: str | None, feed: Feed) -> Sequence[Op]:
        """Open a model file as `open` does, run it, and tell of each of its operations.

        Its times are no measurement: watching each operation slows the model down.

        Args:
            model_path: As for `open`.
            threads: As for `open`.
            delegate: As for `open`.
            feed: Sets a session's inputs and invokes it a few times.

        Raises:
            InferenceError: As `open` does.
        """


def require_model(model_path: str, suffixes: tuple[str, ...], runtime: str) -> None:
    """Raise `InferenceError` unless the file is there and has one of the suffixes."""
    if not os.path.isfile(model_path):
        raise InferenceError("model_missing", f"{model_path} does not exist")
    if not model_path.lower().endswith(suffixes):
        raise InferenceError(
            "format_mismatch",
            f"{runtime} reads {' and '.join(suffixes)} files, not {os.path.basename(model_path)}",
        )


def require_fit(arrays: Sequence[Array], specs: Sequence[TensorSpec]) -> None:
    """Raise `InferenceError` unless there is one array of the right shape and type for each input."""
    if len(arrays) != len(specs):
        raise InferenceError(
            "inputs_rejected", f"the model takes {len(specs)} inputs, not {len(arrays)}"
        )
    for index, spec in enumerate(specs):
        array = arrays[index]
        if tuple(array.shape) != spec.shape or str(array.dtype) != spec.dtype:
            raise InferenceError(
                "inputs_rejected",
                f"input {spec.name} is {spec.dtype} of shape {spec.shape}, "
                f"not {array.dtype} of shape {tuple(array.shape)}",
            )
