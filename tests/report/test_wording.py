from dataclasses import replace
from types import SimpleNamespace

import pytest

from edgebench.records import Constraint, Repeat, RunResult
from edgebench.report import wording
from edgebench.report.view import RunView


def test_the_headline_names_the_pick_its_file_and_its_numbers(result: RunResult) -> None:
    assert wording.headline(RunView.of(result)) == (
        "t008 is the pick: accuracy 0.972 as tflite fp32, 1\u202f185.0 KiB, 1.64 ms [1.63, 1.66] on pi5."
    )


def test_the_pick_against_the_baseline_says_what_is_within_noise(result: RunResult) -> None:
    assert wording.against_baseline(RunView.of(result)) == (
        "Against squeezenet-1.1: accuracy +2.2 pt (within noise), 2.4x smaller, 1.2x faster."
    )


def test_a_difference_beyond_noise_is_not_called_noise(result: RunResult) -> None:
    worse = tuple(
        replace(a, accuracy=0.80) if a.trial_id == "base" else a for a in result.artifacts
    )

    sentence = wording.against_baseline(RunView.of(replace(result, artifacts=worse)))

    assert "accuracy +17.2 pt," in sentence


def test_equal_speed_is_within_noise_and_less_is_slower(
    result: RunResult, build: SimpleNamespace
) -> None:
    def against(baseline_ms: float) -> str:
        (file,) = [a for a in result.artifacts if a.file_name == "base-fp32.tflite"]
        measured = build.measurement(file.sha256, file.file_name, baseline_ms)
        changed = result.measurements | {("base", file.sha256): (measured,)}
        return wording.against_baseline(RunView.of(replace(result, measurements=changed)))

    assert "(within noise)." in against(1.645)
    assert "1.6x slower." in against(1.0)


@pytest.mark.parametrize(
    ("lack", "sentence"),
    [
        ("no trials", "No trial has ended yet, so there is no front."),
        ("all failed", "No trial completed, so there is no front: 8 failed."),
        (
            "all infeasible",
            "No model keeps within the limits (param_bytes<=1000). "
            "The nearest is t003: param_bytes 164840 breaks param_bytes<=1000.",
        ),
        (
            "nothing beats the reference",
            "No completed model beats the reference in every objective, so the front is empty.",
        ),
        ("measure later", "There is no front yet: latency was not taken of any model."),
    ],
)
def test_an_empty_front_says_why(poor: dict[str, RunResult], lack: str, sentence: str) -> None:
    assert wording.headline(RunView.of(poor[lack])) == sentence


def test_a_limit_on_latency_is_broken_by_the_tail(result: RunResult) -> None:
    suite = replace(result.run.suite, constraints=(Constraint.parse("latency_ms<=0.01"),))

    why = wording.why_no_front(RunView.of(replace(result, run=replace(result.run, suite=suite))))

    assert "The nearest is t003: latency_ms 0.42 breaks latency_ms<=0.01." in why


def test_what_certain_heeds(result: RunResult, poor: dict[str, RunResult]) -> None:
    assert "latency alone" in wording.certainty(RunView.of(result))
    assert wording.certainty(RunView.of(poor["all failed"])) == ""
    repeated = Repeat(trial_id="t008", seed=1007, accuracy=0.970)
    sentence = wording.certainty(RunView.of(replace(result, repeats=(repeated,))))
    assert "mean of several trainings, with its 90 % interval" in sentence
    assert "the training with the median one" in sentence


def test_the_state_of_a_measurement_is_one_word_and_why(build: SimpleNamespace) -> None:
    sound = build.measurement("ab" * 32, "t001-fp32.tflite", 0.8)
    noisy = replace(sound, blocks=(replace(sound.blocks[0], reasons=("drift",)), *sound.blocks[1:]))
    hot = replace(noisy, invalid_reasons=("too_hot",))

    said = [wording.state(measurement) for measurement in (sound, noisy, hot)]

    assert said == ["valid", "noisy: drift", "invalid: too hot, drift"]
