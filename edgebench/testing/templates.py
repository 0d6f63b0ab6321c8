"""What every template must do, as tests to inherit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_tuner.engine.hyperparameters import Float, HyperParameter, Int

from edgebench.errors import InputError
from edgebench.templates import (
    TRAINING_HYPERPARAMETERS,
    discover_space,
    load_template,
    read_graph,
    resolve_values,
)
from edgebench.templates.base import Template


class TemplateContract:
    """Inherit it in a class named ``Test...`` and set ``name``; the rest where the defaults do not fit."""

    name: str
    input_shapes: tuple[tuple[int, ...], ...] = ((32, 32, 3),)
    classes: int = 4
    options: Mapping[str, Any] = {}

    def load(self) -> Template:
        return load_template(
            self.name, input_shapes=self.input_shapes, classes=self.classes, options=self.options
        )

    def assemble(self, **sets: Any) -> keras.Model:
        template = self.load()
        return template.assemble(resolve_values(template, {}, sets).values)

    def test_space_is_registered_without_building(self, monkeypatch: pytest.MonkeyPatch) -> None:
        template = self.load()
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
        assert facts.output_shapes[0][-1] == self.classes
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
        rng = np.random.default_rng(0)
        inputs = [rng.random((2, *shape), dtype=np.float32) for shape in self.input_shapes]
        assert read_graph(restored).arch_id == read_graph(model).arch_id
        np.testing.assert_array_equal(
            restored.predict_on_batch(inputs), model.predict_on_batch(inputs)
        )

    def test_every_hyperparameter_acts(self) -> None:
        template = self.load()
        space = discover_space(template)
        graphs: dict[str, str] = {}

        def arch_id(values: Mapping[str, Any]) -> str:
            key = json.dumps(values, sort_keys=True)
            if key not in graphs:
                graphs[key] = read_graph(template.assemble(values)).arch_id
            return graphs[key]

        for name in space.names:
            entry = space.entry(name)
            parents = {c.name: c.values[0] for c in entry.conditions}
            candidates = [
                resolve_values(template, {}, {**parents, name: value}).values
                for value in _ends(entry)
            ]
            assert all(name in values for values in candidates)
            distinct = {arch_id(values) for values in candidates}
            is_training = name in TRAINING_HYPERPARAMETERS
            assert len(distinct) == 1 if is_training else len(distinct) > 1, name

    def test_dropout_reaches_the_model(self) -> None:
        rates = [
            getattr(layer, "rate", None)
            for layer in self.assemble(dropout=0.7).layers
            if isinstance(layer, keras.layers.Dropout)
        ]
        assert 0.7 in rates

    def test_smallest_input_is_the_smallest(self) -> None:
        template = self.load()
        values = discover_space(template).values
        smallest = template.smallest_input(values)
        channels = [shape[-1] for shape in self.input_shapes]
        self._load_at(smallest, channels).assemble(values)
        if smallest:
            too_small = tuple(n - 1 for n in smallest)
            with pytest.raises(InputError, match=" x ".join(map(str, smallest))):
                self._load_at(too_small, channels).assemble(values)

    def _load_at(self, size: tuple[int, ...], channels: list[int]) -> Template:
        shapes = tuple((*size, c) for c in channels) if size else self.input_shapes
        return load_template(
            self.name, input_shapes=shapes, classes=self.classes, options=self.options
        )


def _ends(entry: HyperParameter) -> list[Any]:
    """Return all choices, or the two ends of a range."""
    if isinstance(entry, (Int, Float)):
        return [entry.min_value, entry.max_value]
    return list(entry.values)


def _refuse(*args: object, **kwargs: object) -> None:
    raise AssertionError("a layer was called")
