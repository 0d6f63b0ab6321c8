"""The vocabulary: what is refused at construction, what text is read, and statistics from raw samples."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench import records
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import (
    METRICS,
    Agreement,
    Artifact,
    Block,
    Constraint,
    Cost,
    Environment,
    ExportTarget,
    Format,
    Goal,
    Measurement,
    Metric,
    Objective,
    Precision,
    Status,
    Trial,
    metric_kind,
)

ENVIRONMENT = Environment(runtime="litert", runtime_version="2.1", delegate=None, threads=1)


def block(*samples_ms: float, reasons: tuple[str, ...] = ()) -> Block:
    samples_ns = tuple(ms * 1e6 for ms in samples_ms)
    return Block(
        samples_ns=samples_ns, init_ns=1, first_ns=1, warmup_invokes=10, reasons=reasons
    )  # fmt: skip


def measurement(*blocks: Block, invalid: tuple[str, ...] = ()) -> Measurement:
    return Measurement(
        model_name="m.tflite", model_sha256="0" * 64, device="local", environment=ENVIRONMENT,
        blocks=blocks, invalid_reasons=invalid,
    )  # fmt: skip


def every_record() -> list[type]:
    return [
        cls
        for cls in vars(records).values()
        if dataclasses.is_dataclass(cls) and cls.__module__ == records.__name__
    ]


@pytest.mark.parametrize("cls", every_record(), ids=lambda cls: cls.__name__)
def test_records_are_frozen_slotted_and_by_keyword(cls: type) -> None:
    assert cls.__dataclass_params__.frozen
    assert "__slots__" in vars(cls)
    assert all(field.kw_only for field in dataclasses.fields(cls))


def test_a_record_cannot_be_changed() -> None:
    metric = Metric(name="macs", value=1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric.value = 2.0


def test_statuses_tell_infeasible_from_failed() -> None:
    assert {s.value for s in Status} >= {
        "running", "completed", "infeasible", "failed", "pruned",
    }  # fmt: skip


def test_evaluators_run_cheapest_first() -> None:
    assert sorted(Cost) == [Cost.FREE, Cost.DEVICE, Cost.TRAINING]


@pytest.mark.parametrize("name", ["accuracy", "", "LATENCY_MS", "latency"])
def test_a_metric_must_be_known(name: str) -> None:
    with pytest.raises(UnknownNameError, match="is not a metric"):
        Metric(name=name, value=1.0)
    with pytest.raises(UnknownNameError, match="is not a metric"):
        Objective(metric=name, goal=Goal.MIN, reference=1.0)
    with pytest.raises(UnknownNameError, match="is not a metric"):
        Constraint(metric=name, relation="<=", bound=1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_must_be_finite(value: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        Metric(name="latency_ms", value=value)
    with pytest.raises(ValueError, match="not a number"):
        Objective(metric="latency_ms", goal=Goal.MIN, reference=value)
    with pytest.raises(ValueError, match="not a constraint"):
        Constraint(metric="latency_ms", relation="<=", bound=value)


def test_units_are_those_of_the_name() -> None:
    for name, kind in METRICS.items():
        suffix = {"ms": "_ms", "bytes": "_bytes", "": ""}[kind.unit]
        assert name.endswith(suffix)
        assert (kind.goal is Goal.MAX) == name.endswith(("accuracy", "iou", "map"))


@pytest.mark.parametrize(
    ("text", "metric", "relation", "bound"),
    [
        ("latency_ms<=20", "latency_ms", "<=", 20.0),
        ("  val_accuracy >= 0.9 ", "val_accuracy", ">=", 0.9),
        ("param_bytes<=1.5e6", "param_bytes", "<=", 1.5e6),
        ("param_bytes<=1_500_000", "param_bytes", "<=", 1.5e6),
        ("macs>=-1", "macs", ">=", -1.0),
    ],
)
def test_constraints_are_read(text: str, metric: str, relation: str, bound: float) -> None:
    assert Constraint.parse(text) == Constraint(metric=metric, relation=relation, bound=bound)


@pytest.mark.parametrize(
    "text",
    [
        "", "latency_ms", "latency_ms<20", "latency_ms=20", "latency_ms<=", "<=20", "20>=latency_ms",
        "latency_ms<=20ms", "latency_ms<=1.2.3", "latency_ms<=nan", "latency_ms<=inf",
        "latency_ms<=1e999", "latency_ms<=20; x", "latency ms<=20", "latency_ms=<20",
    ],
)  # fmt: skip
def test_what_is_no_constraint(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Constraint.parse(text)
    assert caught.value.message == f"{text!r} is not a constraint"
    assert caught.value.why == "expected METRIC<=NUMBER or METRIC>=NUMBER"
    assert caught.value.exit_code == 2


def test_a_constraint_on_an_unknown_metric() -> None:
    with pytest.raises(UnknownNameError) as caught:
        Constraint.parse("latency<=20")
    assert caught.value.message == "latency is not a metric"
    assert caught.value.remedy == "did you mean latency_ms?"


def test_a_constraint_of_another_relation_is_refused() -> None:
    with pytest.raises(ValueError, match="not a constraint"):
        Constraint(metric="macs", relation="==", bound=1.0)


@given(
    st.sampled_from(sorted(METRICS)),
    st.sampled_from(["<=", ">="]),
    st.one_of(st.integers(0, 10**11).map(float), st.floats(-100, 100).map(lambda x: round(x, 6))),
)
def test_a_constraint_reads_what_it_writes(metric: str, relation: str, bound: float) -> None:
    constraint = Constraint(metric=metric, relation=relation, bound=bound)
    assert Constraint.parse(str(constraint)) == constraint


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("fp32", Precision.FP32), ("32", Precision.FP32),
        ("fp16", Precision.FP16), ("16", Precision.FP16), ("half", Precision.FP16),
        ("dynamic", Precision.DYNAMIC), ("int8-dynamic", Precision.DYNAMIC),
        ("int8", Precision.INT8), ("8", Precision.INT8), ("w8a8", Precision.INT8),
    ],
)  # fmt: skip
def test_precisions_and_their_aliases(text: str, precision: Precision) -> None:
    assert Precision.parse(text) is precision


@pytest.mark.parametrize("text", ["", "int4", "FP32", "float"])
def test_what_is_no_precision(text: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        Precision.parse(text)
    assert caught.value.message == f"{text} is not a precision"
    assert caught.value.why == "known: dynamic, fp16, fp32, int16x8, int8, int8-io"


def test_export_targets_read_what_they_write() -> None:
    for file_format in Format:
        for precision in Precision:
            target = ExportTarget(format=file_format, precision=precision)
            assert ExportTarget.parse(str(target)) == target


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("tflite", "tflite-fp32"),
        ("onnx-8", "onnx-int8"),
        ("tflite-half", "tflite-fp16"),
        ("tflite-int8-dynamic", "tflite-dynamic"),
    ],
)
def test_export_targets_and_their_aliases(text: str, written: str) -> None:
    assert str(ExportTarget.parse(text)) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tflit-int8", "tflit is not an export format"),
        ("", " is not an export format"),
        ("onnx-int4", "int4 is not a precision"),
    ],
)
def test_what_is_no_export_target(text: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        ExportTarget.parse(text)
    assert caught.value.message == message


def test_trial_finds_its_metrics() -> None:
    metrics = (Metric(name="macs", value=3.0), Metric(name="latency_ms", value=2.0, unit="ms"))
    trial = Trial(
        trial_id="t1", status=Status.COMPLETED, hyperparameters={}, metrics=metrics
    )  # fmt: skip
    assert trial.metric("latency_ms") == metrics[1]
    assert trial.metric("val_accuracy") is None
    assert trial.values() == {"macs": 3.0, "latency_ms": 2.0}


def test_artifact_knows_its_file() -> None:
    artifact = Artifact(
        trial_id="t003", format=Format.ONNX, precision=Precision.INT8, sha256="a", size_bytes=1
    )
    assert artifact.file_name == "t003-int8.onnx"
    assert str(artifact.target) == "onnx-int8"


def test_p50_is_the_median_of_the_block_medians() -> None:
    found = measurement(block(1.0, 1.0, 50.0), block(3.0), block(9.0, 8.0, 8.0, 7.0))
    assert (found.p50_ms, found.p50_low_ms, found.p50_high_ms) == (3.0, 1.0, 8.0)


def test_p50_as_a_metric_carries_its_interval() -> None:
    metric = measurement(block(1.0), block(3.0)).as_metric()
    assert metric == Metric(name="latency_ms", value=2.0, unit="ms", n=2, low=1.0, high=3.0)


def test_tails_need_enough_samples_of_all_blocks_together() -> None:
    samples = [1.0 + i / 1000 for i in range(662)]
    assert measurement(block(*samples[:32]), block(*samples[32:63])).p90_ms is None
    assert measurement(block(*samples[:32]), block(*samples[32:64])).p90_ms == samples[63]
    assert measurement(block(*samples[:661])).p99_ms is None
    assert measurement(block(*samples[:300]), block(*samples[300:])).p99_ms == samples[-1]


def test_floor_is_the_least_tenth_percentile() -> None:
    slow = block(*[5.0 + i / 10 for i in range(10)])
    fast = block(*[2.0 + i / 10 for i in range(20)])
    assert measurement(slow, fast).floor_ms == 2.1
    assert measurement(fast, slow).floor_ms == 2.1


def test_reasons_tell_the_invalid_first_and_each_once() -> None:
    found = measurement(
        block(1.0, reasons=("drift", "bimodal")), block(1.0, reasons=("drift",)),
        invalid=("throttled",),
    )  # fmt: skip
    assert found.reasons == ("throttled", "drift", "bimodal")
    assert not found.valid


def test_noise_alone_leaves_a_measurement_valid() -> None:
    found = measurement(block(1.0, reasons=("drift",)))
    assert found.reasons == ("drift",)
    assert found.valid


@pytest.mark.parametrize(
    ("medians_ms", "reasons"),
    [
        ((1.0, 1.0, 1.04), ()),
        ((1.0, 1.0, 1.06), ("interval_wide",)),
        ((0.97, 1.0, 1.03), ("interval_wide",)),
        ((1.0,), ()),
    ],
)
def test_a_wide_interval_is_noise(medians_ms: tuple[float, ...], reasons: tuple[str, ...]) -> None:
    assert measurement(*(block(ms) for ms in medians_ms)).reasons == reasons


@pytest.mark.parametrize("blocks", [(), (block(),), (block(1.0), block())])
def test_a_measurement_needs_samples(blocks: tuple[Block, ...]) -> None:
    with pytest.raises(ValueError, match="at least one block with samples"):
        measurement(*blocks)


def test_a_device_file_may_rank_by_the_floor() -> None:
    blocks = [block(0.9, 0.9, *[1.0] * 18, *[1.4] * 80), block(*[1.1] * 100)]
    ranked = dataclasses.replace(measurement(*blocks), rank_by="floor")
    metric = ranked.as_metric()
    assert (metric.value, metric.low, metric.high) == (1.0, 0.9, 1.1)
    assert ranked.floor_ms == 1.0
    assert ranked.p50_ms == pytest.approx(1.25)


def test_outputs_that_differ_make_a_measurement_invalid() -> None:
    agreement = Agreement(against="litert", examples=4, max_abs_diff=0.2, tolerance=1e-4)
    found = dataclasses.replace(measurement(block(*[1.0] * 64)), agreement=agreement)
    assert not found.valid
    assert found.reasons == ("outputs_differ",)
    agreeing = dataclasses.replace(agreement, max_abs_diff=1e-5)
    assert dataclasses.replace(found, agreement=agreeing).valid


def test_latency_may_be_another_device_s() -> None:
    assert metric_kind("latency_ms@pi4").title == "latency on pi4"
    assert Metric(name="latency_p90_ms@pi4", value=1.0).name == "latency_p90_ms@pi4"
    assert Constraint.parse("latency_ms@pi-4.local<=20").metric == "latency_ms@pi-4.local"


@pytest.mark.parametrize("name", ["latency_ms@", "param_bytes@pi4", "speed@pi4", "@pi4"])
def test_what_is_no_metric_of_a_device(name: str) -> None:
    with pytest.raises(UnknownNameError):
        metric_kind(name)


def test_trial_lacks_what_was_not_measured_since() -> None:
    trial = Trial(
        trial_id="t001",
        status=Status.COMPLETED,
        hyperparameters={},
        missing={"latency_ms": "gone", "latency_ms@pi4": "hot"},
        metrics=(Metric(name="latency_ms", value=1.0),),
    )
    assert trial.lacks == {"latency_ms@pi4": "hot"}
