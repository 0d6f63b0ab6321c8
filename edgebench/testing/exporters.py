"""What every exporter must do, as tests to inherit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgebench import plugins
from edgebench.datasets import Floats
from edgebench.export import ExportedFile, Exporter, load_converter
from edgebench.records import ExportTarget
from edgebench.runtimes import RUNTIMES, Runtime, load_runtime, run_examples
from edgebench.suites import EXPORTED_NOW

INPUT_SHAPE = (8, 8, 3)
CLASSES = 4


def example_model(seed: int = 0) -> Any:
    """Return a small classifier of images, its weights drawn by the seed."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(INPUT_SHAPE, name="image")
    x = keras.layers.Conv2D(6, 3, strides=2, activation="relu", name="features")(inputs)
    x = keras.layers.Flatten(name="flat")(x)
    outputs = keras.layers.Dense(CLASSES, activation="softmax", name="classes")(x)
    return keras.Model(inputs, outputs, name="example")


class ExporterContract:
    """Inherit it in a class named ``Test...`` and set ``name``: a plugin's exporter, or one of `EXPORTED_NOW`.

    ``runtime`` opens the files, empty where none does; ``tolerance`` is how far an answer may be from Keras's.
    """

    name: str
    runtime: str = ""
    tolerance: float = 1e-4

    def model(self, seed: int = 0) -> Any:
        """Return the Keras model that is exported. Override it where the exporter takes others."""
        return example_model(seed)

    def examples(self, count: int = 8) -> Sequence[Floats]:
        """Return inputs, one array an input, the same at each call."""
        rng = np.random.default_rng(0)
        return [rng.random((count, *INPUT_SHAPE), dtype=np.float32)]

    def export(self, model: Any, folder: Path) -> ExportedFile:
        exporter, examples = Exporter(model), self.examples()
        if self.name in EXPORTED_NOW:
            return exporter.export(ExportTarget.parse(self.name), folder, examples)
        return exporter.convert(self.name, folder, examples)

    def answers(self, path: str, examples: Sequence[Floats]) -> Sequence[Floats]:
        """Return what the file answers, one array an output. Override it where no runtime opens such files."""
        if not self.runtime:
            pytest.skip("no runtime opens these files")
        return run_examples(self.opened_by().open(path, 1, None), list(examples))

    def opened_by(self) -> Runtime:
        """Return the runtime that opens the files."""
        if self.runtime in RUNTIMES:
            return load_runtime(self.runtime)
        plugin = plugins.find("runtimes", self.runtime)
        assert plugin is not None, f"no distribution offers a runtime {self.runtime}"
        runtime: Runtime = plugin.load()()
        return runtime

    def test_one_file_is_written_and_named_by_its_content(self, tmp_path: Path) -> None:
        file = self.export(self.model(), tmp_path)
        assert [str(path) for path in tmp_path.iterdir()] == [file.path]
        assert Path(file.path).stem == file.sha256
        assert Path(file.path).stat().st_size == file.size_bytes > 0

    def test_equal_weights_give_equal_files_and_others_do_not(self, tmp_path: Path) -> None:
        first, again, other = (self.export(self.model(seed), tmp_path) for seed in (0, 0, 1))
        assert first.sha256 == again.sha256
        assert first.sha256 != other.sha256

    def test_the_model_is_left_as_it_is(self, tmp_path: Path) -> None:
        model = self.model()
        before = [np.array(weights) for weights in model.get_weights()]
        self.export(model, tmp_path)
        for then, now in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(then, now)

    def test_the_file_answers_as_keras_does(self, tmp_path: Path) -> None:
        model, examples = self.model(), self.examples()
        answers = self.answers(self.export(model, tmp_path).path, examples)
        wanted = keras.tree.flatten(
            model.predict_on_batch(examples if len(examples) > 1 else examples[0])
        )
        for answer, want in zip(answers, wanted, strict=True):
            np.testing.assert_allclose(answer, want, atol=self.tolerance)

    def test_a_plugin_is_called_by_one_name_and_says_how_its_files_end(self) -> None:
        if self.name in EXPORTED_NOW:
            pytest.skip("it is built in")
        converter = load_converter(self.name)
        assert converter.suffix.startswith(".")
        assert converter.runtime == self.runtime
