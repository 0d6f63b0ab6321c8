"""A small real network with two branches, and inputs for it."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def model(keras):
    from edgebench.templates import load_template

    keras.utils.set_random_seed(3)
    template = load_template("squeezenet-se-auto", input_shapes=((32, 32, 3),), classes=5)
    from edgebench.templates import resolve_values

    values = resolve_values(template, sets={"se_2": "true", "se_skip_2": "true", "se_ratio_1": 8})
    return template.assemble(dict(values.values))


@pytest.fixture(scope="session")
def inputs():
    return np.random.default_rng(0).random((16, 32, 32, 3), dtype=np.float32)
