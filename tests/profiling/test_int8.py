from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgebench.profiling import why_int8_is_slower
from edgebench.records import (
    Artifact,
    Block,
    DeviceInfo,
    Environment,
    FileFacts,
    Format,
    Measurement,
    Precision,
)

WITH_VNNI = ("avx2", "avx512_vnni", "avx512f")
TFLITE_OPS = {
    "CONV_2D int8": 20, "CONCATENATION int8": 4, "QUANTIZE int8": 1, "DEQUANTIZE float32": 1
}  # fmt: skip
ONNX_OPS = {"QuantizeLinear int8": 30, "DequantizeLinear float32": 60, "Conv float32": 20}


def measured(*medians_ms: float, **changes: Any) -> Measurement:
    environment = {
        "runtime": "litert", "runtime_version": "2.3.0", "delegate": "xnnpack", "threads": 1,
        "accelerator": "cpu", "delegated_ops": 24, "other_ops": 0,
    } | changes  # fmt: skip
    return Measurement(
        model_name="some.tflite",
        model_sha256="0" * 64,
        device="box",
        environment=Environment(**environment),
        blocks=tuple(
            Block(samples_ns=(ms * 1e6,) * 64, init_ns=1, first_ns=1, warmup_invokes=9)
            for ms in medians_ms
        ),
    )


def box(features: tuple[str, ...] | None = WITH_VNNI, machine: str = "x86_64") -> DeviceInfo:
    return DeviceInfo(
        name="box", transport="local", machine=machine, system="Linux", cpu_features=features
    )


def file(
    precision: Precision = Precision.INT8, ops: dict[str, int] | None = None, kind: str = "tflite"
) -> Artifact:
    return Artifact(
        trial_id="t001",
        format=Format(kind),
        precision=precision,
        sha256="0" * 64,
        size_bytes=1,
        facts=None if ops is None else FileFacts(ops=ops),
    )


FAST = measured(0.39, 0.40, 0.41)


@pytest.mark.parametrize(
    "medians_ms", [(0.2, 0.2, 0.2), (0.39, 0.40, 0.41), (0.405, 0.5, 0.6), (0.41, 0.5, 0.6)]
)
def test_nothing_is_said_where_it_is_not_slower_beyond_the_intervals(
    medians_ms: tuple[float, ...],
) -> None:
    assert why_int8_is_slower(FAST, measured(*medians_ms), box(())) == ()


def test_nothing_is_said_of_what_is_invalid() -> None:
    slow = measured(0.5, 0.51)
    throttled = replace(slow, invalid_reasons=("throttled",))
    assert why_int8_is_slower(FAST, slow, box(())) != ()
    assert why_int8_is_slower(FAST, throttled, box(())) == ()
    assert why_int8_is_slower(replace(FAST, invalid_reasons=("throttled",)), slow, box(())) == ()


def test_measurements_of_another_device_are_refused() -> None:
    with pytest.raises(ValueError, match="not both pi"):
        why_int8_is_slower(FAST, measured(0.5), replace(box(), name="pi"))


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (
            box(("avx2",)),
            "none of the 3 instruction sets that multiply int8 fast (amx_int8, avx512_vnni, avx_vnni); it has avx2.",
        ),
        (box(()), "nor any other that was looked for."),
        (
            box(("fp16", "neon"), "aarch64"),
            "none of the 2 instruction sets that multiply int8 fast (dotprod, i8mm); it has fp16, neon.",
        ),
    ],
)
def test_a_processor_without_fast_int8_is_named(device: DeviceInfo, said: str) -> None:
    (sentence,) = why_int8_is_slower(FAST, measured(0.5, 0.51), device)
    assert said in sentence


@pytest.mark.parametrize(
    "device", [box(), box(("dotprod", "neon"), "aarch64"), box(None), box((), "riscv64")]
)
def test_a_processor_that_has_it_or_does_not_tell_is_no_reason(device: DeviceInfo) -> None:
    (sentence,) = why_int8_is_slower(FAST, measured(0.5, 0.51), device)
    assert "nothing explains it" in sentence


def test_the_processor_is_no_reason_for_what_ran_on_a_gpu() -> None:
    slow = measured(0.5, 0.51, accelerator="NVIDIA H200", delegate="xnnpack")
    assert "nothing explains it" in why_int8_is_slower(FAST, slow, box(("avx2",)))[0]


def test_operations_left_to_plain_kernels_are_counted_in_both_files() -> None:
    slow = measured(0.5, 0.51, delegated_ops=20, other_ops=6)
    assert why_int8_is_slower(FAST, slow, box()) == (
        "xnnpack leaves 6 of 26 operations of the int8 file to the runtime's own kernels; of the fp32 file 0 of 24.",
    )
    untold = measured(0.39, 0.4, delegated_ops=None, other_ops=None)
    assert why_int8_is_slower(untold, slow, box())[0].endswith("of the fp32 file it is not told.")
    as_many = measured(0.39, 0.4, delegated_ops=18, other_ops=6)
    assert "nothing explains it" in why_int8_is_slower(as_many, slow, box())[0]


def test_a_delegate_that_is_not_active_is_told() -> None:
    slow = measured(0.5, 0.51, delegate="none", delegated_ops=0, other_ops=26)
    assert why_int8_is_slower(FAST, slow, box()) == (
        "XNNPACK is not active for the int8 file in litert 2.3.0: 0 of its 26 operations run there; for the fp32 "
        "file the delegate is xnnpack.",
    )


def test_floats_at_the_door_cost_operations() -> None:
    slow = measured(0.5, 0.51)
    (sentence,) = why_int8_is_slower(FAST, slow, box(), file(ops=TFLITE_OPS))
    assert sentence == (
        "2 of its 26 operations quantise or dequantise, as floats are at its door; tflite-int8-io needs none there."
    )
    for other in (file(Precision.INT8_IO, {"CONV_2D int8": 20}), file(ops=None)):
        assert "nothing explains it" in why_int8_is_slower(FAST, slow, box(), other)[0]


def test_int16_activations_have_no_fast_kernels() -> None:
    slow = measured(3.5, 3.6, delegate="none", delegated_ops=0, other_ops=26)
    ops = {"CONV_2D int16": 24, "QUANTIZE int16": 1, "DEQUANTIZE float32": 1}
    inactive, wide = why_int8_is_slower(FAST, slow, box(), file(Precision.INT16X8, ops))
    assert "XNNPACK is not active" in inactive
    assert wide.startswith("It is int16x8:")
    assert "; 0 of 26 ran in a delegate." in wide


def test_a_provider_without_quantised_kernels_is_named() -> None:
    ran: dict[str, Any] = {"runtime": "ort", "runtime_version": "1.31.1"}
    cuda = ran | {"delegate": "CUDAExecutionProvider", "accelerator": "NVIDIA H200"}
    slow = measured(0.5, 0.51, **cuda, delegated_ops=100, other_ops=10)
    fast = measured(0.3, 0.31, **cuda, delegated_ops=50, other_ops=0)
    quantised = file(ops=ONNX_OPS, kind="onnx")
    left, provider = why_int8_is_slower(fast, slow, box(("avx2",)), quantised)
    assert "leaves 10 of 110 operations" in left
    assert provider == (
        "CUDAExecutionProvider has no kernels for quantised convolutions: 90 nodes that quantise and dequantise are "
        "work besides the float ones; 10 of 110 nodes fell to the processor."
    )
    processor = ran | {"delegate": "CPUExecutionProvider"}
    slow, fast = measured(0.5, 0.51, **processor), measured(0.3, 0.31, **processor)
    (sentence,) = why_int8_is_slower(fast, slow, box(("avx2",)), quantised)
    assert "none of the 3 instruction sets" in sentence


def test_overhead_rules_a_tiny_network() -> None:
    fast, slow = measured(0.030, 0.031), measured(0.040, 0.041, delegated_ops=26)
    assert why_int8_is_slower(fast, slow, box()) == (
        "The whole network takes 0.0405 ms: under 0.05 ms the overhead of calling each operation rules; int8 has 26 "
        "of them, fp32 24.",
    )


def test_other_runtimes_or_threads_are_no_fair_pair() -> None:
    older = measured(0.5, 0.51, runtime="tflite", runtime_version="2.14.0")
    assert why_int8_is_slower(FAST, older, box()) == (
        "The int8 file ran in tflite 2.14.0, the fp32 file in litert 2.3.0.",
    )
    assert "the fp32 file with 1" in why_int8_is_slower(FAST, measured(0.5, threads=2), box())[0]


def test_where_nothing_explains_it_what_was_looked_at_is_named() -> None:
    (sentence,) = why_int8_is_slower(
        FAST, measured(0.5, 0.5), box(None), file(Precision.INT8_IO, {"CONV_2D int8": 20})
    )
    assert sentence == (
        "It takes 1.25 times as long as fp32, and nothing explains it of what was looked at: the runtimes, the "
        "delegate, operations outside the delegate, floats at the door, 16-bit activations, the execution provider, "
        "the network's size; not told: the processor's instructions."
    )
