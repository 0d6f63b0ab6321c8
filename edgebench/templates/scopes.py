"""Conditional scopes of hyperparameters, as templates open them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import keras_tuner


@contextmanager
def scope(hp: keras_tuner.HyperParameters, **parents: Sequence[int]) -> Iterator[None]:
    """Open one conditional scope inside the other: what is registered in it needs every parent at one of its values."""
    with ExitStack() as scopes:
        for name, values in parents.items():
            scopes.enter_context(hp.conditional_scope(name, list(values)))
        yield


def registered_values(hp: keras_tuner.HyperParameters, name: str) -> list[int]:
    """Return the whole numbers that ``name`` may be, as narrowed or widened by a suite, in order."""
    return sorted({int(v) for entry in hp.space if entry.name == name for v in entry.values})
