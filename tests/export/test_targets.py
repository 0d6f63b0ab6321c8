"""Every template as a quantised file, which opens and answers nearly as Keras does.

That they do in fp32 the contract of templates asks for, and for detectors tests/tuning/test_shipping.py, where every kind
of file is made of one network of each task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgebench.export import Exporter, read_facts
from edgebench.records import ExportTarget
from edgebench.runtimes import choose_runtime, run_examples
from edgebench.templates import TEMPLATES, load_template, resolve_values
from edgebench.testing.weights import spread_weights

# Their networks are those of the searched templates at their defaults.
FIXED = {"mobilenetv2", "mobilenetv2-ssd", "unet"}


@dataclass(frozen=True, kw_only=True)
class Case:
    shapes: tuple[tuple[int, ...], ...] = ((32, 32, 3),)
    sets: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ("tflite-int8",)


PICTURES = ((32, 32, 3), (32, 32, 1))
CASES = {
    "mlp-auto": Case(shapes=((8, 8, 1), (5,))),
    "squeezenet-1.0": Case(targets=("tflite-int8", "onnx-int8")),
    "squeezenet-1.1": Case(),
    "squeezenet-auto": Case(),
    "squeezenet-se": Case(),
    "squeezenet-se-auto": Case(sets={"set2_pairs": 1, "se_2": True, "se_skip_2": True}),
    "squeezenet-se1-auto": Case(shapes=PICTURES),
    "squeezenet-sem-auto": Case(shapes=PICTURES, sets={"merge_at": "fire3"}),
    "mobilenetv2-auto": Case(targets=("tflite-int8", "onnx-int8")),
    "mobilenetv2-ssd-auto": Case(shapes=((196, 196, 1),)),
    "unet-auto": Case(shapes=((16, 16, 3),), sets={"start_filters": 8, "depth": 2}),
}


def test_every_template_has_a_case() -> None:
    assert set(CASES) | FIXED == set(TEMPLATES)


@pytest.mark.parametrize("name", CASES)
def test_every_file_answers(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    template = load_template(name, input_shapes=case.shapes, classes=4)
    model = template.assemble(resolve_values(template, {}, case.sets).values)
    spread_weights(model)
    rng = np.random.default_rng(0)
    inputs = [rng.random((4, *shape), dtype=np.float32) for shape in case.shapes]
    expected = _called(model, inputs)
    exporter = Exporter(model)
    for text in case.targets:
        file = exporter.export(ExportTarget.parse(text), tmp_path, inputs)
        (found,) = run_examples(choose_runtime(file.path).open(file.path, 1, None), inputs)
        assert np.isfinite(found).all(), text
        assert found.shape == expected.shape, text
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9, text
        facts = read_facts(file.path)
        assert facts.ops, text
        assert facts.arena_bytes, text


def _called(model: keras.Model, inputs: list[np.ndarray]) -> np.ndarray:
    return np.asarray(model(inputs[0] if len(inputs) == 1 else inputs, training=False))
