"""Templates under another Keras backend: a program to start with KERAS_BACKEND set.

It reads JSON cases from standard input, one a line, in the form of `Case`, and prints one JSON `Answer` a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SEED = 5
BATCH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A candidate of a template, and the folder in which `save_reference` left its weights and outputs."""

    template: str
    input_shapes: Sequence[Sequence[int]]
    classes: int
    values: Mapping[str, Any]
    folder: str

    @property
    def weights_path(self) -> Path:
        return Path(self.folder) / f"{self.template}.weights.h5"

    @property
    def arrays_path(self) -> Path:
        return Path(self.folder) / f"{self.template}.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a backend made of a case. ``max_abs_diff`` is that of the outputs; ``trained`` the share of trainable
    weights that one step changed; ``error`` a traceback, or empty."""

    template: str
    backend: str = ""
    arch_id: str = ""
    trainable_params: int = 0
    total_params: int = 0
    max_abs_diff: float = float("nan")
    loss: float = float("nan")
    trained: float = 0.0
    error: str = field(default="")


def save_reference(case: Case, model: Any) -> None:
    """Write the weights of a model, and its outputs for seeded inputs."""
    rng = np.random.default_rng(SEED)
    inputs = [rng.normal(size=(BATCH, *shape)).astype(np.float32) for shape in case.input_shapes]
    outputs = np.asarray(model(fed(inputs), training=False))
    model.save_weights(case.weights_path)
    np.savez(case.arrays_path, outputs=outputs, **{f"x{i}": x for i, x in enumerate(inputs)})


def ask_backend(backend: str, cases: Sequence[Case], **environment: str) -> list[Answer]:
    """Answer the cases in a process with that backend.

    Raises:
        RuntimeError: The process failed; the end of what it said is quoted.
    """
    done = subprocess.run(
        [sys.executable, "-m", "edgebench.testing.backends"],
        input="\n".join(json.dumps(asdict(case)) for case in cases),
        env={**os.environ, "KERAS_BACKEND": backend, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{backend}: {done.stderr[-2000:]}")
    return [Answer(**json.loads(line)) for line in done.stdout.splitlines()]


def answer(case: Case) -> Answer:
    """Build the candidate, load the weights, compare the outputs, then train one step."""
    import keras

    from edgebench.templates import load_template, read_graph

    # The weights come from the file: drawing them as well would be the slowest part of all.
    template = load_template(
        case.template,
        input_shapes=tuple(tuple(shape) for shape in case.input_shapes),
        classes=case.classes,
        options={"initializer": "zeros"},
    )
    model = template.assemble(case.values)
    facts = read_graph(model)
    model.load_weights(case.weights_path)
    with np.load(case.arrays_path) as arrays:
        expected = arrays["outputs"]
        inputs = [arrays[f"x{i}"] for i in range(len(case.input_shapes))]
    outputs = np.asarray(model.predict_on_batch(fed(inputs)))
    before = [np.array(w) for w in model.trainable_weights]
    model.compile(optimizer=keras.optimizers.SGD(10.0), loss="mse")
    loss = float(np.asarray(model.train_on_batch(fed(inputs), np.zeros_like(expected))))
    after = [np.array(w) for w in model.trainable_weights]
    changed = [bool((a != b).any()) for a, b in zip(after, before, strict=True)]
    return Answer(
        template=case.template,
        backend=keras.backend.backend(),
        arch_id=facts.arch_id,
        trainable_params=facts.trainable_params,
        total_params=facts.total_params,
        max_abs_diff=float(np.abs(outputs - expected).max()),
        loss=loss,
        trained=sum(changed) / len(changed),
    )


def fed(inputs: Sequence[Any]) -> Any:
    """Return what a model is called with: its one input, or all of them."""
    return inputs if len(inputs) > 1 else inputs[0]


def main() -> None:
    for line in sys.stdin:
        case = Case(**json.loads(line))
        try:
            result = answer(case)
        except Exception:  # noqa: BLE001
            result = Answer(template=case.template, error=traceback.format_exc())
        print(json.dumps(asdict(result)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
