"""The runtime's contract, on the backend of a process in which nothing else has begun to use it: `test_keras` starts one.

How many threads a framework uses is settled when it is first used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.profiling.check import ASSETS
from edgebench.runtimes import InferenceError, Runtime, load_runtime
from edgebench.runtimes.keras_runtime import KerasSession
from edgebench.testing.runtimes import RuntimeContract


class TestKeras(RuntimeContract):
    @pytest.fixture
    def runtime(self) -> Runtime:
        return load_runtime("keras")

    @pytest.fixture
    def model(self) -> Path:
        return ASSETS / "tiny.keras"

    def test_version_names_the_backend(self, runtime: Runtime) -> None:
        import keras

        backend = keras.backend.backend()
        assert runtime.version().startswith(f"{keras.__version__} ({backend} ")

    def test_accelerator_is_named_and_cpu_can_be_asked_for(
        self, runtime: Runtime, model: Path
    ) -> None:
        session = runtime.open(str(model), 1, "cpu")
        assert (session.delegate, session.accelerator) == ("cpu", "cpu")
        assert (session.delegated_ops, session.other_ops) == (None, None)

    def test_absent_gpu_is_never_replaced(self, runtime: Runtime, model: Path) -> None:
        if runtime.open(str(model), 1, None).delegate == "gpu":
            pytest.skip("this machine has a GPU")
        with pytest.raises(InferenceError, match="finds no device gpu here; it has cpu") as caught:
            runtime.open(str(model), 1, "gpu")
        assert caught.value.kind == "delegate_missing"

    def test_threads_hold_for_the_whole_process(self, runtime: Runtime, model: Path) -> None:
        runtime.open(str(model), 1, None)
        with pytest.raises(InferenceError, match="another number of threads") as caught:
            runtime.open(str(model), 2, None)
        assert caught.value.kind == "threads_fixed"

    def test_code_in_a_file_is_not_run(self, runtime: Runtime, tmp_path: Path) -> None:
        import keras

        path = tmp_path / "lambda.keras"
        layers = [keras.Input((8,)), keras.layers.Lambda(lambda x: x + 1.0)]
        keras.Sequential(layers).save(path)
        with pytest.raises(InferenceError, match=r"lambda\.keras cannot be opened") as caught:
            runtime.open(str(path), 1, None)
        assert caught.value.kind == "model_rejected"

    def test_several_inputs_and_outputs_keep_their_order(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        import keras

        a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
        outputs = {"difference": keras.ops.subtract(a, b), "sum": keras.ops.add(a, b)}
        keras.Model({"b": b, "a": a}, outputs).save(tmp_path / "two.keras")
        session = runtime.open(str(tmp_path / "two.keras"), 1, None)
        given = {"a": np.full((1, 3), 5, np.float32), "b": np.full((1, 3), 2, np.float32)}
        session.set_inputs([given[spec.name] for spec in session.inputs])
        session.invoke()
        difference, total = session.get_outputs()
        assert (difference[0, 0], total[0, 0]) == (3, 7)

    def test_early_answers_of_tensorflow_are_waited_for(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        """Told to execute out of turn, TensorFlow answers early on a processor as it does on a GPU."""
        tf = only_tensorflow()
        busy_model(tmp_path / "busy.keras")
        tf.config.experimental.set_synchronous_execution(False)
        try:
            session = runtime.open(str(tmp_path / "busy.keras"), 1, None)
            assert isinstance(session, KerasSession)
            waited_s = min(spent_s(session.invoke) for _ in range(5))
            session._backend.wait = lambda outputs: None
            early_s = min(spent_s(session.invoke) for _ in range(5))
            tf.test.experimental.sync_devices()
        finally:
            tf.config.experimental.set_synchronous_execution(True)
        assert early_s < waited_s / 4

    def test_network_that_xla_cannot_take_says_so(self, runtime: Runtime, tmp_path: Path) -> None:
        only_tensorflow()
        import keras

        inputs = keras.Input((8,), dtype="int32")
        keras.Model(inputs, keras.layers.Hashing(3)(inputs)).save(tmp_path / "hash.keras")
        session = runtime.open(str(tmp_path / "hash.keras"), 1, None)
        assert session.accelerator == "cpu, not compiled by XLA"

    def test_layers_are_listed_without_times(self, runtime: Runtime, model: Path) -> None:
        (op,) = runtime.ops(str(model), 1, None, lambda session: session.invoke())
        assert (op.name, op.type, op.ns, op.delegated) == ("dense", "Dense", None, True)


def only_tensorflow() -> Any:
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("this is about the backend TensorFlow")
    return pytest.importorskip("tensorflow")


def busy_model(path: Path) -> None:
    import keras

    layers = [keras.layers.Conv2D(64, 3) for _ in range(4)]
    keras.Sequential([keras.Input((64, 64, 3)), *layers]).save(path)


def spent_s(work: Callable[[], None]) -> float:
    begin_s = time.perf_counter()
    work()
    return time.perf_counter() - begin_s
