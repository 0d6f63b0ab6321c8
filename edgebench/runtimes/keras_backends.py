"""The backends of Keras, as what runs one compiled network on one device."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from edgebench.runtimes.base import InferenceError

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array

    Forward = Callable[[Sequence[Any]], Sequence[Any]]


class Backend(Protocol):
    """One backend on one device. `edgebench.runtimes.keras_runtime` calls it, `call` and `wait` inside `invoke`.

    ``device`` is the kind of device, ``cpu`` or ``gpu`` or what else the backend has; ``accelerator`` its name.
    """

    device: str
    accelerator: str

    def compile(self, forward: Forward, model: Any, examples: Sequence[Any]) -> None:
        """Compile ``forward``, which calls ``model`` on a flat list of inputs and returns a flat list."""

    def place(self, array: Array) -> Any:
        """Return a copy of the array in the device's memory, finished."""

    def call(self, inputs: Sequence[Any]) -> Sequence[Any]:
        """Start the compiled network; it may still be running when this returns."""

    def wait(self, outputs: Sequence[Any]) -> None:
        """Return when the network that made ``outputs`` has ended."""

    def fetch(self, output: Any) -> Array:
        """Return a copy of an output in the processor's memory."""


class TensorFlowBackend:
    """A ``tf.function`` compiled by XLA, or uncompiled where XLA cannot take the network: ``accelerator`` tells."""

    def __init__(self, threads: int, delegate: str | None) -> None:
        self._tf = importlib.import_module("tensorflow")
        threading = self._tf.config.threading
        try:
            threading.set_intra_op_parallelism_threads(threads)
            threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            raise _started_already("TensorFlow") from None
        kinds = {d.device_type.lower() for d in self._tf.config.list_logical_devices()}
        self.device = _choose(delegate, ("gpu", "cpu"), kinds, "tensorflow")
        self.accelerator = self._accelerator()
        in_turn = self._tf.config.experimental.get_synchronous_execution()
        self._returns_early = self.device != "cpu" or not in_turn

    def compile(self, forward: Forward, model: Any, examples: Sequence[Any]) -> None:
        tf = self._tf
        # Else an operation that the asked device lacks would run on another.
        tf.config.set_soft_device_placement(False)
        signature = [tf.TensorSpec(example.shape, example.dtype) for example in examples]
        with tf.device(self._place):
            try:
                self._run = self._traced(forward, signature, by_xla=True)
                self._run(*examples)
            except (tf.errors.OpError, NotImplementedError, ValueError):
                self._run = self._traced(forward, signature, by_xla=False)
                self._run(*examples)
                self.accelerator = f"{self.accelerator}, not compiled by XLA"

    def place(self, array: Array) -> Any:
        with self._tf.device(self._place):
            placed = self._tf.identity(array.copy())
        self.wait([placed])
        return placed

    def call(self, inputs: Sequence[Any]) -> Sequence[Any]:
        outputs: Sequence[Any] = self._run(*inputs)
        return outputs

    def wait(self, outputs: Sequence[Any]) -> None:
        # On a processor a call ends with its last operation, elsewhere when all are enqueued. Reading an output
        # would wait as well, but time its copy too.
        if self._returns_early:
            self._tf.test.experimental.sync_devices()

    def fetch(self, output: Any) -> Array:
        array: Array = output.numpy()
        return array.copy()

    @property
    def _place(self) -> str:
        return f"/{self.device.upper()}:0"

    def _traced(self, forward: Forward, signature: Sequence[Any], *, by_xla: bool) -> Any:
        function = self._tf.function(lambda *inputs: list(forward(inputs)), jit_compile=by_xla)
        return function.get_concrete_function(*signature)

    def _accelerator(self) -> str:
        if self.device == "cpu":
            return "cpu"
        first = self._tf.config.list_physical_devices(self.device.upper())[0]
        details = self._tf.config.experimental.get_device_details(first)
        return str(details.get("device_name", self.device))


class JaxBackend:
    """``jax.jit`` over the model's stateless call, its weights on the device."""

    _threads = 0

    def __init__(self, threads: int, delegate: str | None) -> None:
        _limit_jax_threads(threads)
        self._jax = importlib.import_module("jax")
        best = str(self._jax.default_backend())
        self.device = _choose(delegate, (best,), {best, "cpu"}, "jax")
        self._device = self._jax.devices(self.device)[0]
        self.accelerator = "cpu" if self.device == "cpu" else str(self._device.device_kind)

    def compile(self, forward: Forward, model: Any, examples: Sequence[Any]) -> None:
        trainable, other = (
            [self._jax.device_put(variable.value, self._device) for variable in variables]
            for variables in (model.trainable_variables, model.non_trainable_variables)
        )
        keras = importlib.import_module("keras")

        def stateless(trainable: Any, other: Any, inputs: Sequence[Any]) -> Sequence[Any]:
            pairs = [
                *zip(model.trainable_variables, trainable),  # noqa: B905  Python 3.8
                *zip(model.non_trainable_variables, other),  # noqa: B905
            ]
            with keras.StatelessScope(state_mapping=pairs):
                return list(forward(inputs))

        lowered = self._jax.jit(stateless).lower(trainable, other, list(examples))
        self._weights = (trainable, other)
        self._run = lowered.compile()

    def place(self, array: Array) -> Any:
        return self._jax.block_until_ready(self._jax.device_put(array.copy(), self._device))

    def call(self, inputs: Sequence[Any]) -> Sequence[Any]:
        outputs: Sequence[Any] = self._run(*self._weights, inputs)
        return outputs

    def wait(self, outputs: Sequence[Any]) -> None:
        self._jax.block_until_ready(outputs)

    def fetch(self, output: Any) -> Array:
        import numpy as np

        return np.array(output)


class TorchBackend:
    """The model in inference mode, operation by operation: PyTorch compiles nothing here."""

    def __init__(self, threads: int, delegate: str | None) -> None:
        self._torch = importlib.import_module("torch")
        self._torch.set_num_threads(threads)
        kinds = {"cpu", "gpu"} if self._torch.cuda.is_available() else {"cpu"}
        self.device = _choose(delegate, ("gpu", "cpu"), kinds, "torch")
        self._place = "cuda" if self.device == "gpu" else "cpu"
        self.accelerator = (
            str(self._torch.cuda.get_device_name(0)) if self.device == "gpu" else "cpu"
        )

    def compile(self, forward: Forward, model: Any, examples: Sequence[Any]) -> None:
        self._forward = forward
        model.eval()

    def place(self, array: Array) -> Any:
        placed = self._torch.tensor(array, device=self._place)
        self.wait([placed])
        return placed

    def call(self, inputs: Sequence[Any]) -> Sequence[Any]:
        with self._torch.inference_mode():
            return self._forward(inputs)

    def wait(self, outputs: Sequence[Any]) -> None:
        if self.device == "gpu":
            self._torch.cuda.synchronize()

    def fetch(self, output: Any) -> Array:
        array: Array = output.detach().cpu().numpy()
        return array.copy()


BACKENDS: dict[str, Callable[[int, str | None], Backend]] = {
    "tensorflow": TensorFlowBackend,
    "jax": JaxBackend,
    "torch": TorchBackend,
}


def _choose(delegate: str | None, best_first: Sequence[str], kinds: set[str], backend: str) -> str:
    """Return the kind of device to run on; raises `InferenceError` where the asked one is not there."""
    if delegate is None:
        return next(kind for kind in best_first if kind in kinds)
    if delegate not in kinds:
        raise InferenceError(
            "delegate_missing",
            f"{backend} finds no device {delegate} here; it has {' and '.join(sorted(kinds))}",
        )
    return delegate


def _limit_jax_threads(threads: int) -> None:
    """Give XLA's processor client so many threads: it reads both variables when it starts, and only then."""
    if JaxBackend._threads not in {0, threads}:
        raise _started_already("JAX")
    if not JaxBackend._threads:
        os.environ["NPROC"] = str(threads)
        if threads == 1:
            flags = os.environ.get("XLA_FLAGS", "")
            os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    JaxBackend._threads = threads


def _started_already(name: str) -> InferenceError:
    return InferenceError(
        "threads_fixed", f"{name} has started with another number of threads in this process"
    )
