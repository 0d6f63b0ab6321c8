"""What quantisation does to each layer of a file, by itself.

Errors add up on the way through a network, so that the last layers of a quantised file always differ most. Here each layer
is given what the float file computes before it, quantised as the file quantises it: what its output differs by is its own
doing, that of its weights and of the numbers it reads and writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgebench.errors import InputError, WorkError
from edgebench.export.layers_onnx import OnnxPair
from edgebench.export.layers_tflite import TflitePair
from edgebench.records import LayerError

Array = npt.NDArray[Any]
MOST_EXAMPLES = 16


class Pair(Protocol):
    """A float file and a quantised one of the same network; ``layers`` are the names of those that both have."""

    @property
    def layers(self) -> Sequence[str]: ...

    def run(self, example: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Return each layer's output in the float file, and in the quantised one given what the float file gives it.

        Args:
            example: One array an input, without the batch.
        """
        ...


PAIRS: dict[str, Callable[[Path, Path], Pair]] = {".tflite": TflitePair, ".onnx": OnnxPair}


def worst_layers(
    fp32: Path, quantised: Path, inputs: Sequence[Array], count: int = 5
) -> tuple[LayerError, ...]:
    """Return the layers whose outputs quantisation moves most, worst first.

    Convolutions, dense layers, sums, products and concatenations are looked at; of a layer that runs several times the
    worst time counts. A layer whose float outputs are all 0 is left out.

    Args:
        fp32: The file of floats.
        quantised: The file of the same network and format.
        inputs: One array an input, (examples, ...), as fed to the float model; the first 16 examples are run.
        count: How many layers at most.

    Raises:
        InputError: the files are of different or unknown formats, or there is no example.
        WorkError: a file cannot be run, or they have no layer in common.
    """
    if fp32.suffix != quantised.suffix or quantised.suffix not in PAIRS:
        raise InputError(
            f"the layers of {fp32.name} and {quantised.name} cannot be compared",
            why=f"both need to end in one of {', '.join(PAIRS)}",
        )
    examples = min(MOST_EXAMPLES, *map(len, inputs)) if inputs else 0
    if not examples:
        raise InputError("comparing layers needs one example or more, and there is none")
    pair = PAIRS[quantised.suffix](fp32, quantised)
    if not pair.layers:
        raise WorkError(f"{fp32.name} and {quantised.name} have no layer in common")
    squares = np.zeros((len(pair.layers), 2))
    for index in range(examples):
        outputs = pair.run([array[index] for array in inputs])
        squares += [_squares(expected, found) for expected, found in outputs]
    relative: dict[str, float] = {}
    for layer, (error, size) in zip(pair.layers, squares.tolist(), strict=True):
        if size > 0:
            relative[layer] = max(relative.get(layer, 0.0), (error / size) ** 0.5)
    worst = sorted(relative, key=lambda layer: -relative[layer])[:count]
    return tuple(
        LayerError(layer=layer, relative=relative[layer], examples=examples) for layer in worst
    )


def _squares(expected: Array, found: Array) -> tuple[float, float]:
    """Return the sums of the squares of the error and of what is expected."""
    wanted = expected.astype(np.float64)
    return float(np.square(found - wanted).sum()), float(np.square(wanted).sum())
