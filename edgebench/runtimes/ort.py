"""ONNX Runtime. A delegate is one of its execution providers."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgebench.runtimes.base import InferenceError, TensorSpec, require_fit, require_model
from edgebench.runtimes.quiet import silenced

if TYPE_CHECKING:
    from edgebench.runtimes.base import Array

CPU_PROVIDER = "CPUExecutionProvider"
ERRORS_ONLY = 3
DTYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64",
    "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int16)": "int16",
    "tensor(uint16)": "uint16", "tensor(int32)": "int32", "tensor(uint32)": "uint32",
    "tensor(int64)": "int64", "tensor(uint64)": "uint64", "tensor(bool)": "bool",
}  # fmt: skip


class OrtSession:
    """A session with bound inputs and outputs, so that running it copies neither."""

    def __init__(self, onnxruntime: Any, session: Any) -> None:
        self._onnxruntime = onnxruntime
        self._binding = session.io_binding()
        self._values: list[Any] = []
        self.inputs = [_spec(tensor) for tensor in session.get_inputs()]
        self.outputs = [_spec(tensor) for tensor in session.get_outputs()]
        self.delegate: str | None = session.get_providers()[0]
        for spec in self.outputs:
            self._binding.bind_output(spec.name, "cpu")
        self._run = session.run_with_iobinding

    def set_inputs(self, arrays: Sequence[Array]) -> None:
        require_fit(arrays, self.inputs)
        if self._values:
            for position, value in enumerate(self._values):
                value.update_inplace(arrays[position])
            return
        # A value stands on the array's own memory, and the next inputs are written there: so not on the caller's.
        make = self._onnxruntime.OrtValue.ortvalue_from_numpy
        self._values = [make(array.copy()) for array in arrays]
        for position, spec in enumerate(self.inputs):
            self._binding.bind_ortvalue_input(spec.name, self._values[position])

    def invoke(self) -> None:
        self._run(self._binding)

    def get_outputs(self) -> list[Array]:
        outputs: list[Array] = self._binding.copy_outputs_to_cpu()
        return outputs


class OrtRuntime:
    """Runs .onnx files with ``onnxruntime``; one graph operator at a time, ``threads`` inside each."""

    name = "ort"

    def __init__(self) -> None:
        # It reports its use to its maker from its import on, unless told not to.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        self._onnxruntime = importlib.import_module("onnxruntime")
        self._onnxruntime.set_default_logger_severity(ERRORS_ONLY)

    def version(self) -> str:
        return str(self._onnxruntime.__version__)

    def open(self, model_path: str, threads: int, delegate: str | None) -> OrtSession:
        require_model(model_path, (".onnx",), self.name)
        provider = delegate or CPU_PROVIDER
        offered = self._onnxruntime.get_available_providers()
        if provider not in offered:
            raise InferenceError(
                "delegate_missing",
                f"this onnxruntime has no {provider}; it has {', '.join(offered)}",
            )
        options = self._onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = self._onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        try:
            with silenced():
                session = self._onnxruntime.InferenceSession(
                    model_path, sess_options=options, providers=[provider]
                )
        except Exception as error:  # noqa: BLE001  onnxruntime's errors share no base class
            raise InferenceError(
                "model_rejected",
                f"{os.path.basename(model_path)} cannot be opened: {_reason(error)}",
            ) from None
        opened = OrtSession(self._onnxruntime, session)
        if opened.delegate != provider:
            raise InferenceError(
                "delegate_missing", f"{provider} did not start; {opened.delegate} would have run"
            )
        return opened


def _spec(tensor: Any) -> TensorSpec:
    if tensor.type not in DTYPES:
        raise InferenceError("model_rejected", f"{tensor.name} is a {tensor.type}")
    shape = tuple(size if isinstance(size, int) and size > 0 else 1 for size in tensor.shape)
    return TensorSpec(name=tensor.name, shape=shape, dtype=DTYPES[tensor.type])


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
