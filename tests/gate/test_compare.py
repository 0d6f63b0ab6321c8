"""Whole gates, on a device in memory whose latencies stand in the files."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench import devices
from edgebench.agent import AGENT_VERSION
from edgebench.devices import Completed
from edgebench.devices.fake import FakeDevice
from edgebench.errors import (
    DeviceError,
    IncomparableError,
    InputError,
    UnknownNameError,
    WorkError,
)
from edgebench.gate import (
    Answers,
    Check,
    Gate,
    GatePlan,
    GateResult,
    Margins,
    Question,
    Subject,
    Verdict,
    read_margins,
)
from edgebench.gate import compare as module
from edgebench.gate.answers import Examiner
from edgebench.gate.baseline import Place
from edgebench.profiling import MeasurePlan
from edgebench.profiling.check import ASSETS
from edgebench.records import DataPlan

PLACE = Place(
    machine="fake", model=None, runtime="null", runtime_version="fake", delegate=None, threads=1, p50_ms=1.0
)  # fmt: skip


def only(result: GateResult, name: str = "x") -> Check:
    (check,) = [check for check in result.checks if check.benchmark == name]
    return check


@pytest.mark.parametrize(
    ("head_ms", "noise", "verdict", "pairs", "codes"),
    [
        (1.0, 0.0, Verdict.PASS, 10, (0, 0)),
        (1.04, 0.0, Verdict.PASS, 10, (0, 0)),
        (0.9, 0.0, Verdict.IMPROVED, 10, (0, 0)),
        (1.2, 0.0, Verdict.REGRESSED, 20, (1, 1)),
        (1.05, 0.01, Verdict.INCONCLUSIVE, 20, (0, 1)),
    ],
)
def test_a_verdict_and_its_exit_code(
    lab, head_ms: float, noise: float, verdict: Verdict, pairs: int,
    codes: tuple[int, int],
) -> None:  # fmt: skip
    base, head = lab.side(x=1.0), lab.side(x=head_ms)
    result = lab.hold(base, head, lab.respond(noise))
    check = only(result)
    assert (check.verdict, result.verdict, len(check.pairs)) == (verdict, verdict, pairs)
    assert (result.exit_code(), result.exit_code(strict=True)) == codes
    assert check.ratio is not None
    assert check.ratio.value == pytest.approx(head_ms, rel=0.01)
    assert (check.device, check.kind, check.margin) == ("board", "latency", 0.05)
    assert check.runtime == "null fake"
    assert check.head_sha256 == devices.sha256_of(head[0].path)
    assert (check.base, check.head) == (
        pytest.approx(1.0, rel=0.02),
        pytest.approx(head_ms, rel=0.02),
    )
    assert f"{pairs} pairs" in check.sentence
    assert (result.base, result.head, result.noise) == ("base", "head", {})


def test_benchmarks_take_turns_after_one_short_block_each(lab) -> None:
    lab.hold(lab.side(a=1.0, b=1.0), lab.side(a=1.0, b=1.0))
    jobs = lab.opened["board"].jobs
    names = "".join(job["model"].rpartition("/")[2][0] for job in jobs[:10])
    assert names == "abaabbaabb"
    assert [job["block_s"] for job in jobs[:4]] == [0.05, 0.05, 2.0, 2.0]
    # What was found to run the baseline runs both.
    assert [job["runtime"] for job in jobs[:4]] == ["auto", "auto", "null", "null"]


def test_one_file_on_each_side_may_be_called_anything(lab) -> None:
    result = lab.hold(lab.side(x=1.0), lab.side(y=1.0))
    assert only(result, "x").verdict is Verdict.PASS
    with pytest.raises(IncomparableError, match="no benchmark in common") as caught:
        lab.hold(lab.side(x=1.0, y=1.0), lab.side(z=1.0))
    assert caught.value.exit_code == 4
    assert caught.value.why == "x, y before, z now"


def test_what_the_head_lacks_is_incomparable_and_what_it_has_more_is_told(lab) -> None:
    result = lab.hold(lab.side(x=1.0, gone=1.0, left=1.0), lab.side(x=1.0, fresh=1.0, newer=1.0))
    assert [(c.benchmark, c.verdict.value) for c in result.checks] == [
        ("x", "PASS"), ("gone", "INCOMPARABLE"), ("left", "INCOMPARABLE"),
    ]  # fmt: skip
    assert result.new == ("fresh", "newer")
    assert result.exit_code() == 4
    worse = lab.hold(lab.side(x=1.0, gone=1.0), lab.side(x=2.0, fresh=1.0))
    assert worse.exit_code() == 1


def test_another_kind_of_file_is_incomparable(lab) -> None:
    base, head = lab.side(x=1.0, y=1.0), lab.side(x=1.0, y=1.0)
    other = head[0].path.rename(head[0].path.with_suffix(".onnx"))
    result = lab.hold(base, [Subject(name="x", path=other), head[1]])
    assert only(result, "x").verdict is Verdict.INCOMPARABLE
    assert only(result, "x").sentence == "x is a .null file before and a .onnx one now"
    assert only(result, "y").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"runtime_version": "older"}, "board has another null than the baseline of x was saved with: older before, fake now"),
        ({"machine": "aarch64"}, "board is another device than the baseline of x was saved for: aarch64 before, fake now"),
        ({"model": "Pi 4"}, "board is another device than the baseline of x was saved for: fake Pi 4 before, fake now"),
        ({"machine": "aarch64", "any_host": True}, "board is another device than the baseline of x was saved for: aarch64 before, fake now"),
    ],
)  # fmt: skip
def test_another_device_or_runtime_is_incomparable(lab, change: dict[str, Any], said: str) -> None:
    place = PLACE.model_copy(update=change)
    base = [*lab.side({"board": place}, x=1.0), *lab.side({"board": PLACE}, y=1.0)]
    result = lab.hold(base, lab.side(x=1.0, y=1.0))
    assert (only(result).verdict, only(result).sentence) == (Verdict.INCOMPARABLE, said)
    assert only(result, "y").verdict is Verdict.PASS
    assert result.exit_code() == 4


def test_any_machine_may_stand_in_where_the_baseline_says_so(
    lab,
) -> None:
    lab.model = "EPYC 9"
    place = PLACE.model_copy(update={"model": "EPYC 7"})
    base, head = lab.side({"board": place}, x=1.0), lab.side(x=1.0)
    assert lab.hold(base, head).exit_code() == 4
    anywhere = place.model_copy(update={"any_host": True})
    base = lab.side({"board": anywhere}, x=1.0)
    assert lab.hold(base, head).exit_code() == 0


def test_a_device_that_the_baseline_lacks_is_incomparable(lab) -> None:
    result = lab.hold(lab.side({"pi5": PLACE}, x=1.0), lab.side(x=1.0))
    said = "the baseline of x was not saved for board: it was for pi5"
    assert (only(result).verdict, only(result).sentence) == (Verdict.INCOMPARABLE, said)


def test_blocks_run_as_the_baseline_was_saved(lab) -> None:
    place = PLACE.model_copy(update={"threads": 3})
    block = MeasurePlan(blocks=1, threads=1, block_s=0.5, seed=9)
    lab.hold(lab.side({"board": place}, x=1.0), lab.side(x=1.0), block=block)
    jobs = lab.opened["board"].jobs
    assert {(job["runtime"], job["threads"], job["seed"]) for job in jobs} == {("null", 3, 9)}
    assert {job["block_s"] for job in jobs[1:]} == {0.5}


def broken(lab, after: int, error: Exception):
    """Return an agent whose device goes after so many blocks."""
    count = itertools.count()

    def respond(device: FakeDevice, argv: Sequence[str]) -> Completed:
        if next(count) >= after:
            raise error
        return lab.respond()(device, argv)

    return respond


@pytest.mark.parametrize("after", [0, 1, 2, 15])
def test_a_device_that_goes_is_no_verdict_on_the_file(lab, after: int) -> None:
    gone = lab.add(broken(lab, after, DeviceError("board went away", why="no answer")), "board")
    fine = lab.add(name="other")
    base = [*lab.side(x=1.0, y=1.0), *lab.side({"pi5": PLACE}, z=1.0)]
    plan = GatePlan(devices=(gone, fine), margins=lab.margins)
    result = Gate(base, lab.side(x=1.0, y=1.0, z=1.0), plan).run("base", "head")
    found = [(c.benchmark, c.device, c.verdict.value) for c in result.checks if c.benchmark != "z"]
    assert found == [
        ("x", "board", "ENVIRONMENT"), ("x", "other", "PASS"),
        ("y", "board", "ENVIRONMENT"), ("y", "other", "PASS"),
    ]  # fmt: skip
    # What is gone is not asked for the next benchmark.
    assert len(lab.opened["board"].ran) == after + 1
    sentences = {c.sentence for c in result.checks if c.verdict is Verdict.ENVIRONMENT}
    assert sentences == {"board went away: no answer"}
    assert len([c for c in result.checks if c.benchmark == "z"]) == 2


def test_a_device_that_is_gone_exits_with_3(lab) -> None:
    result = lab.hold(lab.side(x=1.0), lab.side(x=1.0), broken(lab, 0, DeviceError("gone")))
    assert result.exit_code() == 3


def test_a_runtime_that_is_not_there_fails_its_benchmark_alone(lab) -> None:
    def respond(device: FakeDevice, argv: Sequence[str]) -> Completed:
        answer = lab.respond()(device, argv)
        if json.loads(argv[-1]).get("runtime") != "ort":
            return answer
        error = {"kind": "runtime_missing", "message": "ort is not installed"}
        agent = json.loads(answer.stdout)["agent"]
        assert agent["version"] == AGENT_VERSION
        return Completed(returncode=1, stdout=json.dumps({"agent": agent, "error": error}))

    ort = PLACE.model_copy(update={"runtime": "ort"})
    base = [*lab.side({"board": ort}, x=1.0), *lab.side({"board": PLACE}, y=1.0)]
    result = lab.hold(base, lab.side(x=1.0, y=1.0), respond)
    assert only(result, "x").verdict is Verdict.ENVIRONMENT
    assert "ort is not installed" in only(result, "x").sentence
    assert only(result, "y").verdict is Verdict.PASS


def test_blocks_that_stay_invalid_are_the_device_s_fault(lab) -> None:
    respond = lab.respond(cooled=False)
    result = lab.hold(lab.side(x=1.0), lab.side(x=2.0), respond)
    check = only(result)
    assert (check.verdict, result.exit_code()) == (Verdict.ENVIRONMENT, 3)
    assert check.sentence == "a block was invalid twice: too hot"
    assert (check.pairs, check.ratio, check.base) == ((), None, None)


def test_noisy_blocks_are_told(lab) -> None:
    respond = lab.respond(warmup_stable=False)
    check = only(lab.hold(lab.side(x=1.0), lab.side(x=1.0), respond))
    assert (check.verdict, check.noisy_blocks) == (Verdict.PASS, 20)


def test_the_noise_of_a_device_is_told(lab) -> None:
    base, head = lab.side(x=1.0), lab.side(x=1.0)
    result = lab.hold(base, head, lab.respond(0.002), measures_noise=True)
    noise = result.noise["board"]
    assert noise.low < 1.0 < noise.high
    assert noise.high / noise.low < 1.02
    assert result.exit_code() == 0
    # One block to find the runtime, ten pairs of the noise, ten of the gate.
    assert len(lab.opened["board"].ran) == 1 + 10 + 10


def test_a_margin_under_twice_the_noise_is_refused(lab) -> None:
    base, head = lab.side(x=1.0), lab.side(x=1.0)
    with pytest.raises(InputError, match="is under twice the noise of board") as caught:
        lab.hold(base, head, lab.respond(0.2), measures_noise=True)
    assert caught.value.message.startswith("a margin of 0.05 for x")
    assert caught.value.exit_code == 2
    allowed = float(caught.value.remedy.split()[1].rstrip("%")) / 100
    wider = replace(lab.margins, latency=allowed)
    result = lab.hold(base, head, lab.respond(0.2), margins=wider, measures_noise=True)
    assert module.spread(result.noise["board"]) * 2 <= allowed
    narrower = replace(lab.margins, latency=0.9 * allowed)
    with pytest.raises(InputError, match="is under twice the noise of board"):
        lab.hold(base, head, lab.respond(0.2), margins=narrower, measures_noise=True)


def test_noise_is_told_of_whole_series_alone(lab) -> None:
    turns = itertools.count()

    def respond(device: FakeDevice, argv: Sequence[str]) -> Completed:
        # After the block that finds the runtime and a pair, every block is too hot.
        hot = lab.respond(cooled=False)
        return (lab.respond() if next(turns) < 3 else hot)(device, argv)

    result = lab.hold(lab.side(x=1.0), lab.side(x=1.0), respond, measures_noise=True)
    assert only(result).verdict is Verdict.ENVIRONMENT
    assert only(result).sentence.startswith("the noise of board cannot be told")
    assert result.noise == {}


def test_a_plan_that_makes_no_sense_is_told_before_anything_runs(lab) -> None:
    for alpha in (0.0, 1.0, -1.0):
        with pytest.raises(InputError, match="alpha"):
            GatePlan(alpha=alpha)
    fine = lab.add()
    plan = GatePlan(devices=(fine, "nowhere"), margins=lab.margins)
    with pytest.raises(UnknownNameError, match="nowhere is not a device"):
        Gate(lab.side(x=1.0), lab.side(x=1.0), plan).run("base", "head")
    assert lab.opened == {}


def test_margins_of_no_benchmark_are_told(lab, tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("benchmarks: {other: {latency: 8%}}\n")
    plan = GatePlan(margins=read_margins(tmp_path / "odd.yaml"))
    with pytest.raises(InputError, match="other is not a benchmark of this gate"):
        Gate(lab.side(x=1.0), lab.side(x=1.0), plan)


def test_a_device_that_is_asked_nothing_is_not_opened(lab) -> None:
    nothing = lab.margins.document.default.model_copy(update={"latency": "ignore"})
    ignoring = replace(
        lab.margins, document=lab.margins.document.model_copy(update={"default": nothing})
    )
    result = lab.hold(lab.side(x=1.0), lab.side(x=9.0), margins=ignoring)
    assert (result.checks, lab.opened) == ((), {})


def model(name: str, **more: Any) -> Subject:
    return Subject(name="tiny", path=ASSETS / name, **more)


def test_contents_are_checked_without_a_device() -> None:
    base, head = [model("tiny.tflite")], [model("tiny.onnx")]
    result = Gate(base, head, GatePlan(devices=())).run("base", "head")
    assert {c.kind: c.verdict.value for c in result.checks} == {
        "file_bytes": "IMPROVED", "param_bytes": "PASS", "macs": "PASS", "ops": "REGRESSED",
    }  # fmt: skip
    assert result.exit_code() == 1


@pytest.fixture
def question(tmp_path: Path) -> Question:
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "mine.npz", x=rng.random((60, 8), dtype=np.float32), y=rng.integers(0, 4, 60)
    )
    return Question(data=DataPlan(name=str(tmp_path / "mine.npz"), validation="test"))


@pytest.fixture
def answers_alone(tmp_path: Path) -> Margins:
    path = tmp_path / "margins.yaml"
    path.write_text(
        "default: {file_bytes: ignore, param_bytes: ignore, macs: ignore, arena_bytes: ignore,\n"
        "          ops: ignore, latency: ignore}\n"
    )
    return read_margins(path)


def test_answers_are_asked_of_both_or_taken_from_the_baseline(
    question: Question, answers_alone: Margins
) -> None:
    def asked(base: Subject) -> Check:
        plan = GatePlan(devices=(), margins=answers_alone, question=question)
        result = Gate([base], [model("tiny.onnx")], plan).run("base", "head")
        return only(result, "tiny")

    both = asked(model("tiny.tflite"))
    assert (both.kind, both.verdict, both.base) == ("accuracy", Verdict.PASS, both.head)
    assert "0 lost, 0 gained" in both.sentence
    with devices.open_device("local") as local:
        told = Examiner().ask(
            question, ASSETS / "tiny.tflite", module.Profiler(local), MeasurePlan(blocks=1)
        )
    assert told is not None
    right = Answers(data=told.data, correct=np.ones(60, bool))
    taken = asked(model("tiny.tflite", question=question, answers=right))
    assert (taken.base, taken.head, taken.verdict) == (1.0, both.head, Verdict.REGRESSED)
    other = asked(model("tiny.tflite", question=question, answers=replace(right, data="others")))
    assert other.verdict is Verdict.INCOMPARABLE


def test_the_data_is_opened_once_for_all_that_are_asked_the_same(
    question: Question, tmp_path: Path
) -> None:
    examiner, plan = Examiner(), MeasurePlan(blocks=1)
    with devices.open_device("local") as local:
        profiler = module.Profiler(local)
        first = examiner.ask(question, ASSETS / "tiny.tflite", profiler, plan)
        (tmp_path / "mine.npz").unlink()
        second = examiner.ask(question, ASSETS / "tiny.onnx", profiler, plan)
        assert first is not None
        assert second is not None
        assert first.data == second.data
        with pytest.raises(InputError, match=r"mine\.npz"):
            examiner.ask(replace(question, examples=5), ASSETS / "tiny.onnx", profiler, plan)


def test_a_file_that_answers_with_no_numbers_passes_no_gate(
    question: Question, answers_alone: Margins, tmp_path: Path
) -> None:
    import onnx

    graph = onnx.load(ASSETS / "tiny.onnx")
    for weights in graph.graph.initializer:
        if weights.data_type == onnx.TensorProto.FLOAT:
            values = np.full_like(onnx.numpy_helper.to_array(weights), np.nan)
            weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
    onnx.save(graph, tmp_path / "nan.onnx")
    subject = Subject(name="tiny", path=tmp_path / "nan.onnx")
    plan = GatePlan(devices=(), margins=answers_alone, question=question)
    with pytest.raises(WorkError, match=r"nan\.onnx answers with something that is not a number"):
        Gate([subject], [subject], plan).run("base", "head")


def test_the_risk_of_answers_is_shared_by_the_benchmarks(
    question: Question, answers_alone: Margins
) -> None:
    with devices.open_device("local") as local:
        told = Examiner().ask(
            question, ASSETS / "tiny.tflite", module.Profiler(local), MeasurePlan(blocks=1)
        )
    assert told is not None
    # Eight lost and none gained has a p-value of 2**-8: under .01, and over a third of it.
    better = told.correct.copy()
    better[np.flatnonzero(~better)[:8]] = True
    base = model("tiny.tflite", question=question, answers=replace(told, correct=better))

    def verdicts_of(names: str) -> set[Verdict]:
        plan = GatePlan(devices=(), margins=answers_alone)
        sides = (
            [replace(each, name=name) for name in names] for each in (base, model("tiny.tflite"))
        )
        return {check.verdict for check in Gate(*sides, plan).run("base", "head").checks}

    assert verdicts_of("a") == {Verdict.REGRESSED}
    assert verdicts_of("abc") == {Verdict.PASS}


def test_answers_that_cannot_be_had_here_are_no_verdict_on_the_file(
    question: Question, answers_alone: Margins
) -> None:
    block = MeasurePlan(blocks=1, runtime="ort", delegate="tensorrt")
    plan = GatePlan(devices=(), margins=answers_alone, question=question, block=block)
    result = Gate([model("tiny.onnx")], [model("tiny.onnx")], plan).run("base", "head")
    assert (only(result, "tiny").kind, result.verdict) == ("accuracy", Verdict.ENVIRONMENT)
    assert result.exit_code() == 3
