"""The runtime on this process's own backend; another backend needs a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgebench.profiling.check import ASSETS
from edgebench.runtimes import InferenceError, Runtime, TensorSpec, load_runtime
from edgebench.runtimes.keras_runtime import KerasSession
from edgebench.testing.runtimes import RuntimeContract

Array = npt.NDArray[Any]
WORK_S = 0.05


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


class EarlyBackend:
    """Returns from `call` at once; a thread finishes the work later, as a GPU would."""

    device = "gpu"
    accelerator = "a thread"

    def compile(self, forward: Any, model: Any, examples: Sequence[Any]) -> None:
        return None

    def place(self, array: Array) -> Array:
        return array.copy()

    def call(self, inputs: Sequence[Array]) -> list[Array]:
        outputs = [array * 0 for array in inputs]
        self._thread = threading.Thread(target=self._work, args=(inputs, outputs))
        self._thread.start()
        return outputs

    def wait(self, outputs: Sequence[Array]) -> None:
        self._thread.join()

    def fetch(self, output: Array) -> Array:
        return output.copy()

    def _work(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        time.sleep(WORK_S)
        for array, output in zip(inputs, outputs, strict=True):
            output[:] = array + 1


class HastyBackend(EarlyBackend):
    """The same without waiting."""

    def wait(self, outputs: Sequence[Array]) -> None:
        return None


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


def timed(make: Callable[[], Any]) -> tuple[float, Array]:
    session = KerasSession(make(), [TensorSpec("x", (1, 2), "float32")], ["y"])
    session.set_inputs([np.ones((1, 2), np.float32)])
    begin_s = time.perf_counter()
    session.invoke()
    spent_s = time.perf_counter() - begin_s
    (output,) = session.get_outputs()
    return spent_s, output


def test_the_time_covers_the_work_of_a_device_that_answers_early() -> None:
    spent_s, output = timed(EarlyBackend)
    assert spent_s >= WORK_S
    np.testing.assert_array_equal(output, 2)


def test_without_the_wait_the_time_would_be_wrong() -> None:
    spent_s, output = timed(HastyBackend)
    assert spent_s < WORK_S
    np.testing.assert_array_equal(output, 0)


@pytest.mark.parametrize("threads", [1, 2])
def test_another_backend_measures_in_the_agent(tmp_path: Path, threads: int) -> None:
    pytest.importorskip("jax")
    job = {
        "kind": "measure", "model": str(ASSETS / "tiny.keras"), "block_s": 0.05, "threads": threads,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "edgebench.agent", json.dumps(job)],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer = json.loads(done.stdout)
    assert answer["runtime"] == "keras"
    assert "(jax " in answer["runtime_version"]
    assert (answer["delegate"], answer["threads"]) == ("cpu", threads)
    assert answer["accelerator"] == "cpu"
    assert done.stderr == ""
