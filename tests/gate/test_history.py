"""Series over commits: steps where there are some and none in noise, the order of commits, the page."""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.errors import InputError
from edgebench.gate.benchmark_json import StoredResults
from edgebench.gate.history import (
    as_document,
    find_steps,
    penalty,
    read_history,
    timelines,
)
from edgebench.gate.history_page import render_history

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NOISES = {
    "normal": lambda random, n: random.normal(size=n),
    "laplace": lambda random, n: random.laplace(size=n) / math.sqrt(2),
    "t3": lambda random, n: random.standard_t(3, size=n) / math.sqrt(3),
}


def stored(
    number: int, median_s: float, name: str = "net[local]", **changes: Any
) -> dict[str, Any]:
    """Return the file of the ``number``-th commit."""
    committed = FIRST + timedelta(days=number)
    return {
        "machine_info": {"machine": "aarch64", "cpu": {"brand_raw": "Cortex-A76"}},
        "commit_info": {"id": f"{number:040x}", "time": committed.isoformat(), "dirty": False},
        "benchmarks": [{"name": name, "fullname": name, "stats": {"median": median_s}}],
        "datetime": (committed + timedelta(hours=1)).replace(tzinfo=None).isoformat(),
        "version": "5.0",
        **changes,
    }


def write(folder: Path, documents: Sequence[dict[str, Any]]) -> None:
    """Store files as pytest-benchmark does, in an order that is not that of the commits."""
    below = folder / "Linux-CPython-3.11-64bit"
    below.mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(reversed(documents), 1):
        (below / f"{number:04}_run.json").write_text(json.dumps(document))


def stepped(count: int = 20, at: int = 12, ratio: float = 1.1) -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    noise = np.exp(0.01 * random.normal(size=count))
    return [stored(n, 0.002 * noise[n] * (ratio if n >= at else 1.0)) for n in range(count)]


@pytest.mark.parametrize("noise", list(NOISES))
@pytest.mark.parametrize("count", [20, 50])
def test_noise_has_no_steps(noise: str, count: int) -> None:
    random = np.random.default_rng(2)
    series = [np.exp(0.02 * NOISES[noise](random, count)) for _ in range(50)]
    assert sum(bool(find_steps(each)) for each in series) <= 2


@pytest.mark.parametrize("noise", list(NOISES))
@pytest.mark.parametrize("at", [5, 20, 35])
def test_a_step_of_a_tenth_is_found_at_its_place(noise: str, at: int) -> None:
    random = np.random.default_rng(3)
    found = 0
    for _ in range(30):
        series = np.exp(0.02 * NOISES[noise](random, 40))
        series[at:] *= 1.1
        found += find_steps(series) == [at]
    assert found >= 25


def test_each_of_several_steps_is_found() -> None:
    series = np.exp(0.01 * np.random.default_rng(4).normal(size=60))
    series[15:] *= 1.2
    series[40:] *= 0.7
    assert find_steps(series) == [15, 40]


def test_single_outliers_are_no_step() -> None:
    series = np.exp(0.01 * np.random.default_rng(5).normal(size=30))
    series[[10, 20, 29]] *= 3.0
    assert find_steps(series) == []


def test_equal_numbers_are_held_to_a_noise_of_their_own() -> None:
    assert find_steps([2.0] * 20) == []
    assert find_steps([2.0] * 10 + [2.001] * 10) == []
    assert find_steps([2.0] * 10 + [2.1] * 10) == [10]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_for_a_step(count: int) -> None:
    assert find_steps([1.0, 1.0, 9.0, 9.0, 9.0][:count]) == []


def test_a_step_hardly_touches_the_penalty() -> None:
    logs = 0.02 * np.random.default_rng(6).normal(size=200)
    with_step = logs + np.where(np.arange(200) < 100, 0.0, 1.0)
    assert penalty(with_step) == pytest.approx(penalty(logs), rel=0.02)
    assert penalty(logs) == pytest.approx(math.sqrt(2 * math.pi) * 0.02 * math.log(200), rel=0.3)


def test_a_folder_is_read_in_the_order_of_the_commits(tmp_path: Path) -> None:
    write(tmp_path, stepped())
    (timeline,) = read_history(tmp_path).timelines
    assert [int(result.commit, 16) for result in timeline.results] == list(range(20))
    (step,) = timeline.steps
    assert int(step.at.commit, 16) == 12
    assert step.ratio == pytest.approx(1.1, rel=0.02)
    assert step.from_ms == pytest.approx(2.0, rel=0.02)


def test_a_series_is_a_benchmark_on_a_machine() -> None:
    other = {"machine_info": {"machine": "x86_64", "cpu": {"brand": "old key"}}}
    files = [
        StoredResults.model_validate(document)
        for document in (
            stored(1, 0.002),
            stored(2, 0.002, name="a[local]"),
            stored(3, 0.002, **other),
        )
    ]
    assert [(each.benchmark, each.machine) for each in timelines(files)] == [
        ("a[local]", "Cortex-A76, aarch64"),
        ("net[local]", "Cortex-A76, aarch64"),
        ("net[local]", "old key, x86_64"),
    ]


def test_a_result_outside_of_git_stands_where_it_was_taken() -> None:
    unversioned = stored(5, 0.002, commit_info={"id": "unversioned", "time": None})
    files = [StoredResults.model_validate(each) for each in (unversioned, stored(6, 0.002))]
    (timeline,) = timelines(files)
    assert [result.commit for result in timeline.results] == ["unversioned", f"{6:040x}"]
    assert timeline.results[0].committed == FIRST + timedelta(days=5, hours=1)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, [stored(1, 0.002)])
    (tmp_path / "else.json").write_text("{}")
    (tmp_path / "broken.json").write_text("{")
    found = read_history(tmp_path)
    assert len(found.timelines) == 1
    assert len(found.skipped) == 2
    assert "else.json is no pytest-benchmark JSON" in found.skipped[1]


def test_a_folder_without_results(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no results"):
        read_history(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        read_history(tmp_path / "none")


def test_the_document_is_strict_json(tmp_path: Path) -> None:
    write(tmp_path, stepped())
    document = json.loads(json.dumps(as_document(read_history(tmp_path)), allow_nan=False))
    (series,) = document["series"]
    assert document["schema_version"] == 1
    assert len(series["results"]) == 20
    assert series["steps"][0]["commit"] == f"{12:040x}"
    assert series["steps"][0]["committed"] == "2026-01-13T00:00:00+00:00"


class Page(HTMLParser):
    """What a page links to, and the rows of its table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.targets += [value or "" for name, value in attrs if name in ("src", "href", "data")]


def test_the_page_asks_the_network_for_nothing_and_needs_no_script(tmp_path: Path) -> None:
    write(tmp_path, [*stepped(), stored(1, 0.004, name="other[local]")])
    html = render_history(read_history(tmp_path))
    page = Page(html)
    assert set(page.targets) == {"data:,", "#series-1"}
    assert page.tags.count("tr") == 2
    assert "default-src 'none'" in html
    assert html.count('<div class="still"><svg') == 2
    pack = re.search(r'id="pack">(.*?)</script>', html, re.DOTALL)[1]
    specs = json.loads(gzip.decompress(base64.b64decode(pack)))["specs"]
    assert set(specs) == {"series-1", "series-2"}
    assert f"{12:040x}"[:10] in html


def test_without_a_step_the_page_says_so(tmp_path: Path) -> None:
    write(tmp_path, [stored(n, 0.002) for n in range(4)])
    html = render_history(read_history(tmp_path))
    assert "No series shows a step." in html
    assert "table" not in Page(html).tags


def test_names_are_no_markup(tmp_path: Path) -> None:
    wild = "</script><script>alert(1)</script><b>&"
    document = stored(1, 0.002, name=wild, commit_info={"id": wild, "time": None})
    write(tmp_path, [document])
    html = render_history(read_history(tmp_path))
    assert "<script>alert" not in html
    assert "<b>&" not in html
