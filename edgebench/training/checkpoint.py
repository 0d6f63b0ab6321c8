"""What training needs to go on later, in another process, as if it had never stopped."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgebench.errors import WorkError, first_line

FORMAT = "edgebench-training-1"
Arrays = tuple[npt.NDArray[Any], ...]


class CheckpointError(WorkError):
    """A checkpoint is missing, damaged, or of another training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingState:
    """Training after an epoch.

    ``variables`` are those of the stepper: the model's, seeds of random layers included, then the optimizer's;
    ``best`` the weights of the best epoch; ``history`` the metric that is watched after each epoch.
    """

    variables: Arrays
    best: Arrays
    history: tuple[float, ...]


def write_state(path: Path, state: TrainingState, key: str) -> None:
    """Write a state whole or not at all.

    Args:
        path: A file ending in ``.npz``; replaced where it exists.
        state: What to write.
        key: Names the training, so that no other goes on from it.
    """
    entries: dict[str, Any] = {
        "format": np.array(FORMAT),
        "key": np.array(key),
        "history": np.array(state.history, dtype=np.float64),
        **_numbered("variable", state.variables),
        **_numbered("best", state.best),
    }
    partial = path.with_name(f"partial-{path.name}")
    with partial.open("wb") as file:
        np.savez(file, **entries)
    partial.replace(path)


def read_state(path: Path, key: str) -> TrainingState:
    """Read a state that `write_state` wrote with the same key.

    Raises:
        CheckpointError: the file is missing or damaged, or holds something else.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
            if str(entries["format"]) != FORMAT:
                raise CheckpointError(f"checkpoint {path.name} is of another version of edgebench")
            if str(entries["key"]) != key:
                raise CheckpointError(f"checkpoint {path.name} is of another training")
            return TrainingState(
                variables=_arrays(entries, "variable"),
                best=_arrays(entries, "best"),
                history=tuple(float(accuracy) for accuracy in entries["history"]),
            )
    except FileNotFoundError:
        raise CheckpointError(f"checkpoint {path.name} is missing") from None
    except (OSError, EOFError, ValueError, LookupError, AttributeError, TypeError,
            zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
        why = first_line(error)
        raise CheckpointError(f"checkpoint {path.name} cannot be read", why=why) from None


def assign(variables: Sequence[Any], arrays: Arrays) -> None:
    """Give variables their values.

    Raises:
        CheckpointError: the values are not of these variables; none is changed then.
    """
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [array.shape for array in arrays]:
        raise CheckpointError("the checkpoint is of another network")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def snapshot(variables: Sequence[Any]) -> Arrays:
    """Return a copy of the values of variables."""
    return tuple(np.array(variable) for variable in variables)


def _numbered(name: str, arrays: Arrays) -> Any:
    return {f"{name}_{index}": array for index, array in enumerate(arrays)}


def _arrays(entries: Any, name: str) -> Arrays:
    count = sum(entry.startswith(f"{name}_") for entry in entries.files)
    return tuple(entries[f"{name}_{index}"] for index in range(count))
