"""A run as Python users hold it: the best within limits, its report, and what a notebook shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from edgebench import EdgebenchError, SearchResult, load_result
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import Constraint, Goal, Metric, Objective
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run, example_trial

SEARCHED = {  # trial: validation accuracy, median ms, ninetieth percentile ms, bytes
    "t001": (0.90, 0.5, 0.6, 40_000),
    "t002": (0.95, 0.9, 1.4, 80_000),
    "t003": (0.97, 2.0, 2.1, 160_000),
    "t004": (0.60, 3.0, 3.1, 160_000),
}
Held = Callable[..., SearchResult]


@pytest.fixture
def held(tmp_path: Path) -> Held:
    """Write a run of hand-made trials into a store, and return it as a user gets it."""

    def hold(*trials: str, name: str = "toys") -> SearchResult:
        run = example_run("toy-run")
        objectives = (
            Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
            Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0),
        )
        limits = (Constraint.parse("param_bytes<=1000000"),)
        suite = replace(run.suite, name=name, objectives=objectives, constraints=limits)
        data = {**run.data, "test": 10, "validation": 10}
        with SqliteStore(tmp_path / "store") as store:
            store.save_run(replace(run, suite=suite, data=data, notes=()))
            for trial_id in trials or SEARCHED:
                accuracy, median, high, size = SEARCHED[trial_id]
                metrics = (
                    Metric(name="val_accuracy", value=accuracy, n=100),
                    Metric(
                        name="latency_ms", value=median, unit="ms", n=2, low=median, high=median
                    ),
                    Metric(name="latency_p90_ms", value=high, unit="ms"),
                    Metric(name="param_bytes", value=size, unit="bytes"),
                )
                made = replace(example_trial(1), trial_id=trial_id, metrics=metrics, reason="")
                store.record_trial("toy-run", made)
        return load_result("toy-run", store=tmp_path / "store", reports=tmp_path / "reports")

    return hold


def test_the_front_is_a_table_and_the_pick_one_of_it(held: Held) -> None:
    result = held()
    assert list(result.front["trial_id"]) == ["t003", "t002", "t001"]
    assert len(result.trials) == 4
    assert result.pick is not None
    assert result.pick["trial_id"] == "t003"
    assert repr(result) == "<SearchResult toy-run: 3 on the front, pick t003>"


@pytest.mark.parametrize(
    ("metric", "limits", "expected"),
    [
        ("val_accuracy", (), "t003"),
        ("latency_ms", (), "t001"),
        ("param_bytes", (), "t001"),
        ("val_accuracy", ("latency_ms<=2.5",), "t003"),
        ("val_accuracy", ("param_bytes<=80000",), "t002"),
        ("val_accuracy", ("latency_ms<=1",), "t001"),  # of t002 the ninetieth percentile is more
        ("latency_ms", ("val_accuracy>=0.93", "param_bytes<=100000"), "t002"),
    ],
)
def test_the_best_by_a_metric_within_limits(
    metric: str, limits: tuple[str, ...], expected: str, held: Held
) -> None:
    found = held().best(metric, *limits)
    assert found is not None
    assert found["trial_id"] == expected
    assert found["metrics"]["val_accuracy"] == SEARCHED[expected][0]


def test_none_is_best_where_none_keeps_the_limits(held: Held) -> None:
    result = held("t001")
    assert result.best("val_accuracy", "latency_ms<=0.1") is None
    assert result.best("val_accuracy", "val_accuracy>=0.95") is None


def test_what_cannot_be_judged_by_is_told(held: Held) -> None:
    result = held()
    with pytest.raises(UnknownNameError, match="acuracy is not a metric"):
        result.best("acuracy")
    with pytest.raises(InputError, match="is not a constraint"):
        result.best("val_accuracy", "latency_ms<1")
    with pytest.raises(InputError, match="no model on the front of toy-run has macs") as caught:
        result.best("val_accuracy", "macs<=1")
    assert "latency_ms" in caught.value.why


def test_the_report_is_drawn_when_asked_for(held: Held) -> None:
    result = held()
    assert not result.report_path.exists()
    page = result.report()
    assert page == result.report_path
    assert "toy-run" in page.read_text(encoding="utf-8")
    assert json.loads((page.parent / "summary.json").read_text()) == result.summary


def test_without_a_front_all_is_empty(held: Held) -> None:
    whole = held()
    result = replace(whole, result=replace(whole.result, trials=()))
    assert result.front.empty
    assert result.best("val_accuracy", "macs<=1") is None
    assert "<table>" not in result._repr_html_()


def test_a_run_without_a_pick_exports_nothing(held: Held, tmp_path: Path) -> None:
    result = held()
    empty = replace(result, summary={**result.summary, "pick": None})
    with pytest.raises(InputError, match="run toy-run has no pick"):
        empty.export(out=tmp_path / "files")
    with pytest.raises(InputError, match="the weights of t003 are not kept"):
        result.export(out=tmp_path / "files")


def test_a_run_or_store_that_is_not_there_is_told(held: Held, tmp_path: Path) -> None:
    held()
    with pytest.raises(EdgebenchError, match="toy-rum"):
        load_result("toy-rum", store=tmp_path / "store")
    with pytest.raises(InputError, match="holds no runs"):
        load_result("toy-run", store=tmp_path / "nowhere")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.links += [str(v) for k, v in attrs if k in ("href", "src", "style") and "//" in str(v)]


def test_a_notebook_shows_the_front_and_runs_nothing(held: Held) -> None:
    page = held(name="<script>alert(1)</script>")._repr_html_()
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.found
    assert "&lt;script&gt;" in page
    assert tags.found.count("tr") == 1 + 3
    assert tags.links == []
