"""The typed vocabulary: every frozen record and enum that rooms hand to each other.

Units are in the names (``_ns``, ``_ms``, ``_s``, ``_bytes``, ``_c``). Records are validated where they are
built; statistics are derived on read from raw samples. Enums are add-only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum, StrEnum
from typing import Any, Literal

from edgebench import stats
from edgebench.errors import InputError, UnknownNameError

DRIFT_LIMIT = 0.02
INTERVAL_LIMIT = 0.05


class Status(StrEnum):
    """How a trial ended. Infeasible (a constraint is not met) is not failed; a paused trial is still running."""

    RUNNING = "running"
    COMPLETED = "completed"
    INFEASIBLE = "infeasible"
    FAILED = "failed"
    PRUNED = "pruned"


class Goal(StrEnum):
    MAX = "max"
    MIN = "min"


class Cost(IntEnum):
    """What an evaluator spends; evaluators run in this order."""

    FREE = 0
    DEVICE = 1
    TRAINING = 2


class Format(StrEnum):
    TFLITE = "tflite"
    ONNX = "onnx"
    KERAS = "keras"


class Precision(StrEnum):
    """How a file holds its numbers.

    ``dynamic``: int8 weights, activations in float between operations. ``int8``: both int8, floats at the door.
    ``int8-io``: int8 at the door too. ``int16x8``: int8 weights, int16 activations, floats at the door.
    """

    FP32 = "fp32"
    FP16 = "fp16"
    DYNAMIC = "dynamic"
    INT8 = "int8"
    INT8_IO = "int8-io"
    INT16X8 = "int16x8"

    @property
    def needs_calibration(self) -> bool:
        """Whether activations are quantised, by ranges seen on examples."""
        return self in (Precision.INT8, Precision.INT8_IO, Precision.INT16X8)

    @classmethod
    def parse(cls, text: str) -> Precision:
        """Read a canonical name or a common alias (``32``, ``half``, ``w8a8``, ...)."""
        aliases = {
            "32": cls.FP32, "16": cls.FP16, "half": cls.FP16, "8": cls.INT8, "w8a8": cls.INT8,
            "int8-dynamic": cls.DYNAMIC,
        }  # fmt: skip
        try:
            return aliases.get(text) or cls(text)
        except ValueError:
            raise UnknownNameError("a precision", text, [p.value for p in cls]) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricKind:
    """What a metric name means."""

    unit: str
    goal: Goal
    title: str


LOSS = "val_loss"
METRICS: dict[str, MetricKind] = {
    "val_accuracy": MetricKind(unit="", goal=Goal.MAX, title="validation accuracy"),
    "float_val_accuracy": MetricKind(
        unit="", goal=Goal.MAX, title="validation accuracy before quantisation"
    ),
    "val_iou": MetricKind(unit="", goal=Goal.MAX, title="validation mean IoU"),
    "val_pixel_accuracy": MetricKind(unit="", goal=Goal.MAX, title="validation pixel accuracy"),
    "val_map": MetricKind(unit="", goal=Goal.MAX, title="validation mAP@0.5"),
    LOSS: MetricKind(unit="", goal=Goal.MIN, title="validation loss"),
    "float_val_iou": MetricKind(
        unit="", goal=Goal.MAX, title="validation mean IoU before quantisation"
    ),
    "float_val_pixel_accuracy": MetricKind(
        unit="", goal=Goal.MAX, title="validation pixel accuracy before quantisation"
    ),
    "float_val_map": MetricKind(
        unit="", goal=Goal.MAX, title="validation mAP@0.5 before quantisation"
    ),
    f"float_{LOSS}": MetricKind(
        unit="", goal=Goal.MIN, title="validation loss before quantisation"
    ),
    "test_accuracy": MetricKind(unit="", goal=Goal.MAX, title="test accuracy"),
    "test_iou": MetricKind(unit="", goal=Goal.MAX, title="test mean IoU"),
    "test_map": MetricKind(unit="", goal=Goal.MAX, title="test mAP@0.5"),
    "trainable_params": MetricKind(unit="", goal=Goal.MIN, title="trainable parameters"),
    "total_params": MetricKind(unit="", goal=Goal.MIN, title="parameters"),
    "param_bytes": MetricKind(unit="bytes", goal=Goal.MIN, title="parameter bytes"),
    "macs": MetricKind(unit="", goal=Goal.MIN, title="multiply-accumulates"),
    "peak_activation_bytes": MetricKind(unit="bytes", goal=Goal.MIN, title="peak activation bytes"),
    "file_bytes": MetricKind(unit="bytes", goal=Goal.MIN, title="file bytes"),
    "latency_ms": MetricKind(unit="ms", goal=Goal.MIN, title="latency"),
    "latency_p90_ms": MetricKind(unit="ms", goal=Goal.MIN, title="latency p90"),
    "latency_ratio": MetricKind(unit="", goal=Goal.MIN, title="latency over the reference model's"),
    "peak_rss_bytes": MetricKind(unit="bytes", goal=Goal.MIN, title="peak resident memory"),
}
ON_DEVICES = ("latency_ms", "latency_p90_ms", "latency_ratio")


def metric_kind(name: str) -> MetricKind:
    """Return what a metric's name means.

    ``latency_ms`` is of the first device of a search, ``latency_ms@NAME`` of another.

    Raises:
        UnknownNameError: nothing is called so.
    """
    plain, at, device = name.partition("@")
    if plain not in METRICS or (at and not (device and plain in ON_DEVICES)):
        raise UnknownNameError("a metric", name, METRICS)
    kind = METRICS[plain]
    return replace(kind, title=f"{kind.title} on {device}") if device else kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number about one candidate, with its interval where one is known.

    ``n`` is how many it was taken of: examples, blocks of a latency, or trainings where an accuracy has an interval.
    """

    name: str
    value: float
    unit: str = ""
    n: int = 1
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        metric_kind(self.name)
        if not math.isfinite(self.value):
            raise ValueError(f"metric {self.name} is {self.value}, not a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A metric to push up or down. ``reference`` is the worst value worth having."""

    metric: str
    goal: Goal
    reference: float
    weight: float | None = None

    def __post_init__(self) -> None:
        metric_kind(self.metric)
        if not math.isfinite(self.reference):
            raise ValueError(f"the reference of {self.metric} is {self.reference}, not a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A bound on a metric: ``latency_ms<=20`` or ``val_accuracy>=0.9``."""

    metric: str
    relation: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Constraint:
        match = re.fullmatch(r"\s*([a-z_0-9]+(?:@[\w.:%-]+)?)\s*(<=|>=)\s*([-+0-9.eE_]+)\s*", text)
        try:
            bound = float(match.group(3)) if match else math.nan
        except ValueError:
            bound = math.nan
        if not match or not math.isfinite(bound):
            raise InputError(
                f"{text!r} is not a constraint",
                why="expected METRIC<=NUMBER or METRIC>=NUMBER",
                remedy='for example "latency_ms<=20"',
            )
        return cls(metric=match.group(1), relation=match.group(2), bound=bound)

    def __post_init__(self) -> None:
        metric_kind(self.metric)
        if self.relation not in ("<=", ">=") or not math.isfinite(self.bound):
            raise ValueError(f"{self} is not a constraint")

    def __str__(self) -> str:
        return f"{self.metric}{self.relation}{self.bound:.12g}"


# The files that can be made of a network.
BUILT_IN: dict[Format, tuple[Precision, ...]] = {
    Format.TFLITE: tuple(Precision),
    Format.ONNX: (Precision.FP32, Precision.FP16, Precision.INT8),
    Format.KERAS: (Precision.FP32,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTarget:
    """A file to make of each winner, written ``tflite-int8``."""

    format: Format
    precision: Precision

    @classmethod
    def parse(cls, text: str) -> ExportTarget:
        name, _, precision = text.partition("-")
        try:
            file_format = Format(name)
        except ValueError:
            raise UnknownNameError("an export format", name, [f.value for f in Format]) from None
        return cls(format=file_format, precision=Precision.parse(precision or "fp32"))

    def __str__(self) -> str:
        return f"{self.format.value}-{self.precision.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPlan:
    """Which data, how much of it, and how it is made into examples.

    Args:
        name: A data set, a file or folder, or ``module:function``.
        sample: The share of the examples that is used, the first ones.
        validation: The share of the training examples that is held out to choose by, or ``test``: all are trained on, and
            the test part is chosen by, as the paper does; its score is then no promise for other data.
        size: Height and width that images are brought to.
        tile: Height and width of the pieces that photographs are cut into, instead.
        inputs: What of each example is fed, where a data set has several views of it, one a network input.
        target: What is asked, where a data set has several answers.
    """

    name: str
    sample: float = 1.0
    validation: float | Literal["test"] = 0.2
    size: tuple[int, int] | None = None
    tile: tuple[int, int] | None = None
    inputs: tuple[str, ...] = ()
    target: str = ""

    def as_document(self) -> dict[str, Any]:
        """Return what a suite would say, without what is left at its default."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if getattr(self, f.name) != f.default
        }


AUGMENTATIONS = ("mirror", "flip", "turn", "shift")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """How long to train, how fast and on what.

    Args:
        max_epochs: The most epochs.
        batch_size: Examples a step.
        patience: Epochs without a better one, after which training is over.
        schedule: Constant or cosine (down to 0 at ``max_epochs``).
        loss: Of the task's; its first where this is empty.
        watch: The validation metric that says which epoch is the best.
        augment: What is done to training examples at random, of `AUGMENTATIONS`.
    """

    max_epochs: int = 8
    batch_size: int = 32
    patience: int = 5
    schedule: str = "constant"
    loss: str = ""
    watch: str = "val_accuracy"
    augment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FidelityPlan:
    """The epochs at which a trial pauses, in order and below the plan's last; of those that come so far one in
    ``factor`` goes on."""

    rungs: tuple[int, ...]
    factor: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPlan:
    """How latency is measured: inside the search (``blocks``) and again for winners."""

    runtime: str = "auto"
    precision: Precision = Precision.FP32
    threads: int = 1
    blocks: int = 1
    winner_blocks: int = 6
    block_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OraclePlan:
    name: str = "pareto"
    max_trials: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A resolved experiment. Every name in it is known to exist.

    A file whose accuracy is more than ``largest_drop`` below its Keras model's is flagged.
    """

    name: str
    template: str
    template_options: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    data: DataPlan
    objective: str = "pareto"
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()
    baseline: str | None = None
    oracle: OraclePlan = OraclePlan()
    training: TrainingPlan = TrainingPlan()
    fidelity: FidelityPlan | None = None
    devices: tuple[str, ...] = ("local",)
    latency: LatencyPlan = LatencyPlan()
    export: tuple[ExportTarget, ...] = ()
    largest_drop: float = 0.02
    seed: int = 0
    scale: float = 1.0
    repeats: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBlock:
    """One box of a drawing, such as a whole fire module.

    Args:
        name: What other blocks call it; unique in a drawing.
        label: What is written on it.
        kind: What it is, which gives its look: ``input``, ``conv``, ``pool``, ``attention``, ``join``, ``dense``,
            ``drop``, ``resize`` or ``output``.
        inputs: Names of the blocks before it that it reads; the one that it follows on its line comes first.
        level: Steps down the page, for networks drawn as a U.
    """

    name: str
    label: str
    kind: str
    inputs: tuple[str, ...] = ()
    level: int = 0


WORK = ("measuring", "steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate and all that is known of it once it ended.

    ``hyperparameters`` holds the active values only. ``architecture`` is the one-line drawing
    (``fire2 3 SE8 | max | 4 5``), ``blocks`` the whole one: empty in runs that were recorded before drawings were.
    ``history`` is the metric that was watched after each epoch; ``epochs`` are those that this trial trained. ``note`` says
    what a reader should know of a trial that did not fail by it. ``oracle_state`` is what an oracle said of the trial
    beside its hyperparameters, by which a resumed search finds its place again. ``missing`` says of a metric that a
    device did not give why not. ``seconds`` says how long each question
    took, by the name of its cost, and what of it was work: ``measuring`` of ``device``, ``steps`` of ``training``.
    """

    trial_id: str
    status: Status
    hyperparameters: Mapping[str, Any]
    candidate_id: str = ""
    arch_id: str = ""
    architecture: str = ""
    blocks: tuple[DrawnBlock, ...] = ()
    metrics: tuple[Metric, ...] = ()
    reason: str = ""
    epochs: int = 0
    history: tuple[float, ...] = ()
    is_baseline: bool = False
    note: str = ""
    oracle_state: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    started_utc: str = ""
    finished_utc: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    def metric(self, name: str) -> Metric | None:
        return next((m for m in self.metrics if m.name == name), None)

    def values(self) -> dict[str, float]:
        return {m.name: m.value for m in self.metrics}

    @property
    def lacks(self) -> dict[str, str]:
        """What is still missing, and why; it may have been measured since. A trial that failed lacks nothing."""
        if self.status is Status.FAILED:
            return {}
        return {name: why for name, why in self.missing.items() if self.metric(name) is None}

    @property
    def elapsed_s(self) -> float:
        """How long its evaluation took, in all its parts."""
        return sum(s for name, s in self.seconds.items() if name not in WORK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """One more training of a trial that had ended, from another ``seed``.

    ``accuracy`` is on the validation part, as a share; None where it failed, for ``reason``.
    """

    trial_id: str
    seed: int
    accuracy: float | None
    reason: str = ""
    epochs: int = 0
    history: tuple[float, ...] = ()
    finished_utc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerError:
    """What quantisation does to one layer's output: ``relative`` is the root mean square of the error over that of the
    float output, over ``examples`` held-out inputs."""

    layer: str
    relative: float
    examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How a file answers beside its Keras model, on the same held-out examples.

    Args:
        examples: How many.
        max_abs_diff: Largest difference of any output.
        mean_abs_diff: Mean over all outputs.
        agreement: Share of examples with the same answer (top-1); None where a task has no single answer.
        lost: Examples that Keras answers rightly and the file does not.
        gained: Those that the file alone answers rightly.
        mcnemar_p: Two-sided exact McNemar test of ``lost`` against ``gained``.
        scores: What the file reaches besides its main figure, such as the accuracy of each class, by name.
        layers: Those that quantisation moves most, worst first; empty for files of floats.
    """

    examples: int
    max_abs_diff: float
    mean_abs_diff: float
    agreement: float | None = None
    lost: int | None = None
    gained: int | None = None
    mcnemar_p: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    layers: tuple[LayerError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a file does on held-out examples, run on one device.

    Args:
        model_name: The file's.
        device: Where it ran.
        data: The data set's name.
        examples: How many of its test part.
        metric: What the task counts by, such as ``accuracy``.
        value: That.
        same_here: How many were answered as on this machine; None where it is this machine, or where the task has no
            single answer.
        against: The file that ``parity`` compares with; None for that file itself.
        parity: How it answers beside that file, on the same device.
    """

    model_name: str
    device: str
    data: str
    examples: int
    metric: str
    value: float
    same_here: int | None = None
    against: str | None = None
    parity: Parity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What stands in a file itself.

    Args:
        ops: How often each operation stands there with each type of its output, such as ``CONV_2D int8``.
        arena_bytes: The most that activations take at once when each lives from its making to its last use; None where
            shapes are open.
        opset: Of ONNX; None elsewhere.
    """

    ops: Mapping[str, int] = field(default_factory=dict)
    arena_bytes: int | None = None
    opset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One exported file of one trial, scored as the file it is.

    ``accuracy`` is the file's top-1 share on the held-out part (``heldout_count`` examples);
    ``max_abs_diff`` the largest difference of any output from the Keras model's. ``parity`` and ``facts`` are None in runs
    that were recorded before they were taken.
    """

    trial_id: str
    format: Format
    precision: Precision
    sha256: str
    size_bytes: int
    accuracy: float | None = None
    max_abs_diff: float | None = None
    heldout_count: int = 0
    parity: Parity | None = None
    facts: FileFacts | None = None

    @property
    def target(self) -> ExportTarget:
        return ExportTarget(format=self.format, precision=self.precision)

    @property
    def file_name(self) -> str:
        return f"{self.trial_id}-{self.precision.value}.{self.format.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """Stable facts of a device; what the platform does not tell is None, never guessed.

    ``cpu_features`` are those of `edgebench.agent.processor`, sorted: empty where the processor has none of them.
    """

    name: str
    transport: str
    machine: str
    system: str
    model: str | None = None
    cores: int | None = None
    memory_bytes: int | None = None
    python: str | None = None
    runtimes: Mapping[str, str] = field(default_factory=dict)
    cpu_features: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Facts of one measurement, read on the device at that time.

    Of the model's operations ``delegated_ops`` ran in the delegate and ``other_ops`` outside it.
    """

    runtime: str
    runtime_version: str
    delegate: str | None
    threads: int
    accelerator: str | None = None
    delegated_ops: int | None = None
    other_ops: int | None = None
    affinity: tuple[int, ...] | None = None
    governor: str | None = None
    frequency_khz: int | None = None
    temperature_c: float | None = None
    load_1m: float | None = None
    virtual: bool | None = None
    agent_version: str = ""
    agent_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The raw samples of one fresh process: nanoseconds for one invoke, in order, none dropped."""

    samples_ns: tuple[float, ...]
    init_ns: int
    first_ns: int
    warmup_invokes: int
    invokes_per_sample: int = 1
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Whether a file answers on a device as it does here: ``against`` names the runtime here.

    ``max_abs_diff`` is the largest difference of any output, quantised ones in their real values, over ``examples`` seeded inputs.
    """

    against: str
    examples: int
    max_abs_diff: float
    tolerance: float

    @property
    def holds(self) -> bool:
        return self.max_abs_diff <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of a sustained run, ``at_s`` after its begin; ``median_ns`` is of one invoke."""

    at_s: float
    median_ns: float
    invokes: int
    temperature_c: float | None = None
    frequency_khz: int | None = None
    throttled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Blocks of raw samples of one file on one device; every statistic is derived from them.

    ``rank_by`` says which of them a search goes by: ``p50``, or ``floor``. ``sustained`` holds the windows of a long run
    besides, if one was asked for.
    """

    model_name: str
    model_sha256: str
    device: str
    environment: Environment
    blocks: tuple[Block, ...]
    peak_rss_bytes: int | None = None
    invalid_reasons: tuple[str, ...] = ()
    measured_utc: str = ""
    rank_by: str = "p50"
    agreement: Agreement | None = None
    sustained: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        if not self.blocks or not all(block.samples_ns for block in self.blocks):
            raise ValueError("a measurement needs at least one block with samples")

    def pooled_ns(self) -> list[float]:
        """Return the samples of all blocks, in the order they were taken."""
        return [sample for block in self.blocks for sample in block.samples_ns]

    def _block_medians_ms(self) -> tuple[float, float, float]:
        middle, low, high = stats.block_median_interval([b.samples_ns for b in self.blocks])
        return middle / 1e6, low / 1e6, high / 1e6

    @property
    def p50_ms(self) -> float:
        """Median of the block medians."""
        return self._block_medians_ms()[0]

    @property
    def p50_low_ms(self) -> float:
        return self._block_medians_ms()[1]

    @property
    def p50_high_ms(self) -> float:
        return self._block_medians_ms()[2]

    @property
    def p90_ms(self) -> float | None:
        """Early-stopping estimate on the pooled samples; None under 64 samples."""
        p90_ns = stats.early_stopping_quantile(self.pooled_ns(), 0.90)
        return None if p90_ns is None else p90_ns / 1e6

    @property
    def p99_ms(self) -> float | None:
        """Early-stopping estimate on the pooled samples; None under 662 samples."""
        p99_ns = stats.early_stopping_quantile(self.pooled_ns(), 0.99)
        return None if p99_ns is None else p99_ns / 1e6

    @property
    def floor_ms(self) -> float:
        """Least of the blocks' tenth percentiles."""
        return min(self._quantiles_ms(0.10))

    def _quantiles_ms(self, q: float) -> list[float]:
        return [stats.quantile(block.samples_ns, q) / 1e6 for block in self.blocks]

    @property
    def is_wide(self) -> bool:
        """Whether the interval of the figure that it ranks by is over 5 % of it."""
        metric = self.as_metric()
        low, high = metric.low or 0.0, metric.high or 0.0
        return len(self.blocks) > 1 and high - low > INTERVAL_LIMIT * metric.value

    @property
    def valid(self) -> bool:
        """Whether it may enter a front or a gate."""
        return not self.invalid_reasons and (self.agreement is None or self.agreement.holds)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is invalid, then why it is noisy; noisy results are kept and marked."""
        noisy = dict.fromkeys(reason for block in self.blocks for reason in block.reasons)
        if self.is_wide:
            noisy["interval_wide"] = None
        differ = () if self.agreement is None or self.agreement.holds else ("outputs_differ",)
        return (*self.invalid_reasons, *differ, *noisy)

    def as_metric(self) -> Metric:
        """The search objective with its interval: the figure that ``rank_by`` names.

        That of the floor reaches from the least first percentile of a block to the largest tenth.
        """
        value, low, high = self._block_medians_ms()
        if self.rank_by == "floor":
            floors = self._quantiles_ms(0.10)
            value, low, high = min(floors), min(self._quantiles_ms(0.01)), max(floors)
        return Metric(
            name="latency_ms", value=value, unit="ms", n=len(self.blocks), low=low, high=high
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One search: what was asked, on what, and how far it came."""

    run_id: str
    suite: Suite
    suite_hash: str
    suite_path: str = ""
    status: str = "running"
    wall_s: float = 0.0
    started_utc: str = ""
    argv: tuple[str, ...] = ()
    git_commit: str | None = None
    git_dirty: bool | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    host: Mapping[str, Any] = field(default_factory=dict)
    devices: tuple[DeviceInfo, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def device_names(self) -> tuple[str, ...]:
        """The names of its devices, the one that it ranks by first; a suite may call them by their files."""
        return tuple(device.name for device in self.devices) or self.suite.devices

    def on_device(self, metric: Metric, device: str) -> Metric:
        """Return a metric under the name that it has in this run where that device gave it."""
        is_first = device == self.device_names[0]
        return metric if is_first else replace(metric, name=f"{metric.name}@{device}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """All that the store holds about one run: what reports are drawn from.

    ``paused`` are the trials that were put aside at a rung of epochs and have not ended.
    ``measurements`` maps (trial_id, model sha256) to what was measured, in order; several a key where a file was
    measured on several devices or runtimes, or again. ``confirmed`` are the latencies of shipped files by trial, one a device,
    ``repeats`` the trainings beyond each trial's own.
    """

    run: Run
    trials: tuple[Trial, ...]
    artifacts: tuple[Artifact, ...]
    measurements: Mapping[tuple[str, str], tuple[Measurement, ...]]
    confirmed: Mapping[str, tuple[Metric, ...]] = field(default_factory=dict)
    paused: tuple[Trial, ...] = ()
    repeats: tuple[Repeat, ...] = ()
