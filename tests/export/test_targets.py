"""Every template as files: they open, answer with numbers, and in fp32 as Keras does.

Every kind of file is made of one network of each task in tests/tuning/test_shipping.py.
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
from edgebench.records import ExportTarget, Precision
from edgebench.runtimes import choose_runtime, run_examples
from edgebench.templates import TEMPLATES, load_template, resolve_values
from edgebench.testing.weights import spread_weights

FEW = ("tflite-fp32", "tflite-int8")


@dataclass(frozen=True, kw_only=True)
class Case:
    shapes: tuple[tuple[int, ...], ...] = ((32, 32, 3),)
    classes: int = 4
    sets: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = FEW


PICTURES = ((32, 32, 3), (32, 32, 1))
CASES = {
    "mlp-auto": Case(shapes=((8, 8, 1), (5,))),
    "squeezenet-1.0": Case(targets=(*FEW, "onnx-int8")),
    "squeezenet-1.1": Case(),
    "squeezenet-auto": Case(),
    "squeezenet-se": Case(),
    "squeezenet-se-auto": Case(sets={"set2_pairs": 1, "se_2": True, "se_skip_2": True}),
    "squeezenet-se1-auto": Case(shapes=PICTURES),
    "squeezenet-sem-auto": Case(shapes=PICTURES, sets={"merge_at": "fire3"}),
    "mobilenetv2": Case(),
    "mobilenetv2-auto": Case(targets=(*FEW, "onnx-int8")),
    "mobilenetv2-ssd": Case(shapes=((196, 196, 3),), targets=FEW[:1]),
    "mobilenetv2-ssd-auto": Case(shapes=((196, 196, 1),), targets=FEW[1:]),
    "unet": Case(shapes=((16, 16, 3),), classes=2, targets=FEW[:1]),
    "unet-auto": Case(shapes=((16, 16, 3),), sets={"start_filters": 8, "depth": 2}),
}


def test_every_template_has_a_case() -> None:
    assert set(CASES) == set(TEMPLATES)


@pytest.mark.parametrize("name", CASES)
def test_every_file_answers(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    template = load_template(name, input_shapes=case.shapes, classes=case.classes)
    model = template.assemble(resolve_values(template, {}, case.sets).values)
    spread_weights(model)
    rng = np.random.default_rng(0)
    inputs = [rng.random((4, *shape), dtype=np.float32) for shape in case.shapes]
    expected = _called(model, inputs)
    exporter = Exporter(model)
    for text in case.targets:
        target = ExportTarget.parse(text)
        file = exporter.export(target, tmp_path, inputs)
        found = _answers(file.path, inputs)
        assert np.isfinite(found).all(), text
        assert found.shape == expected.shape, text
        if target.precision is Precision.FP32:
            np.testing.assert_allclose(found, expected, atol=1e-4, err_msg=text)
        else:
            assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9, text
        facts = read_facts(file.path)
        assert facts.ops, text
        assert facts.arena_bytes or target.format == "keras", text


def _answers(path: str, inputs: list[np.ndarray]) -> np.ndarray:
    if path.endswith(".keras"):
        return _called(keras.saving.load_model(path, safe_mode=True), inputs)
    (found,) = run_examples(choose_runtime(path).open(path, 1, None), inputs)
    return found


def _called(model: keras.Model, inputs: list[np.ndarray]) -> np.ndarray:
    return np.asarray(model(inputs[0] if len(inputs) == 1 else inputs, training=False))
