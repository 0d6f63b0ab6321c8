"""The published tables: ours stand beside them as recorded, and nothing is shown that no run found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgebench import suites
from edgebench.datasets import DATASETS
from edgebench.records import DataPlan, Metric, Precision, Repeat, RunResult, Status
from edgebench.report import RunView, figures, paper_document, write_paper
from edgebench.report.paper.ours import outcomes_of
from edgebench.report.paper.published import FURTHER, GROUPS, Case, ten_best
from edgebench.report.paper.tables import HEADER, paper_tables, standing, ten_best_tables
from edgebench.templates import TEMPLATES

CASES = [case for group in GROUPS for case in group.cases]
SE_10, SE_40 = (case for case in CASES if case.suite == "cifar10-squeezenet-se-auto")


@pytest.fixture
def cifar(result: RunResult) -> RunResult:
    """The sample run, as if it had been of the first 40 % of CIFAR-10."""
    suite = replace(result.run.suite, name="mine", data=DataPlan(name="cifar10", sample=0.4))
    return replace(result, run=replace(result.run, suite=suite))


def outcome(case: Case, *results: RunResult):
    return list(outcomes_of(case, [RunView.of(result) for result in results]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_every_case_is_a_suite_that_ships(case: Case) -> None:
    path = suites.find(f"paper/{case.suite}")
    text = path.read_text(encoding="utf-8")
    assert f"name: {case.suite}\n" in text
    assert f"template: {case.template}\n" in text
    assert f"name: {case.data}" in text
    assert case.template in TEMPLATES
    assert case.data in DATASETS


def test_further_points_belong_to_a_case() -> None:
    assert FURTHER.keys() <= {case.suite for case in CASES}


def test_a_run_belongs_to_its_template_data_and_share(cifar: RunResult) -> None:
    (found,) = outcome(SE_40, cifar)
    assert outcome(SE_10, cifar) == []
    best = max(t.values()["val_accuracy"] for t in cifar.trials if t.status is Status.COMPLETED)
    assert found.best == best
    assert (found.trials, found.search, found.seed) == (8, "pareto", 7)
    assert found.search_epochs == sum(trial.epochs for trial in cifar.trials)
    assert (found.repeat_epochs, found.mean) == (0, None)
    assert not found.chosen_by_test


def test_what_breaks_a_limit_is_not_the_best(cifar: RunResult) -> None:
    (before,) = outcome(SE_40, cifar)
    largest = f"trainable_params<={before.params - 1}"
    from edgebench.records import Constraint

    suite = replace(cifar.run.suite, constraints=(Constraint.parse(largest),))
    (found,) = outcome(SE_40, replace(cifar, run=replace(cifar.run, suite=suite)))
    assert found.params < before.params
    assert found.limits == largest


def test_repeats_give_a_mean_and_their_own_epochs(cifar: RunResult) -> None:
    (before,) = outcome(SE_40, cifar)
    seeds = ((1007, before.best - 0.01), (2007, before.best - 0.02))
    repeats = tuple(
        Repeat(trial_id=before.trial_id, seed=seed, accuracy=value, epochs=8)
        for seed, value in seeds
    )
    (found,) = outcome(SE_40, replace(cifar, repeats=repeats))
    assert found.best == before.best
    assert found.mean.n == 3
    assert found.mean.value == pytest.approx(before.best - 0.01)
    assert found.mean.low < found.mean.value < found.mean.high
    assert (found.search_epochs, found.repeat_epochs) == (before.search_epochs, 16)


def test_a_loss_is_the_better_the_less(result: RunResult) -> None:
    case = next(case for case in CASES if case.suite == "mnist-ssd-auto")
    losses = {"t001": 0.02, "t002": 0.005}
    trials = tuple(
        replace(trial, metrics=(*trial.metrics, Metric(name="val_loss", value=losses[trial.trial_id])))
        if trial.trial_id in losses
        else trial
        for trial in result.trials
    )  # fmt: skip
    suite = replace(
        result.run.suite, template=case.template, constraints=(),
        data=DataPlan(name="mnist-detection", validation="test"),
    )  # fmt: skip
    (found,) = outcome(case, replace(result, trials=trials, run=replace(result.run, suite=suite)))
    assert (found.trial_id, found.best, found.chosen_by_test) == ("t002", 0.005, True)
    assert standing(case, found) == "better by 0.00228"


def test_tables_have_every_published_figure_and_say_where_no_run_is(cifar: RunResult) -> None:
    tables = paper_tables([RunView.of(cifar)])
    rows = [row for table in tables for row in table.rows]
    assert all(len(row) == len(HEADER) for row in rows)
    assert sum(row[2] not in ("", "not published") for row in rows) == sum(
        len(case.figures) for case in CASES
    )
    cells = [row for row in rows if row[4] == "no run here"]
    assert len(cells) == len(CASES) - 1
    (ours,) = [row for row in rows if row[4].startswith("pareto")]
    assert ours[0] == SE_40.title
    assert "better by" in ours[-1]
    assert "suite mine" in ours[-1]


def test_the_ten_best_stand_rank_by_rank_beside_the_published(
    cifar: RunResult, build: SimpleNamespace
) -> None:
    (ours,) = ten_best_tables([RunView.of(cifar)])
    (found,) = outcome(SE_40, cifar)
    assert [each.value for each in found.ten_best] == [0.972, 0.965, 0.958, 0.944, 0.913]
    assert ours.title == f"Ten best of {SE_40.title}, run 1121-cedar"
    assert {len(row) for row in ours.rows} == {len(ours.header)}
    assert [row[1] for row in ours.rows] == ["t008", "t004", "t007", "t001", "t002"]
    assert [row[4] for row in ours.rows] == ["0.697", "", "", "", ""]

    case = next(case for case in CASES if case.suite == "tsinghua-se-auto")
    suite = replace(cifar.run.suite, data=DataPlan(name="tsinghua"))
    (faces,) = ten_best_tables([RunView.of(replace(cifar, run=replace(cifar.run, suite=suite)))])
    assert len(faces.rows) == 10
    assert [row[4] for row in faces.rows] == [figures.accuracy(f.value) for f in ten_best(case)]
    assert [row[6] for row in faces.rows[5:]] == [""] * 5
    losses = next(case for case in CASES if case.metric == "val_loss")
    assert ten_best(losses)[0].value == min(figure.value for figure in losses.figures)


def test_a_trial_whose_size_was_not_told_is_left_out(cifar: RunResult) -> None:
    bare = tuple(
        replace(t, metrics=tuple(m for m in t.metrics if m.name != "trainable_params"))
        for t in cifar.trials
    )
    assert outcome(SE_40, replace(cifar, trials=bare)) == []


def test_the_folder_is_whole_offline_and_escaped(cifar: RunResult, tmp_path: Path) -> None:
    run = replace(cifar.run, suite=replace(cifar.run.suite, name="<script>alert(1)</script>"))
    page = write_paper([replace(cifar, run=run)], tmp_path)
    assert page == tmp_path / "paper" / "index.html"
    names = {path.name for path in page.parent.iterdir()}
    assert names == {"index.html", "paper.json", "paper.md", "figure-18.svg"}
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "://" not in html.replace("http://www.w3.org", "")
    assert "<script>" not in (page.parent / "paper.md").read_text(encoding="utf-8")
    document = json.loads((page.parent / "paper.json").read_text(encoding="utf-8"))
    assert document == json.loads(json.dumps(paper_document([RunView.of(replace(cifar, run=run))])))
    ours = {case["title"]: len(case["ours"]) for case in document["cases"]}
    assert ours[SE_40.title] == 1 == sum(ours.values())


def test_the_drawing_has_a_point_for_each_size_that_is_known(
    cifar: RunResult, build: SimpleNamespace, tmp_path: Path
) -> None:
    from edgebench.report.paper.drawing import size_against_accuracy

    def points(*results: RunResult) -> int:
        spec = size_against_accuracy([RunView.of(result) for result in results]).spec
        (layer,) = spec["layer"]
        return len(layer["data"]["values"] if "data" in layer else spec["data"]["values"])

    assert points(cifar) == points() + 1


def test_a_mean_of_another_metric_is_not_passed_over_nor_mistaken(
    cifar: RunResult,
) -> None:
    case = next(case for case in CASES if case.suite == "cwfid-unet-auto")
    suite = cifar.run.suite
    suite = replace(
        suite, template=case.template, data=DataPlan(name="cwfid"), constraints=(),
        training=replace(suite.training, watch="val_iou"),
    )  # fmt: skip
    reached = {"val_iou": 0.80, "val_pixel_accuracy": 0.97}
    trial = next(trial for trial in cifar.trials if trial.trial_id == "t001")
    metrics = (*trial.metrics, *(Metric(name=k, value=v) for k, v in reached.items()))
    result = replace(
        cifar,
        run=replace(cifar.run, suite=suite, data={"task": "segmentation"}),
        trials=(replace(trial, metrics=(*metrics, Metric(name="test_iou", value=0.79))),),
        repeats=(Repeat(trial_id="t001", seed=1007, accuracy=0.82),),
    )
    rows = [row for table in paper_tables([RunView.of(result)]) for row in table.rows]
    (ours,) = [row for row in rows if row[5].endswith("t001")]
    assert ours[6] == "0.970"
    assert ours[7].startswith("validation mean IoU 0.810 [")
    assert ours[7].endswith(" of 2")
    assert ours[9] == "IoU 0.800, test mean IoU 0.790"


def test_remarks_tell_quantised_files_and_a_difference_that_can_be_seen(cifar: RunResult) -> None:
    (found,) = outcome(SE_40, cifar)
    assert standing(SE_40, replace(found, best=0.6970001)) == "equal"
    assert standing(SE_40, replace(found, best=0.695)) == "worse by 0.002"
    suite = cifar.run.suite
    int8 = replace(suite, latency=replace(suite.latency, precision=Precision.INT8))
    fp32 = replace(suite, latency=replace(suite.latency, precision=Precision.FP32))
    for precise, is_told in ((int8, True), (fp32, False)):
        view = RunView.of(replace(cifar, run=replace(cifar.run, suite=precise)))
        rows = [row for table in paper_tables([view]) for row in table.rows]
        (ours,) = [row for row in rows if row[4].startswith("pareto")]
        assert ("of int8 files" in ours[-1]) is is_told
