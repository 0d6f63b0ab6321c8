"""The Markdown page: it says what the page says, and names are shown as text."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from edgebench.records import FileFacts, LayerError, Parity, RunResult, Window
from edgebench.report.importance import Importance
from edgebench.report.markdown_page import MOST_ROWS, render_markdown
from edgebench.report.view import RunView


def section(page: str, title: str) -> list[str]:
    """Return the rows of the first table below a title, its header first and the rule left out."""
    body = page.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in body.splitlines() if line.startswith("|")]
    return [rows[0], *rows[2:]] if rows else []


def test_the_page_has_the_headline_and_a_table_of_equal_columns(result: RunResult) -> None:
    page = render_markdown(RunView.of(result))

    assert page.startswith("# digits, run 1121-cedar\n\nt008 is the pick:")
    assert "\n\nMeasured on pi5, Raspberry Pi 5, litert 2.3.0, XNNPACK, 1 thread, 41 °C." in page
    rows = section(page, "The front: 3 of 8 models")
    assert len(rows) == 1 + 4
    assert {row.replace("\\|", "").count("|") for row in rows} == {10}
    assert "| pick |" in rows[1]
    assert "squeezenet-1.1" in rows[4]
    assert "[t008](models/t008.md), [t004](models/t004.md)" in page


def test_every_table_has_equal_rows(result: RunResult) -> None:
    page = render_markdown(RunView.of(result))

    for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        rows = block.replace("\\|", "").splitlines()
        assert len({row.count("|") for row in rows}) == 1, rows[0]


def test_it_says_what_the_page_says(result: RunResult) -> None:
    view = RunView.of(result)
    decided = [Importance(objective="latency_ms", choice="set1_pairs", share=0.614)]

    page = render_markdown(view, decided)

    assert section(page, "Hypervolume")[1].startswith("| t001 | n/a | 1 | 0.")
    assert section(page, "What decides") == ["| choice | latency % |", r"| set1\_pairs | 61.4 |"]
    blocks = section(page, "Latency, block by block")
    assert len(blocks) == 1 + 4
    assert re.match(r"\| t008-fp32.tflite \| 1\.\d\d(, 1\.\d\d){5} \| 1.64 \|", blocks[1])
    assert len(section(page, "Exported files")) == 1 + 4 * 6
    trials = section(page, "All trials")
    assert len(trials) == 1 + len(result.trials)
    assert "| t006 | failed | fire2 SE8 3 SE8 \\| avg \\| 4 5 | out of memory |" in trials[6]
    ledger = section(page, "Every measurement")
    assert len(ledger) == 1 + len(result.measurements)
    assert "cores 2, load 0.21, degrees C 41, MHz 2400, governor performance" in ledger[1]
    assert "```sh\nnetron models/t008-fp32.tflite\n```" in page
    assert (
        "## Environment and how to reproduce\n\n```sh\nedgebench search digits --seed 7\n```"
        in page
    )
    assert "| template | squeezenet-se-auto |" in page
    assert "### Device pi5" in page


def test_what_only_some_runs_have(result: RunResult, build: SimpleNamespace) -> None:
    two = build.result(devices=("pi5", "p|4"))
    (known,) = two.run.devices
    two = replace(two, run=replace(two.run, devices=(known, replace(known, name="p|4"))))
    parity = Parity(
        examples=360, max_abs_diff=0.1, mean_abs_diff=0.01, agreement=0.99, mcnemar_p=0.5,
        scores={"accuracy of cat": 0.9}, layers=(LayerError(layer="fire2", relative=0.0125, examples=16),),
    )  # fmt: skip
    facts = FileFacts(ops={"CONV_2D int8": 14, "SOFTMAX int8": 1}, arena_bytes=4096)
    fp32 = replace(parity, scores={"accuracy of dog": 0.8, "accuracy of cat": 0.95}, layers=())
    artifacts = tuple(
        replace(a, parity=parity if a.precision.needs_calibration else fp32, facts=facts)
        for a in two.artifacts
    )
    measurements = {
        key: tuple(replace(m, sustained=(Window(at_s=60.0, median_ns=2e6, invokes=9),)) for m in taken)
        for key, taken in two.measurements.items()
    }  # fmt: skip
    page = render_markdown(RunView.of(replace(two, artifacts=artifacts, measurements=measurements)))

    devices = section(page, "Device by device")
    assert devices[0] == "| trial | pi5 | p\\|4 |"
    assert len(devices) == 1 + 4
    classes = section(page, "The pick, class by class")
    assert classes[0].endswith("| int8 | int8 vs fp32 pt |")
    assert classes[1].startswith("| accuracy of cat | 0.950 |")
    assert classes[1].endswith("| 0.900 | -5.0 |")
    assert classes[2].endswith("| n/a | n/a |")
    layers = section(page, "What quantisation moves most")
    assert layers[1] == "| tflite int8 | fire2 | 0.013 | 16 |"
    operations = section(page, "Operations of the pick's files")
    assert operations[1] == "| tflite fp32 | XNNPACK | 14 CONV\\_2D int8, 1 SOFTMAX int8 |"
    assert section(page, "Without a pause")[1] == "| t008-fp32.tflite | 60 | 2.000 | n/a |"
    assert not any(
        f"## {title}" in render_markdown(RunView.of(result))
        for title in ("Device by device", "The pick, class", "What quantisation", "Without a pause")
    )


def test_of_very_many_trials_the_others_are_counted(build: SimpleNamespace) -> None:
    rows = tuple(
        (f"f{n:03}", "failed", "fire2", None, 9000, 0.5, 0, "out of memory")
        for n in range(MOST_ROWS + 9)
    )
    page = render_markdown(RunView.of(build.result(rows)))

    assert len(section(page, "All trials")) == 1 + MOST_ROWS
    assert "\n10 more are in trials.csv.\n" in page


def test_markup_in_names_is_escaped(result: RunResult) -> None:
    name = "<script>*x*|`y`\nz"
    shown = r"\<script\>\*x\*\|\`y\` z"
    suite = replace(result.run.suite, name=name, baseline=name, devices=(name,))
    trials = tuple(replace(t, architecture=name, reason=name, note=name) for t in result.trials)
    run = replace(
        result.run, suite=suite, devices=(replace(result.run.devices[0], name=name, model=name),), host={name: name},
        notes=(name,), argv=("search", name),
    )  # fmt: skip
    measurements = {
        key: tuple(replace(m, device=name) for m in taken)
        for key, taken in result.measurements.items()
    }
    page = render_markdown(
        RunView.of(replace(result, run=run, trials=trials, measurements=measurements))
    )

    assert page.splitlines()[0] == rf"# {shown}, run 1121-cedar"
    fences = re.findall(r"^```sh\n(.*)\n```$", page, re.MULTILINE)
    outside = re.sub(r"^```sh\n.*\n```$", "", page, flags=re.MULTILINE)
    assert len(fences) == 4
    assert outside.count(shown) > 20
    assert not re.search(r"(?<!\\)[<>`]", outside)


def test_a_run_that_lacks_something_has_a_page(poor_result: RunResult) -> None:
    page = render_markdown(RunView.of(poor_result))

    assert page.splitlines()[2].endswith(".")
    assert not re.search(r"\b(None|nan|inf)\b", page)


@pytest.mark.parametrize("lack", ["no trials", "all failed"])
def test_sections_without_anything_are_left_out(poor: dict[str, RunResult], lack: str) -> None:
    page = render_markdown(RunView.of(poor[lack]))

    assert "## Exported files" not in page
    assert "## Hypervolume" not in page
    assert "## Environment and how to reproduce" in page
