"""What to be careful of: each under its code, with what to do; the list is the manual's."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgebench.records import Agreement, Repeat, RunResult
from edgebench.report.cautions import MOST_NAMED, REMEDIES, Caution, Code, cautions, notes
from edgebench.report.view import RunView


def sentences(view: RunView) -> list[str]:
    return [*(caution.sentence for caution in cautions(view)), *notes(view)]


def of(code: Code, result: RunResult) -> list[str]:
    return [c.sentence for c in cautions(RunView.of(result)) if c.code is code]


def test_codes_keep_their_meaning() -> None:
    assert {code.name: code.value for code in Code} == {
        "NOISY": "W101", "UNMEASURED": "W102", "OUTPUTS_DIFFER": "W103", "INVALID": "W104", "NOT_DELEGATED": "W105",
        "UNCERTAIN": "W106", "ACCURACY_LOST": "W201", "SYNTHETIC": "W301", "PARTIAL": "W302", "CHOSEN_BY_TEST": "W303",
        "COMMONEST_ANSWER": "W304", "DATA_NOTE": "W305", "UNFINISHED": "W401", "SCALED": "W402", "UNCOMMITTED": "W403",
    }  # fmt: skip


def test_the_manual_says_of_every_code_what_to_do() -> None:
    manual = Path(__file__).parents[2] / "docs" / "report.md"
    rows = re.findall(r"^\| (W\d+) \| .+ \| (.+) \|$", manual.read_text("utf-8"), re.MULTILINE)

    assert [(code.value, remedy) for code, remedy in REMEDIES.items()] == rows
    assert set(REMEDIES) == set(Code)


def test_the_note_of_a_trial_is_told(result: RunResult) -> None:
    first, *others = result.trials
    noted = replace(first, note="trained again from the first epoch: checkpoint t1 is missing")
    told = notes(RunView.of(replace(result, trials=(noted, *others))))
    assert (
        f"{first.trial_id}: trained again from the first epoch: checkpoint t1 is missing." in told
    )


def test_a_clean_run_has_nothing_to_be_careful_of(result: RunResult) -> None:
    sound = tuple(trial for trial in result.trials if trial.trial_id != "t006")

    assert cautions(RunView.of(replace(result, trials=sound))) == ()
    assert notes(RunView.of(replace(result, trials=sound))) == []


def changed(result: RunResult, file_name: str, **facts: object) -> RunResult:
    """Return the run with the measurements of one file changed."""
    (file,) = [a for a in result.artifacts if a.file_name == file_name]
    key = (file.trial_id, file.sha256)
    taken = tuple(replace(m, **facts) for m in result.measurements[key])
    return replace(result, measurements=result.measurements | {key: taken})


def test_each_state_of_a_latency_has_its_code(result: RunResult) -> None:
    (sound, *_) = result.measurements.values()
    ran, block = sound[0].environment, sound[0].blocks[0]
    name = "t008-int8.tflite"
    differs = Agreement(against="litert", examples=4, max_abs_diff=0.5, tolerance=0.1)
    drifting = (replace(block, reasons=("drift",)),)

    assert of(Code.NOISY, changed(result, name, blocks=drifting)) == [
        "The latency is noisy: t008 tflite int8 on pi5 (drift)."
    ]
    assert of(Code.INVALID, changed(result, name, invalid_reasons=("too_hot",))) == [
        "The latency is invalid: t008 tflite int8 on pi5 (too hot)."
    ]
    assert of(Code.OUTPUTS_DIFFER, changed(result, name, agreement=differs)) == [
        "The answers are not those of this machine: t008 tflite int8 on pi5."
    ]
    plain = replace(ran, delegated_ops=0, other_ops=31)
    assert of(Code.NOT_DELEGATED, changed(result, name, environment=plain)) == [
        "The delegate took no operation: t008 tflite int8 on pi5."
    ]
    assert (
        of(Code.NOT_DELEGATED, changed(result, name, environment=replace(plain, delegate=None)))
        == []
    )


def test_files_without_a_latency_and_very_many_names_are_told(
    poor: dict[str, RunResult], result: RunResult
) -> None:
    assert of(Code.UNMEASURED, poor["files not measured"]) == [
        "Not measured on pi5: t008 tflite fp32, t004 tflite fp32, t002 tflite fp32, base tflite fp32."
    ]
    noisy = {
        key: tuple(replace(m, blocks=(replace(m.blocks[0], reasons=("drift",)),)) for m in taken)
        for key, taken in result.measurements.items()
    }
    (sentence,) = of(Code.NOISY, replace(result, measurements=noisy))
    assert sentence.count("drift") == MOST_NAMED
    assert sentence.endswith(" and 18 more.")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"synthetic": True, "source": "synthetic: one face"}, Code.SYNTHETIC),
        ({"task": "segmentation", "commonest_share": 0.928}, Code.COMMONEST_ANSWER),
        ({"notes": ["12 images hold no face"]}, Code.DATA_NOTE),
    ],
)
def test_what_the_data_says_is_passed_on(result: RunResult, facts: dict, code: Code) -> None:
    run = replace(result.run, data=result.run.data | facts)

    (found,) = cautions(RunView.of(replace(result, run=run)))

    assert found == Caution(code=code, sentence=found.sentence)
    assert found.remedy == REMEDIES[code]


def test_who_may_belong_on_the_front_and_failed_repeats_are_told(result: RunResult) -> None:
    dull = replace(
        next(trial for trial in result.trials if trial.trial_id == "t004"),
        trial_id="t009",
        metrics=tuple(
            replace(
                metric, value=metric.value + {"val_accuracy": -0.01, "param_bytes": 4}[metric.name]
            )
            if metric.name in ("val_accuracy", "param_bytes")
            else metric
            for metric in next(t for t in result.trials if t.trial_id == "t004").metrics
        ),
    )
    repeats = (
        Repeat(trial_id="t008", seed=1007, accuracy=0.932),
        Repeat(trial_id="t008", seed=2007, accuracy=None, reason="the loss is not a number"),
    )
    run = replace(result, trials=(*result.trials, dull), repeats=repeats)
    found = sentences(RunView.of(run))
    assert any(
        sentence.startswith("Off the front, possibly on it within their intervals: ")
        and "t009" in sentence
        for sentence in found
    )
    assert "t008: its training with seed 2007 failed: the loss is not a number." in found


def test_what_to_be_careful_of(result: RunResult, build: SimpleNamespace) -> None:
    (file,) = [a for a in result.artifacts if a.file_name == "t008-int8.tflite"]
    hot = build.measurement(file.sha256, file.file_name, 0.8, invalid_reasons=("throttled",))
    run = replace(
        result.run,
        status="interrupted",
        git_dirty=True,
        suite=replace(result.run.suite, scale=0.1, data=replace(result.run.suite.data, sample=0.2)),
        notes=("the device was busy",),
    )
    dead = tuple(replace(a, accuracy=0.2) if a == file else a for a in result.artifacts)
    changed = replace(
        result,
        run=run,
        artifacts=dead,
        measurements=result.measurements | {("t008", file.sha256): (hot,)},
    )

    found = "\n".join(sentences(RunView.of(changed)))

    assert "This run is interrupted: 8 trials have ended." in found
    assert "scaled by 0.1" in found
    assert "Of the data the first 20 % was used (sample: 0.2)." in found
    assert "not committed" in found
    assert "the device was busy." in found
    assert "1 trial failed: out of memory." in found
    assert (
        "t008 tflite int8: -75.6 pt accuracy against Keras, more than the 2 that the suite allows"
        in found
    )
    assert "The latency is invalid: t008 tflite int8 on pi5 (throttled)." in found
