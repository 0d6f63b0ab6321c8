"""Keras: its contract, the wait for devices that answer early, and another backend."""

from __future__ import annotations

import json
import os
import re
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
from edgebench.runtimes import TensorSpec
from edgebench.runtimes.keras_runtime import KerasSession

Array = npt.NDArray[Any]
WORK_S = 0.05
CONTRACT = Path(__file__).with_name("keras_contract.py")


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


def test_the_contract_is_kept_in_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CONTRACT)]
    done = subprocess.run(
        command, cwd=CONTRACT.parents[2], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 20


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


@pytest.mark.parametrize("threads", [2])
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
