"""Keras to ONNX through tf2onnx."""

from __future__ import annotations

from typing import Any

from edgebench.export.tracing import inference_function, input_signature

OPSET = 17


def to_onnx(model: Any) -> bytes:
    """Return the model as a checked ONNX file of opset 17, static batch of 1, channels last at the door."""
    import onnx
    import tf2onnx

    proto, _ = tf2onnx.convert.from_function(
        inference_function(model), input_signature=input_signature(model), opset=OPSET
    )
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString())
