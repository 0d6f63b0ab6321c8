"""The same templates under another Keras backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from edgebench.templates import load_template, read_graph, resolve_values

# Small ones: most of the time goes into compiling each layer's shapes.
CANDIDATES = [
    ("mlp-auto", ((20, 3),), 4, {"units_2": 64}),
    ("squeezenet-sem-auto", ((16, 16, 3), (16, 16, 1)), 4, {"merge_at": "conv1", "se_3": True}),
    ("unet-auto", ((8, 8, 3),), 1, {"start_filters": 8, "depth": 2, "down_convs": 1, "up2_convs": 1,
                                    "bottom_convs": 1}),
]  # fmt: skip

PROGRAM = """
import json, sys
import keras
import numpy as np
from edgebench.templates import load_template, read_graph, resolve_values

found = []
for name, shapes, classes, sets in json.loads(sys.argv[1]):
    keras.utils.set_random_seed(0)
    template = load_template(name, input_shapes=tuple(map(tuple, shapes)), classes=classes)
    model = template.assemble(resolve_values(template, {}, sets).values)
    is_mask = template.task == "segmentation"
    rng = np.random.default_rng(0)
    x = [rng.random((4, *shape), dtype=np.float32) for shape in shapes]
    y = rng.integers(0, 2, (4, *(model.output_shape[1:] if is_mask else ())))
    loss = "binary_crossentropy" if is_mask else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.RMSprop(1e-3), loss)
    losses = [float(model.train_on_batch(x if len(x) > 1 else x[0], y)) for _ in range(2)]
    found.append({"arch_id": read_graph(model).arch_id, "losses": losses})
print(json.dumps({"backend": keras.backend.backend(), "found": found}))
"""


@pytest.mark.slow
def test_jax_builds_the_same_graphs_and_trains_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(CANDIDATES)],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["backend"] == "jax"
    for (name, shapes, classes, sets), found in zip(CANDIDATES, answer["found"], strict=True):
        template = load_template(name, input_shapes=shapes, classes=classes)
        here = template.assemble(resolve_values(template, {}, sets).values)
        assert found["arch_id"] == read_graph(here).arch_id, name
        first, second = found["losses"]
        assert first > 0, name
        assert 0 < second != first, name
