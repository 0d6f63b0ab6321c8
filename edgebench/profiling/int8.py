"""Why a quantised file is slower than the fp32 file of the same network: from facts that were taken, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgebench.agent.processor import ARM, X86
from edgebench.records import Artifact, DeviceInfo, Environment, Format, Measurement, Precision

OVERHEAD_MS = 0.05
DOT_PRODUCTS = {"x86": ("amx_int8", "avx512_vnni", "avx_vnni"), "ARM": ("dotprod", "i8mm")}
# Execution providers without kernels for quantised convolutions (microsoft/onnxruntime, issue 12229).
FLOAT_PROVIDERS = ("CUDAExecutionProvider",)
DOOR_OPS = ("QUANTIZE", "DEQUANTIZE")
QDQ_OPS = ("QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    fp32: Measurement
    int8: Measurement
    device: DeviceInfo
    file: Artifact | None

    @property
    def environment(self) -> Environment:
        return self.int8.environment

    @property
    def is_tflite(self) -> bool:
        return self.environment.runtime in {"litert", "tflite"} or (
            self.file is not None and self.file.format is Format.TFLITE
        )

    @property
    def ops(self) -> int | None:
        """How many operations the int8 file has, where the runtime tells."""
        return _sum(self.environment.delegated_ops, self.environment.other_ops)

    def count(self, types: tuple[str, ...]) -> int | None:
        """Return how many operations of these types stand in the int8 file; None where its record does not tell."""
        if self.file is None or self.file.facts is None:
            return None
        ops = self.file.facts.ops.items()
        return sum(number for name, number in ops if name.split()[0] in types)


def why_int8_is_slower(
    fp32: Measurement, int8: Measurement, device: DeviceInfo, file: Artifact | None = None
) -> tuple[str, ...]:
    """Return sentences that explain it, each from facts and with its number; one that says so where none does.

    Empty where int8 is not slower, that is where its interval does not lie above that of fp32, and where either
    measurement is invalid.

    Args:
        fp32: Of the fp32 file.
        int8: Of the quantised file of the same network and format, on the same device.
        device: Where both were measured.
        file: The quantised file's record, which tells its precision and what stands in it.

    Raises:
        ValueError: the measurements are not both of this device.
    """
    if {fp32.device, int8.device} != {device.name}:
        raise ValueError(f"{fp32.device} and {int8.device} are not both {device.name}")
    slow, fast = int8.as_metric(), fp32.as_metric()
    if not (int8.valid and fp32.valid) or (slow.low or 0.0) <= (fast.high or 0.0):
        return ()
    pair = _Pair(fp32=fp32, int8=int8, device=device, file=file)
    found = {subject: look(pair) for subject, look in LOOKS.items()}
    reasons = tuple(reason for reason in found.values() if reason)
    return reasons or (_unexplained(pair, found),)


def _conditions(pair: _Pair) -> str | None:
    ran, other = pair.environment, pair.fp32.environment
    if ran.runtime != other.runtime or ran.runtime_version != other.runtime_version:
        return (
            f"The int8 file ran in {ran.runtime} {ran.runtime_version}, the fp32 file in "
            f"{other.runtime} {other.runtime_version}."
        )
    if ran.threads != other.threads:
        return f"The int8 file ran with threads: {ran.threads}, the fp32 file with {other.threads}."
    return ""


def _instructions(pair: _Pair) -> str | None:
    features, machine = pair.device.cpu_features, pair.device.machine
    if pair.environment.accelerator not in {None, "cpu"}:
        return ""
    family = "x86" if X86.match(machine) else "ARM" if ARM.match(machine) else None
    if features is None or family is None:
        return None
    wanted = DOT_PRODUCTS[family]
    if set(wanted) & set(features):
        return ""
    has = f"it has {', '.join(features)}" if features else "nor any other that was looked for"
    return (
        f"This processor has none of the {len(wanted)} instruction sets that multiply int8 fast "
        f"({', '.join(wanted)}); {has}."
    )


def _delegate(pair: _Pair) -> str | None:
    ran = pair.environment
    if not pair.is_tflite:
        return ""
    if ran.delegate is None:
        return None
    if ran.delegate.lower() == "xnnpack":
        return ""
    number = "none of its" if pair.ops is None else f"0 of its {pair.ops}"
    return (
        f"XNNPACK is not active for the int8 file in {ran.runtime} {ran.runtime_version}: {number} operations "
        f"run there; for the fp32 file the delegate is {pair.fp32.environment.delegate or 'not told'}."
    )


def _left_over(pair: _Pair) -> str | None:
    ran, other = pair.environment, pair.fp32.environment
    if ran.delegate is None or ran.other_ops is None:
        return None
    if not ran.delegated_ops or ran.other_ops <= (other.other_ops or 0):
        return ""
    theirs = (
        "of the fp32 file it is not told"
        if other.other_ops is None
        else f"of the fp32 file {other.other_ops} of {_sum(other.delegated_ops, other.other_ops)}"
    )
    return (
        f"{ran.delegate} leaves {ran.other_ops} of {pair.ops} operations of the int8 file to the runtime's own "
        f"kernels; {theirs}."
    )


def _door(pair: _Pair) -> str | None:
    if not pair.is_tflite:
        return ""
    number = pair.count(DOOR_OPS)
    if pair.file is None or number is None or pair.file.facts is None:
        return None
    if pair.file.precision is not Precision.INT8 or not number:
        return ""
    return (
        f"{number} of its {sum(pair.file.facts.ops.values())} operations quantise or dequantise, as floats are at its "
        "door; tflite-int8-io needs none there."
    )


def _wide_activations(pair: _Pair) -> str | None:
    if pair.file is None:
        return None
    if pair.file.precision is not Precision.INT16X8:
        return ""
    ran = pair.environment
    number = "" if pair.ops is None else f"; {ran.delegated_ops} of {pair.ops} ran in a delegate"
    return f"It is int16x8: for operations on 16-bit activations there are no fast kernels{number}."


def _provider(pair: _Pair) -> str | None:
    ran = pair.environment
    if ran.runtime != "ort" or ran.delegate not in FLOAT_PROVIDERS:
        return ""
    number = pair.count(QDQ_OPS)
    nodes = "what quantises" if number is None else f"{number} nodes that quantise"
    fell = (
        "" if pair.ops is None else f"; {ran.other_ops} of {pair.ops} nodes fell to the processor"
    )
    return (
        f"{ran.delegate} has no kernels for quantised convolutions: {nodes} and dequantise are work besides the float "
        f"ones{fell}."
    )


def _overhead(pair: _Pair) -> str | None:
    latency_ms = pair.int8.as_metric().value
    if latency_ms >= OVERHEAD_MS:
        return ""
    other = pair.fp32.environment
    theirs = _sum(other.delegated_ops, other.other_ops)
    number = "" if None in (pair.ops, theirs) else f"; int8 has {pair.ops} of them, fp32 {theirs}"
    return (
        f"The whole network takes {latency_ms:.4f} ms: under {OVERHEAD_MS:g} ms the overhead of calling each operation "
        f"rules{number}."
    )


LOOKS: dict[str, Callable[[_Pair], str | None]] = {
    "the runtimes": _conditions,
    "the processor's instructions": _instructions,
    "the delegate": _delegate,
    "operations outside the delegate": _left_over,
    "floats at the door": _door,
    "16-bit activations": _wide_activations,
    "the execution provider": _provider,
    "the network's size": _overhead,
}


def _unexplained(pair: _Pair, found: dict[str, str | None]) -> str:
    slow, fast = pair.int8.as_metric().value, pair.fp32.as_metric().value
    looked = [subject for subject, reason in found.items() if reason is not None]
    untold = [subject for subject, reason in found.items() if reason is None]
    rest = f"; not told: {', '.join(untold)}" if untold else ""
    return (
        f"It takes {slow / fast:.2f} times as long as fp32, and nothing explains it of what was looked at: "
        f"{', '.join(looked)}{rest}."
    )


def _sum(delegated: int | None, other: int | None) -> int | None:
    return None if delegated is None or other is None else delegated + other
