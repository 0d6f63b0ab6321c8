"""What every template must do, as tests to inherit."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_tuner.engine.hyperparameters import Float, HyperParameter, Int

from edgebench.datasets import Floats
from edgebench.errors import InputError
from edgebench.export import export_model
from edgebench.records import ExportTarget
from edgebench.runtimes import load_runtime, run_examples
from edgebench.templates import (
    TRAINING_HYPERPARAMETERS,
    discover_space,
    draw_text,
    load_template,
    parse_sets,
    read_graph,
    resolve_values,
)
from edgebench.templates.base import Template
from edgebench.templates.foreign import ForeignTemplate
from edgebench.templates.hyperparameters import NarrowedHyperParameters
from edgebench.templates.trace import trace_model
from edgebench.testing.weights import spread_weights

RANDOM_DRAWS = 8


class TemplateContract:
    """Inherit it in a class named ``Test...`` and set ``name``; the rest where the defaults do not fit.

    It holds for every template, one of your own (``my_module:MyTemplate``) and a plain `keras_tuner.HyperModel` too.
    ``sets`` are the values of the candidate that is trained, exported and saved: choose a small one.
    """

    name: str
    input_shapes: tuple[tuple[int, ...], ...] = ((32, 32, 3),)
    classes: int = 4
    options: Mapping[str, Any] = {}
    sets: Mapping[str, Any] = {}

    @property
    def output_channels(self) -> int:
        """The length of the output's last axis."""
        return self.classes

    def load(self) -> Template:
        return load_template(
            self.name, input_shapes=self.input_shapes, classes=self.classes, options=self.options
        )

    def assemble(self, **sets: Any) -> keras.Model:
        template = self.load()
        return template.assemble(resolve_values(template, {}, {**self.sets, **sets}).values)

    def examples(self, count: int) -> list[Floats]:
        """Return inputs for ``count`` examples, the same at each call."""
        rng = np.random.default_rng(0)
        return [rng.random((count, *shape), dtype=np.float32) for shape in self.input_shapes]

    def loss_and_targets(self, model: keras.Model, count: int) -> tuple[str, Any]:
        """Return a loss of Keras and what ``count`` examples are held against. Override it for other tasks."""
        rng = np.random.default_rng(1)
        shape = (count, *model.output_shape[1:])
        if self.load().task == "segmentation" and shape[-1] == 1:
            return "binary_crossentropy", rng.integers(0, 2, shape).astype("float32")
        return "sparse_categorical_crossentropy", rng.integers(0, shape[-1], shape[:-1])

    def test_space_is_registered_without_building(self, monkeypatch: pytest.MonkeyPatch) -> None:
        template = self.load()
        if isinstance(template, ForeignTemplate):
            pytest.skip("a plain HyperModel registers as it builds")
        with monkeypatch.context() as patch:
            patch.setattr(keras.layers.Layer, "__call__", _refuse)
            names = discover_space(template).names
        assert set(TRAINING_HYPERPARAMETERS) <= set(names)

    def test_building_registers_what_space_does(self) -> None:
        template = self.load()
        space = discover_space(template)
        built = discover_space(template)
        template.build(built)
        assert built.names == space.names
        assert built.values == space.values

    @pytest.mark.parametrize("end", [0, -1])
    def test_extremes_build(self, end: int) -> None:
        template = self.load()
        space = discover_space(template)
        extreme = {name: _ends(space.entry(name))[end] for name in space.names}
        values = resolve_values(template, {}, extreme).values
        facts = read_graph(template.assemble(values))
        assert facts.output_shapes[0][-1] == self.output_channels
        assert facts.uncounted == ()
        assert template.describe(values) == template.describe(dict(values))

    def test_equal_values_give_equal_graphs(self) -> None:
        assert read_graph(self.assemble()).arch_id == read_graph(self.assemble()).arch_id

    def test_description_is_one_line(self) -> None:
        template = self.load()
        assert len(template.describe(discover_space(template).values).splitlines()) == 1

    def test_model_survives_a_file(self, tmp_path: Path) -> None:
        model = self.assemble()
        model.save(tmp_path / "model.keras")
        restored = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
        inputs = _fed(self.examples(2))
        assert read_graph(restored).arch_id == read_graph(model).arch_id
        np.testing.assert_array_equal(
            restored.predict_on_batch(inputs), model.predict_on_batch(inputs)
        )

    @pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
    @pytest.mark.parametrize(
        ("target", "runtime"), [("tflite-fp32", "litert"), ("onnx-fp32", "ort")]
    )
    def test_file_agrees_with_keras(self, target: str, runtime: str, tmp_path: Path) -> None:
        model = self.assemble()
        spread_weights(model)
        file = export_model(model, ExportTarget.parse(target), tmp_path)
        session = load_runtime(runtime).open(file.path, 1, None)
        inputs = self.examples(2)
        (outputs,) = run_examples(session, inputs)
        np.testing.assert_allclose(outputs, model.predict_on_batch(_fed(inputs)), atol=1e-4)

    def test_one_step_of_training_moves_every_layer(self) -> None:
        keras.utils.set_random_seed(0)
        has_dropout = "dropout" in discover_space(self.load()).names
        model = self.assemble(**({"dropout": 0.0} if has_dropout else {}))
        loss, targets = self.loss_and_targets(model, 4)
        if not getattr(model, "compiled", False):
            model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss, run_eagerly=True)
        before = {layer.name: layer.get_weights() for layer in model.layers}
        value = model.train_on_batch(_fed(self.examples(4)), targets, return_dict=True)["loss"]
        assert np.isfinite(value)
        for layer in model.layers:
            if layer.trainable_weights:
                moved = zip(before[layer.name], layer.get_weights(), strict=True)
                assert any(not np.array_equal(a, b) for a, b in moved), (
                    f"layer {layer.name} learns nothing: no output depends on it"
                )

    def test_every_candidate_can_be_drawn(self) -> None:
        template = self.load()
        values = discover_space(template).values
        blocks = template.blocks(values)
        names = [block.name for block in blocks]
        assert len(set(names)) == len(names) >= 2
        for position, block in enumerate(blocks):
            assert set(block.inputs) <= set(names[:position])
        inputs = [block for block in blocks if not block.inputs]
        assert len(inputs) == len(self.input_shapes)
        text = draw_text(blocks, 80)
        assert all(block.label in " ".join(text.split()) for block in blocks)
        assert max(map(len, text.splitlines())) <= 80

    def test_every_hyperparameter_acts(self) -> None:
        """Each changes the graph or the training of some candidate: beside the defaults, else beside random draws."""
        template = self.load()
        space = discover_space(template)
        known: dict[str, str] = {}

        def effect(chosen: Mapping[str, Any], name: str) -> str:
            space.settle(chosen)
            assert name in space.values, f"hyperparameter {name} is never active"
            key = json.dumps(space.values, sort_keys=True)
            if key not in known:
                known[key] = _effect(template.assemble(dict(space.values)), space.values)
            return known[key]

        for name in space.names:
            first, *rest = _ends(space.entry(name))
            parents = {c.name: c.values[0] for c in space.entry(name).conditions}
            is_alive = any(
                effect({**others, **parents, name: first}, name)
                != effect({**others, **parents, name: value}, name)
                for others in self._surroundings(template, space)
                for value in rest
            )
            assert is_alive or not rest, (
                f"hyperparameter {name} is dead: neither the graph nor the training changes when it goes "
                f"from {first} to {' or '.join(map(str, rest))}"
            )

    def _surroundings(
        self, template: Template, space: NarrowedHyperParameters
    ) -> Iterator[dict[str, Any]]:
        yield parse_sets(template, {}, self.sets)
        draw = random.Random(0)  # noqa: S311
        for _ in range(RANDOM_DRAWS):
            yield {name: draw.choice(_ends(space.entry(name))) for name in space.names}

    def test_dropout_reaches_the_model(self) -> None:
        if "dropout" not in discover_space(self.load()).names:
            pytest.skip("this HyperModel has no dropout")
        rates = [
            getattr(layer, "rate", None)
            for layer in self.assemble(dropout=0.7).layers
            if isinstance(layer, keras.layers.Dropout)
        ]
        assert 0.7 in rates

    def test_smallest_input_is_the_smallest(self) -> None:
        template = self.load()
        values = resolve_values(template, {}, self.sets).values
        smallest = template.smallest_input(values)
        channels = [shape[-1] for shape in self.input_shapes]
        self._load_at(smallest, channels).assemble(values)
        if smallest and min(smallest) > 1:
            too_small = tuple(n - 1 for n in smallest)
            with pytest.raises(InputError, match=" x ".join(map(str, smallest))):
                self._load_at(too_small, channels).assemble(values)

    def _load_at(self, size: tuple[int, ...], channels: list[int]) -> Template:
        shapes = tuple((*size, c) for c in channels) if size else self.input_shapes
        return load_template(
            self.name, input_shapes=shapes, classes=self.classes, options=self.options
        )


def _fed(inputs: list[Floats]) -> Floats | list[Floats]:
    """Return what a model is called with: its one input, or all of them."""
    return inputs[0] if len(inputs) == 1 else inputs


def _ends(entry: HyperParameter) -> list[Any]:
    """Return all choices, or the two ends of a range."""
    if isinstance(entry, (Int, Float)):
        return [entry.min_value, entry.max_value]
    return list(entry.values)


def _effect(model: keras.Model, values: Mapping[str, Any]) -> str:
    """Return all that a candidate's values decide: its graph, and how it is trained."""
    if getattr(model, "compiled", False):
        rule: Any = [type(model.optimizer).__name__, model.optimizer.get_config(), str(model.loss)]
    else:
        rule = [values.get("optimizer"), values.get("learning_rate")]
    steps = [[step.type, step.operation.get_config()] for step in trace_model(model).steps]
    return json.dumps([read_graph(model).arch_id, _unnamed(rule), _unnamed(steps)])


def _unnamed(value: Any) -> Any:
    """Return plain JSON without names, which may hold a value that nothing else heeds."""
    if isinstance(value, Mapping):
        return {str(key): _unnamed(item) for key, item in value.items() if key != "name"}
    if isinstance(value, (list, tuple)):
        return [_unnamed(item) for item in value]
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    return value.tolist() if hasattr(value, "tolist") else type(value).__qualname__


def _refuse(*args: object, **kwargs: object) -> None:
    raise AssertionError("a layer was called")
