from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from edgebench.records import (
    Artifact,
    ExportTarget,
    FileFacts,
    LayerError,
    Parity,
    Precision,
    RunResult,
    Trial,
)
from edgebench.report.card import render_card
from edgebench.report.snippet import snippet
from edgebench.report.view import RunView

FACTS = {
    "name": "digits", "train": 1150, "validation": 287, "test": 360, "classes": 10,
    "labels": [str(digit) for digit in range(10)], "input_shapes": [[32, 32, 3]],
    "normalisation": "ink count / 16, in [0, 1]", "source": "scikit-learn load_digits", "terms": "CC BY 4.0",
}  # fmt: skip
WORST = (
    LayerError(layer="fire2/expand3", relative=0.1234, examples=16),
    LayerError(layer="classes", relative=0.02, examples=16),
)


def told(result: RunResult, trial_id: str = "t008", **changes: Any) -> tuple[RunView, Trial]:
    view = RunView.of(replace(result, **changes))
    return view, next(trial for trial in view.winners if trial.trial_id == trial_id)


def with_records(artifact: Artifact) -> Artifact:
    """Return the record of a file as it is taken today."""
    is_int8 = artifact.precision is Precision.INT8
    return replace(
        artifact,
        parity=Parity(
            examples=360,
            max_abs_diff=artifact.max_abs_diff or 0.0,
            mean_abs_diff=1e-4,
            agreement=0.9778 if is_int8 else 1.0,
            lost=9,
            gained=1,
            mcnemar_p=0.0215 if is_int8 else 1.0,
            layers=WORST if is_int8 else (),
        ),
        facts=FileFacts(ops={"CONV_2D int8": 26, "QUANTIZE int8": 1}, arena_bytes=98_304),
    )


def section(card: str, title: str) -> str:
    found = re.search(rf"^## {title}\n\n(.*?)(?=\n## |\Z)", card, re.DOTALL | re.MULTILINE)
    assert found, title
    return found.group(1)


def row(body: str, *cells: str) -> list[str]:
    """Return the cells of the only row that begins with these."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in body.splitlines()
        if line.startswith("|")
    ]
    (found,) = [row for row in rows if row[: len(cells)] == list(cells)]
    return found


@pytest.fixture(scope="module")
def card(result: RunResult) -> str:
    run = replace(result.run, data=FACTS)
    artifacts = tuple(map(with_records, result.artifacts))
    return render_card(*told(result, run=run, artifacts=artifacts))


def test_it_says_what_the_network_is(card: str) -> None:
    assert card.startswith(
        "# digits t008\n\nThe pick of run 1121-cedar: one of 3 on the front of 8 models.\n\n"
    )
    assert section(card, "What it is").split("\n")[:8] == [
        "- Template: squeezenet-se-auto",
        r"- Architecture: fire2 SE4 3 SE4 \| max \| 4 5 SE8+ \| 6 7",
        "- Parameters: 301 118",
        "- of these trained: 301 118",
        "- Multiply-accumulates: 12 044 720",
        "- Inputs: 32x32x3",
        r"- Normalisation: ink count / 16, in \[0, 1\]",
        "- Labels: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
    ]


def test_it_says_what_it_learned_from_and_how(card: str) -> None:
    assert section(card, "Data").strip().split("\n") == [
        "- digits: 1 150 to train, 287 to validate, 360 held out",
        r"- Source: scikit-learn load\_digits",
        "- Terms: CC BY 4.0",
    ]
    origin = section(card, "How it was trained and chosen")
    for words in (
        "- Run 1121-cedar, suite digits, suites/digits.yaml, hash 5f1c0a9be2d4, seed 7",
        "- Epochs: 8 of at most 8, batch 32",
        r"- Hyperparameters: optimizer=adam, learning\_rate=0.001, set1\_pairs=1",
        "- Validation accuracy: 0.972",
        "- Commit: cef205d1f0b7c2a98be1",
        "```sh\nedgebench search digits --seed 7\n```",
    ):
        assert words in origin


def test_each_file_has_its_numbers(card: str) -> None:
    files = section(card, "Files")
    assert row(files, "t008-int8.tflite") == [
        "t008-int8.tflite", "332.3", "0.964", "360", "+0.8", "0.978", "0.021", "3.1e-02", "96.0",
    ]  # fmt: skip
    assert row(files, "t008-fp32.tflite")[5:8] == ["1.000", "1", "2.1e-07"]
    assert files.count("\n| t008-") == 6
    assert "Keras itself reaches 0.956." in files


def test_each_file_has_its_latency_on_each_device(build: Any) -> None:
    result = build.result(devices=("pi5", "box"))
    fast = result.artifacts[-6 * 2]
    assert fast.file_name == "t008-fp32.tflite"
    first, second = result.measurements["t008", fast.sha256]
    environment = replace(second.environment, threads=2, delegated_ops=23, other_ops=2)
    slow = replace(second, environment=environment, rank_by="floor", invalid_reasons=("throttled",))
    measurements = result.measurements | {("t008", fast.sha256): (first, slow)}
    devices = section(render_card(*told(result, measurements=measurements)), "On devices")
    on_pi = row(devices, "t008-fp32.tflite", "pi5")
    assert on_pi[2:8] == ["litert 2.3.0", "XNNPACK", "valid", "1", "6", "p50"]
    assert on_pi[8:] == ["1.64", r"\[1.63, 1.66\]"]
    on_box = row(devices, "t008-fp32.tflite", "box")
    assert on_box[3:8] == ["XNNPACK 23 of 25", "invalid: throttled", "2", "6", "floor"]
    assert float(on_box[8]) == pytest.approx(slow.floor_ms, abs=0.006)
    assert devices.strip().endswith("- pi5: Raspberry Pi 5, aarch64, Linux 6.6")


def test_a_slower_int8_file_is_explained(result: RunResult, build: Any) -> None:
    (file,) = [a for a in result.artifacts if a.file_name == "t008-int8.tflite"]
    slow = build.measurement(file.sha256, file.file_name, 2.5)
    device = replace(result.run.devices[0], cpu_features=("neon",))
    card = render_card(
        *told(
            result,
            run=replace(result.run, devices=(device,)),
            measurements=result.measurements | {("t008", file.sha256): (slow,)},
        )
    )
    assert section(card, "Why int8 is slower").strip() == (
        "- t008-int8.tflite on pi5: This processor has none of the 2 instruction sets that multiply int8 fast "
        "(dotprod, i8mm); it has neon."
    )
    assert "Why int8 is slower" not in render_card(*told(result))


def test_the_worst_layers_stand_worst_first(card: str) -> None:
    layers = section(card, "Layers that quantisation moves most")
    assert row(layers, "t008-int8.tflite", "fire2/expand3")[2:] == ["12.34", "16"]
    assert layers.index("fire2/expand3") < layers.index("classes")


def test_what_to_be_careful_of_is_said(result: RunResult, build: Any) -> None:
    (file,) = [a for a in result.artifacts if a.file_name == "t008-int8.tflite"]
    lossy = replace(with_records(file), accuracy=0.9306)
    artifacts = tuple(lossy if a is file else a for a in result.artifacts)
    noisy = build.measurement(file.sha256, file.file_name, 0.8)
    noisy = replace(noisy, blocks=(replace(noisy.blocks[0], reasons=("drift",)), *noisy.blocks[1:]))
    card = render_card(
        *told(
            result,
            run=replace(result.run, git_dirty=True),
            artifacts=artifacts,
            measurements=result.measurements | {("t008", file.sha256): (noisy,)},
        )
    )
    assert section(card, "Be careful of").strip().split("\n") == [
        "- The working tree held changes that were not committed.",
        "- t008 tflite int8: -2.5 pt accuracy against Keras, more than the 2 that the suite allows, McNemar p 0.021.",
        "- t008 tflite int8 on pi5: the latency is noisy (drift).",
    ]
    assert "| noisy: drift |" in card
    assert "Be careful of" not in render_card(*told(result))


def test_the_baseline_is_named_by_its_template(result: RunResult) -> None:
    card = render_card(*told(result, "base"))
    assert "The baseline of run 1121-cedar." in card
    assert "- Template: squeezenet-1.1\n" in card


def test_a_run_that_lacks_something_has_cards(poor_result: RunResult) -> None:
    view = RunView.of(poor_result)
    for trial in view.winners:
        card = render_card(view, trial)
        assert "None " not in card.replace("None was exported.", "")
        assert card.count("```") % 2 == 0


def test_markup_in_what_was_recorded_is_escaped(result: RunResult) -> None:
    bad = "<script>`x`|\n```python\nimport os"
    run = replace(
        result.run,
        data=FACTS | {"labels": [bad, "b"], "source": bad, "normalisation": bad},
        argv=("search", bad),
    )
    trials = tuple(replace(t, architecture=bad, note=bad) for t in result.trials)
    card = render_card(*told(result, run=run, trials=trials))
    prose = re.sub(r"^```(python|sh)\n.*?^```$", "", card, flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in prose
    assert "\nimport os" not in prose
    programs = re.findall(r"^```python\n(.*?)^```$", card, flags=re.DOTALL | re.MULTILINE)
    assert len(programs) == 2
    for program in programs:
        compile(program, "card", "exec")
        assert "\nimport os" not in program


@pytest.mark.parametrize(
    "target",
    [
        "tflite-fp32", "tflite-fp16", "tflite-dynamic", "tflite-int8", "tflite-int8-io", "tflite-int16x8",
        "onnx-fp32", "onnx-int8",
    ],
)  # fmt: skip
@pytest.mark.parametrize("labels", [[], ["0", "1"], ["it's", 'a "b"', "\n", "{x}"]])
def test_a_program_is_python_of_at_most_ten_lines(
    result: RunResult, target: str, labels: list[str]
) -> None:
    parsed = ExportTarget.parse(target)
    file = replace(result.artifacts[0], format=parsed.format, precision=parsed.precision)
    program = snippet(file, {"labels": labels})
    compile(program, "snippet", "exec")
    assert len(program.splitlines()) <= 10
    assert repr(file.file_name) in program
    assert ('"class"' in program) == (not labels)


def test_labels_that_fill_more_than_a_line_are_left_to_the_card(result: RunResult) -> None:
    labels = [f"expression {number}" for number in range(30)]
    assert '"class"' in snippet(result.artifacts[0], {"labels": labels})
    card = render_card(*told(result, run=replace(result.run, data=FACTS | {"labels": labels})))
    assert "expression 19 and 10 more" in card


def test_no_program_is_made_up_for_a_keras_file(result: RunResult) -> None:
    keras = replace(
        result.artifacts[0], format=ExportTarget.parse("keras").format, precision=Precision.FP32
    )
    with pytest.raises(ValueError, match=r"no program for t001-fp32\.keras"):
        snippet(keras, {})
    card = render_card(*told(result, artifacts=(replace(keras, trial_id="t008"),)))
    assert "Run it" not in card
    assert "netron t008-fp32.keras" in card
    assert "```python" not in card
