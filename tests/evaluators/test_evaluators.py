"""The three evaluators on a real network, in this process."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgebench.datasets import load_dataset
from edgebench.errors import InputError, WorkError
from edgebench.evaluators import (
    CALIBRATION_COUNT,
    AccuracyEvaluator,
    Blueprint,
    Candidate,
    LatencyEvaluator,
    Reading,
    ShippedAccuracy,
    SizeEvaluator,
    Slice,
    workbench,
)
from edgebench.executors import InlineExecutor
from edgebench.export import export_model
from edgebench.records import (
    Block,
    Cost,
    DataPlan,
    Environment,
    ExportTarget,
    Measurement,
    Precision,
    TrainingPlan,
)
from edgebench.runtimes import load_runtime, run_examples

DATA = DataPlan(name="digits", sample=0.2)


class FailingExecutor(InlineExecutor):
    """Makes no file."""

    def submit(self, fn, job, *, near=""):
        raise AssertionError("no file is wanted")


@pytest.fixture(scope="module")
def candidate(keras):
    from edgebench.templates import load_template, resolve_values

    shapes = ((32, 32, 3),)
    template = load_template("squeezenet-se-auto", input_shapes=shapes, classes=10)
    values = dict(resolve_values(template, {"optimizer": "adam"}).values)
    blueprint = Blueprint(
        template="squeezenet-se-auto", input_shapes=shapes, classes=10, values=values, seed=1
    )
    return Candidate(trial_id="t001", blueprint=blueprint)


def measurement(path: Path) -> Measurement:
    environment = Environment(runtime="litert", runtime_version="2", delegate=None, threads=1)
    block = Block(samples_ns=(1e6,) * 70, init_ns=1, first_ns=1, warmup_invokes=10)
    return Measurement(
        model_name=path.name,
        model_sha256=path.stem,
        device="local",
        environment=environment,
        blocks=(block,),
    )


def test_sizes_are_exact_and_free(candidate):
    evaluator = SizeEvaluator(InlineExecutor())
    found = evaluator.evaluate(candidate)
    values = {metric.name: metric.value for metric in found.metrics}
    assert tuple(values) == evaluator.metrics
    assert evaluator.cost is Cost.FREE
    assert values["trainable_params"] == 28_330
    assert values["param_bytes"] == 4 * 28_330
    assert found.facts["architecture"] == "fire2 3 | max"
    assert [block.label for block in found.facts["blocks"]] == [
        "input 32x32x3", "conv1", "max pool", "fire2", "fire3", "max pool", "dropout", "conv10", "global pool", "softmax",
    ]  # fmt: skip
    assert len(found.facts["arch_id"]) == 16


def test_an_input_too_small_is_an_input_error(candidate):
    small = dataclasses.replace(candidate.blueprint, input_shapes=((8, 8, 3),))
    with pytest.raises(InputError, match="13"):
        SizeEvaluator(InlineExecutor()).evaluate(dataclasses.replace(candidate, blueprint=small))


def latency(tmp_path, measure, executor, **changes):
    given = {
        "precision": Precision.FP32, "data": DATA, "folder": tmp_path,
    } | changes  # fmt: skip
    return LatencyEvaluator(executor, ("local", "board"), measure, **given)


def readings(path, names):
    return [Reading(device=name, measurement=measurement(path), ratio=2.0) for name in names]


def never(path, names):
    raise AssertionError(path)


def test_latency_is_measured_once_a_graph_on_every_device(candidate, tmp_path):
    measured = []

    def measure(path, names):
        measured.append((path.suffix, path.stat().st_size, names))
        return readings(path, names)

    evaluator = latency(tmp_path, measure, InlineExecutor())
    known = dataclasses.replace(candidate, known={"arch_id": "abc"})
    first, second = evaluator.evaluate(known), evaluator.evaluate(known)
    assert first.metrics == second.metrics
    assert {metric.name for metric in first.metrics} == set(evaluator.metrics)
    assert {"latency_ms", "latency_ms@board", "latency_ratio@board"} < set(evaluator.metrics)
    assert measured == [(".tflite", first.metrics[0].value, ["local", "board"])]
    assert list(tmp_path.iterdir()) == []


def test_a_remembered_latency_is_not_measured_again(candidate, tmp_path):
    first = latency(tmp_path, readings, InlineExecutor())
    found = first.evaluate(dataclasses.replace(candidate, known={"arch_id": "abc"}))
    second = latency(tmp_path, never, InlineExecutor())
    second.remember("abc", found.metrics)
    again = second.evaluate(dataclasses.replace(candidate, known={"arch_id": "abc"}))
    assert again.metrics == found.metrics


def test_int8_is_probed_as_int8(candidate, tmp_path):
    sizes = [
        latency(tmp_path, readings, InlineExecutor(), precision=precision)
        .evaluate(candidate)
        .metrics[0]
        .value
        for precision in (Precision.FP32, Precision.INT8)
    ]
    assert sizes[1] < 0.6 * sizes[0]


def test_what_a_device_does_not_give_is_missing_and_asked_for_again(candidate, tmp_path):
    asked = []

    def measure(path, names):
        asked.append(list(names))
        if len(asked) > 1:
            return readings(path, names)
        return [*readings(path, names[:1]), Reading(device="board", why="it went away")]

    evaluator = latency(tmp_path, measure, InlineExecutor())
    known = dataclasses.replace(candidate, known={"arch_id": "abc"})
    first, second = evaluator.evaluate(known), evaluator.evaluate(known)
    assert first.facts["missing"] == {"latency_ms@board": "it went away"}
    assert "latency_ms@board" not in {metric.name for metric in first.metrics}
    assert "latency_ms" in {metric.name for metric in first.metrics}
    assert asked == [["local", "board"], ["board"]]
    assert second.facts["missing"] == {}
    assert {metric.name for metric in second.metrics} == set(evaluator.metrics)


def test_a_file_that_does_not_run_is_the_trial_s_fault(candidate, tmp_path):
    def fail(path, names):
        raise WorkError(f"{path.name} does not run")

    with pytest.raises(WorkError):
        latency(tmp_path, fail, InlineExecutor()).evaluate(candidate)


def test_training_finds_accuracy_and_leaves_weights(candidate, tmp_path):
    plan = TrainingPlan(max_epochs=2, batch_size=32, patience=5)
    evaluator = AccuracyEvaluator(InlineExecutor(), DATA, plan, tmp_path)
    found = evaluator.evaluate(candidate)
    assert found.metrics[0].name == "val_accuracy"
    assert found.facts["epochs"] == 2
    assert max(found.facts["history"]) == found.metrics[0].value
    assert [path.name for path in tmp_path.iterdir()] == ["t001.weights.h5"]
    model = candidate.blueprint.build()
    before = model.get_weights()[0].copy()
    model.load_weights(tmp_path / "t001.weights.h5")
    assert (model.get_weights()[0] != before).any()


def test_int8_searches_rank_by_the_accuracy_of_the_int8_file(candidate, tmp_path):
    plan = TrainingPlan(max_epochs=2, batch_size=32, patience=5)
    shipped = ShippedAccuracy(InlineExecutor(), Precision.INT8, candidate.blueprint.seed)
    evaluator = AccuracyEvaluator(InlineExecutor(), DATA, plan, tmp_path, shipped=shipped)
    found = {metric.name: metric for metric in evaluator.evaluate(candidate).metrics}
    keras = AccuracyEvaluator(InlineExecutor(), DATA, plan, tmp_path).evaluate(candidate).metrics[0]
    assert found["float_val_accuracy"].value == keras.value
    model = candidate.blueprint.build()
    model.load_weights(tmp_path / "t001.weights.h5")
    dataset = load_dataset(DATA, candidate.blueprint.seed)
    part = dataset.validation()
    file = export_model(
        model,
        ExportTarget.parse("tflite-int8"),
        tmp_path,
        dataset.representative(CALIBRATION_COUNT),
    )
    (outputs,) = run_examples(load_runtime("litert").open(file.path, 1, None), [part.x])
    assert found["val_accuracy"].value == (outputs.argmax(axis=1) == part.y).mean()
    assert found["val_accuracy"].n == len(part)


def test_a_training_that_pauses_makes_no_file(candidate, tmp_path):
    plan = TrainingPlan(max_epochs=2, batch_size=32, patience=5)
    shipped = ShippedAccuracy(FailingExecutor(), Precision.INT8, 0)
    evaluator = AccuracyEvaluator(InlineExecutor(), DATA, plan, tmp_path, shipped=shipped)
    part = Slice(until_epoch=1, pauses=True)
    found = evaluator.evaluate(dataclasses.replace(candidate, part=part))
    assert [metric.name for metric in found.metrics] == ["val_accuracy", "val_loss"]
    with pytest.raises(AssertionError, match="no file is wanted"):
        evaluator.evaluate(candidate)
    workbench._paused.clear()


def test_one_blueprint_gives_one_network(candidate):
    first = candidate.blueprint.build().get_weights()
    second = candidate.blueprint.build().get_weights()
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


def test_training_in_parts_finds_what_training_in_one_go_does(candidate, tmp_path):
    plan = TrainingPlan(max_epochs=3, batch_size=32, patience=5)
    evaluator = AccuracyEvaluator(InlineExecutor(), DATA, plan, tmp_path)
    whole = evaluator.evaluate(candidate)
    first = evaluator.evaluate(dataclasses.replace(candidate, part=Slice(until_epoch=1)))
    assert (first.facts["epochs"], first.facts["is_over"]) == (1, False)
    rest = Slice(from_epoch=1, until_epoch=3, source="t001")
    second = evaluator.evaluate(dataclasses.replace(candidate, trial_id="t002", part=rest))
    assert (second.facts["epochs"], second.facts["is_over"]) == (2, True)
    assert second.facts["history"] == whole.facts["history"]
    assert second.metrics == whole.metrics
    assert "note" not in second.facts
    assert (tmp_path / "t002.checkpoint.npz").is_file()


def test_what_pauses_leaves_no_weights_and_goes_on_as_if_it_had_not(candidate, tmp_path):
    plan = TrainingPlan(max_epochs=3, batch_size=32, patience=5)
    evaluator = AccuracyEvaluator(InlineExecutor(), DATA, plan, tmp_path)
    whole = evaluator.evaluate(dataclasses.replace(candidate, trial_id="t001"))
    pauses = Slice(until_epoch=1, pauses=True)
    for trial_id, forget in (("t002", False), ("t003", True)):
        paused = dataclasses.replace(candidate, trial_id=trial_id, part=pauses)
        assert not evaluator.evaluate(paused).facts["is_over"]
        assert not (tmp_path / f"{trial_id}.weights.h5").exists()
        if forget:
            workbench._paused.clear()
        rest = Slice(from_epoch=1, until_epoch=3, source=trial_id)
        found = evaluator.evaluate(dataclasses.replace(paused, part=rest))
        assert found.facts["history"] == whole.facts["history"]
        assert (tmp_path / f"{trial_id}.weights.h5").exists()
        assert not workbench._paused


@pytest.mark.parametrize(("content", "why"), [(None, "missing"), (b"PK", "cannot be read")])
def test_a_bad_checkpoint_is_noted_and_training_starts_again(candidate, tmp_path, content, why):
    if content is not None:
        (tmp_path / "t001.checkpoint.npz").write_bytes(content)
    plan = TrainingPlan(max_epochs=2, batch_size=32, patience=5)
    evaluator = AccuracyEvaluator(InlineExecutor(), DATA, plan, tmp_path)
    part = Slice(from_epoch=1, until_epoch=2, source="t001")
    found = evaluator.evaluate(dataclasses.replace(candidate, part=part))
    assert found.facts["epochs"] == len(found.facts["history"]) == 2
    assert found.facts["note"].startswith("trained again from the first epoch: checkpoint t001")
    assert why in found.facts["note"]
