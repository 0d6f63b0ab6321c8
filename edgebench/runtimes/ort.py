"""ONNX Runtime. A delegate is one of its execution providers."""

from __future__ import annotations

import glob
import importlib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from edgebench.runtimes.base import InferenceError, Op, TensorSpec, require_fit, require_model
from edgebench.runtimes.ort_profile import count_by_provider, read_profile
from edgebench.runtimes.quiet import silenced

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array, Feed

CPU_PROVIDER = "CPUExecutionProvider"
ALIASES = {
    "cpu": CPU_PROVIDER,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
    "acl": "ACLExecutionProvider",
    "armnn": "ArmNNExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
CUDA_MEMORY = {ALIASES["cuda"], ALIASES["tensorrt"]}  # these keep inputs and outputs on the GPU
RECORD_ASSIGNMENT = "session.record_ep_graph_assignment_info"
NVIDIA_FACTS = "/proc/driver/nvidia/gpus/*/information"
ERRORS_ONLY = 3
DTYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64",
    "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int16)": "int16",
    "tensor(uint16)": "uint16", "tensor(int32)": "int32", "tensor(uint32)": "uint32",
    "tensor(int64)": "int64", "tensor(uint64)": "uint64", "tensor(bool)": "bool",
}  # fmt: skip


class OrtSession:
    """A session with bound inputs and outputs, so that running it copies neither, not even from or to a GPU.

    ``delegate`` is the provider that was asked for; ``delegated_ops`` are the file's own nodes that it was given,
    those in branches included, and ``other_ops`` those that fell to the processor. Both are None in older builds,
    which tell only in a watched run (`OrtRuntime.ops`).
    """

    def __init__(self, onnxruntime: Any, session: Any) -> None:
        self._onnxruntime = onnxruntime
        self._session = session
        self._binding = session.io_binding()
        self._values: list[Any] = []
        self.inputs = [_spec(tensor) for tensor in session.get_inputs()]
        self.outputs = [_spec(tensor) for tensor in session.get_outputs()]
        provider = str(session.get_providers()[0])
        self._memory = "cuda" if provider in CUDA_MEMORY else "cpu"
        self.delegate = provider
        self.accelerator = _accelerator(provider)
        for spec in self.outputs:
            self._binding.bind_output(spec.name, self._memory)
        self._run = session.run_with_iobinding

    @cached_property
    def _counts(self) -> dict[str, int] | None:
        tell = getattr(self._session, "get_provider_graph_assignment_info", None)
        return None if tell is None else count_by_provider(tell())

    @property
    def delegated_ops(self) -> int | None:
        return None if self._counts is None else self._counts.get(self.delegate, 0)

    @property
    def other_ops(self) -> int | None:
        if self._counts is None:
            return None
        return sum(self._counts.values()) - self._counts.get(self.delegate, 0)

    def set_inputs(self, arrays: Sequence[Array]) -> None:
        require_fit(arrays, self.inputs)
        if self._values:
            for position, value in enumerate(self._values):
                value.update_inplace(arrays[position])
            return
        # A value stands on the array's own memory, and the next inputs are written there: so not on the caller's.
        make = self._onnxruntime.OrtValue.ortvalue_from_numpy
        self._values = [make(array.copy(), self._memory) for array in arrays]
        for position, spec in enumerate(self.inputs):
            self._binding.bind_ortvalue_input(spec.name, self._values[position])

    def invoke(self) -> None:
        # A run ends by waiting for the provider's stream, on a GPU too.
        self._run(self._binding)

    def get_outputs(self) -> list[Array]:
        outputs: list[Array] = self._binding.copy_outputs_to_cpu()
        return outputs


class OrtRuntime:
    """Runs .onnx files with ``onnxruntime``; one graph operator at a time, ``threads`` inside each.

    A delegate is a provider's full name or one of `ALIASES`. The provider that was asked for must be in this
    build, start, and take at least one node.
    """

    name = "ort"

    def __init__(self) -> None:
        # It reports its use to its maker from its import on, unless told not to.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        self._onnxruntime = importlib.import_module("onnxruntime")
        self._onnxruntime.set_default_logger_severity(ERRORS_ONLY)

    def version(self) -> str:
        return str(self._onnxruntime.__version__)

    def open(self, model_path: str, threads: int, delegate: str | None) -> OrtSession:
        provider = self._provider(model_path, delegate)
        return self._checked(self._start(model_path, self._options(threads), provider), provider)

    def ops(self, model_path: str, threads: int, delegate: str | None, feed: Feed) -> Sequence[Op]:
        """Tell of the nodes of the optimised graph, which fuses some of the file's and adds others."""
        provider = self._provider(model_path, delegate)
        with tempfile.TemporaryDirectory() as folder:
            options = self._options(threads)
            options.enable_profiling = True
            options.profile_file_prefix = os.path.join(folder, "ops")
            session = self._start(model_path, options, provider)
            feed(self._checked(session, provider))
            with open(session.end_profiling(), encoding="utf-8") as file:
                return read_profile(json.load(file), provider)

    def _provider(self, model_path: str, delegate: str | None) -> str:
        require_model(model_path, (".onnx",), self.name)
        provider = full_name(delegate or CPU_PROVIDER)
        offered = self._onnxruntime.get_available_providers()
        if provider not in offered:
            raise InferenceError(
                "delegate_missing",
                f"onnxruntime {self.version()} here has no {provider}; it has {', '.join(offered)}",
            )
        return provider

    def _options(self, threads: int) -> Any:
        options = self._onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = self._onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry(RECORD_ASSIGNMENT, "1")
        return options

    def _start(self, model_path: str, options: Any, provider: str) -> Any:
        try:
            with silenced():
                return self._onnxruntime.InferenceSession(
                    model_path, sess_options=options, providers=[provider]
                )
        except Exception as error:  # noqa: BLE001  onnxruntime's errors share no base class
            raise InferenceError(
                "model_rejected",
                f"{os.path.basename(model_path)} cannot be opened: {_reason(error)}",
            ) from None

    def _checked(self, session: Any, provider: str) -> OrtSession:
        """Return the session where the asked provider really runs it, or some of it."""
        started = session.get_providers()[0]
        if started != provider:
            raise InferenceError(
                "delegate_missing", f"{provider} did not start; {started} would have run"
            )
        opened = OrtSession(self._onnxruntime, session)
        if provider != CPU_PROVIDER and opened.delegated_ops == 0:
            raise InferenceError(
                "delegate_missing",
                f"{provider} takes none of the model's {opened.other_ops} nodes; {CPU_PROVIDER} would have run",
            )
        return opened


def full_name(delegate: str) -> str:
    """Return the provider that a short name stands for; any other name as it is."""
    return ALIASES.get(delegate.lower(), delegate)


def _accelerator(provider: str) -> str | None:
    """Return the GPU's name as its driver tells it, ``cpu`` for the processor, None for what is not known."""
    if provider == CPU_PROVIDER:
        return "cpu"
    for path in glob.glob(NVIDIA_FACTS) if provider in CUDA_MEMORY else []:
        with open(path, encoding="utf-8") as file:
            found = re.search(r"^Model:\s*(.+)$", file.read(), re.MULTILINE)
        if found:
            return found.group(1).strip()
    return None


def _spec(tensor: Any) -> TensorSpec:
    if tensor.type not in DTYPES:
        raise InferenceError("model_rejected", f"{tensor.name} is a {tensor.type}")
    shape = tuple(size if isinstance(size, int) and size > 0 else 1 for size in tensor.shape)
    return TensorSpec(name=tensor.name, shape=shape, dtype=DTYPES[tensor.type])


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
