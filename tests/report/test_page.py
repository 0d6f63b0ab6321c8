"""The page as a document: nothing fetched, all text escaped, every view there. `test_browser` runs it."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgebench.records import DeviceInfo, DrawnBlock, RunResult
from edgebench.report import summarise
from edgebench.report.page import render_page
from edgebench.report.view import RunView
from edgebench.store import SqliteStore

VOID = {"meta", "link", "input", "br", "img"}
FETCHING = {"src", "href", "srcset", "data", "action", "poster", "xlink:href", "formaction"}


class Page(HTMLParser):
    """A page read into tags, attributes, texts outside scripts, those in pictures, and script texts; fails where tags do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.labels: list[str] = []
        self.scripts: dict[str, str] = {}
        self._script: str | None = None
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self._script = dict(attrs).get("id") or f"code{len(self.scripts)}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data
        elif self.open and self.open[-1] != "style":
            self.texts.append(data.strip())
            if self.open[-1] == "text":
                self.labels.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def render(result: RunResult) -> str:
    return render_page(RunView.of(result), summarise(result, report_dir=Path("reports/r")))


@pytest.fixture(scope="module")
def html(result: RunResult) -> str:
    return render(result)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_nothing_is_fetched(html: str, page: Page) -> None:
    targets = {
        value or "" for tag, attrs in page.tags for name, value in attrs.items() if name in FETCHING
    }
    assert {"data:,", "#front", "#pins=t008", "summary.json", "models/t008-int8.tflite"} <= targets
    assert not [target for target in targets if re.match(r"\s*(\w+:)?//", target)]
    assert all(":" not in target or target == "data:," for target in targets)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    assert "@import" not in style[1]
    assert "url(" not in style[1]
    assert "@font-face" not in style[1]
    (policy,) = [
        a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_it_is_one_file_of_a_modest_size(html: str) -> None:
    assert 0.6e6 < len(html.encode()) < 1.2e6


def test_it_is_accessible(page: Page) -> None:
    assert [attrs.get("lang") for tag, attrs in page.tags if tag == "html"] == ["en"]
    assert page.count("h1") == page.count("title") == page.count("main") == 1
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    pictures = [attrs for _, attrs in page.tags if attrs.get("role") == "img"]
    drawn = [attrs for attrs in pictures if attrs.get("class") == "blocks"]
    # The drawings, the charts, and the samples of the pick.
    assert (len(drawn), len(pictures)) == (4, 4 + 5 + 1)
    assert all(attrs.get("aria-label") for attrs in pictures)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    ids = {attrs["id"] for _, attrs in page.tags if attrs.get("id")}
    assert {a["aria-labelledby"] for _, a in page.tags if a.get("aria-labelledby")} <= ids


def unpacked(page: Page) -> dict[str, Any]:
    """Return what the page's script opens."""
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(page.scripts["pack"])))
    return found


def networks(page: Page) -> list[str | None]:
    return [a["data-trial"] for tag, a in page.tags if tag == "figure" and "data-trial" in a]


def test_the_front_and_the_baseline_are_drawn_block_by_block(page: Page, result: RunResult) -> None:
    view = RunView.of(result)
    drawn = networks(page)

    assert drawn[0] == "t008"
    assert drawn[-1] == "base"
    assert sorted(drawn) == sorted(trial.trial_id for trial in view.winners)
    kinds = [attrs.get("class") for tag, attrs in page.tags if tag == "g"]
    assert kinds.count("input") == len(view.winners)
    texts = page.texts
    for word in ("SE8+", "input 32x32x3", "301\N{NARROW NO-BREAK SPACE}118 parameters,"):
        assert any(word in text for text in texts)
    assert not any("not drawn" in text for text in texts)


def test_a_large_run_is_drawn_in_part_and_says_so(build: SimpleNamespace) -> None:
    words = "fire2 3 SE8+ | max | 4 5 SE8+ | max | 6 7 SE8+ | max | 8 9 SE8+"
    rows = tuple(
        (f"t{n:03}", "completed", words, 0.6 + n / 1000 * (n < 20), 9000 + 500 * n, 0.5 + n / 100, 8, "")
        for n in range(200)
    )  # fmt: skip
    large = build.result(rows)
    html = render(large)
    page = Page(html)

    drawn = networks(page)
    assert (len(RunView.of(large).front), len(drawn)) == (20, 12 + 1)
    assert (drawn[0], drawn[-1]) == ("t019", "base")
    assert any("8 more of the table above are not drawn." in text for text in page.texts)
    assert len(html.encode()) < 1.5e6


def test_a_run_recorded_before_drawings_has_its_strip_alone(tmp_path: Path) -> None:
    shutil.copyfile(
        Path(__file__).parents[1] / "assets" / "stores" / "v1.sqlite",
        tmp_path / "edgebench.sqlite",
    )
    with SqliteStore(tmp_path) as store:
        result = store.load("run-1")
    page = Page(render(result))

    assert [trial.blocks for trial in result.trials] == [()] * 5
    assert [member.trial.trial_id for member in RunView.of(result).front] == ["t001"]
    assert networks(page) == []
    assert not [attrs for _, attrs in page.tags if attrs.get("id") == "architectures-title"]
    (strip,) = [attrs for _, attrs in page.tags if attrs.get("class") == "strip"]
    assert strip["aria-label"] == "Architecture: fire2 3 SE8 | max | 4 5"


def test_a_run_resumed_after_drawings_came_draws_what_it_can(result: RunResult) -> None:
    trials = tuple(replace(t, blocks=()) if t.trial_id == "t008" else t for t in result.trials)
    page = Page(render(replace(result, trials=trials)))

    assert "t008" not in networks(page)
    assert any("1 more of the table above is not drawn." in text for text in page.texts)


def test_every_trial_and_every_file_has_its_row(page: Page, result: RunResult) -> None:
    rows = [
        attrs["data-trial"] for tag, attrs in page.tags if tag == "tr" and "data-trial" in attrs
    ]

    assert set(rows) == {trial.trial_id for trial in result.trials}
    measured = sum(trial_id == "t008" for trial_id, _ in result.measurements)
    assert rows.count("t008") == 1 + 6 + 1 + measured
    assert rows.count("t006") == 1
    assert "out of memory" in page.texts


def test_the_data_of_the_page_are_those_of_the_run(page: Page, result: RunResult) -> None:
    data = json.loads(page.scripts["data"])

    assert data["summary"] == summarise(result, report_dir=Path("reports/r"))
    trials = data["trials"]
    at = trials["columns"].index("trial_id")
    assert at == 0
    assert [row[at] for row in trials["rows"]] == [t.trial_id for t in result.trials]
    assert {len(row) for row in trials["rows"]} == {len(trials["columns"])}
    taken = data["measurements"]
    assert len(taken["rows"]) == len(result.measurements)
    assert {len(row) for row in taken["rows"]} == {len(taken["columns"])}
    assert set(unpacked(page)["specs"]) == {"tradeoff", "size", "hypervolume", "samples", "series"}


def test_commands_name_the_file_of_the_pick(page: Page) -> None:
    assert "edgebench profile reports/r/models/t008-fp32.tflite --device pi5" in page.texts
    assert page.texts.count("netron reports/r/models/t008-fp32.tflite") == 2
    assert page.texts.count("netron reports/r/models/base-fp32.tflite") == 1
    assert "edgebench search --resume 1121-cedar --max-trials 16" in page.texts
    assert "edgebench search digits --seed 7" in page.texts


def hostile(result: RunResult, name: str) -> RunResult:
    """Return the run with ``name`` wherever a user or a device can put text."""
    renamed = {"t008": name}
    trials = tuple(
        replace(t, trial_id=renamed.get(t.trial_id, t.trial_id), architecture=name, reason=name, hyperparameters={name: name},
                blocks=(DrawnBlock(name=name, label=name, kind=name),))
        for t in result.trials
    )  # fmt: skip
    artifacts = tuple(
        replace(a, trial_id=renamed.get(a.trial_id, a.trial_id)) for a in result.artifacts
    )
    measurements = {
        (renamed.get(owner, owner), sha256): tuple(replace(m, device=name, invalid_reasons=(name,)) for m in measured)
        for (owner, sha256), measured in result.measurements.items()
    }  # fmt: skip
    device = DeviceInfo(name=name, transport=name, machine=name, system=name, model=name)
    suite = replace(result.run.suite, name=name, baseline=name, devices=(name, "other"))
    run = replace(
        result.run, run_id=name, suite=suite, devices=(device,), notes=(name,), host={name: name}, versions={name: name},
        argv=("search", name), git_commit=name, started_utc=name, data={name: [name]},
    )  # fmt: skip
    confirmed = {renamed.get(owner, owner): metric for owner, metric in result.confirmed.items()}
    return replace(
        result,
        run=run,
        trials=trials,
        artifacts=artifacts,
        measurements=measurements,
        confirmed=confirmed,
    )


@pytest.mark.parametrize(
    "name",
    [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"'><b>&amp;",
        "]]><!--",
    ],
)
def test_names_are_shown_as_text(result: RunResult, name: str) -> None:
    page = Page(render(hostile(result, name)))

    assert page.count("script") == 4
    assert page.count("img") == page.count("b") - 4 == 0
    assert not [attrs for _, attrs in page.tags if any(key.startswith("on") for key in attrs)]
    assert name in page.texts
    assert page.labels.count(name) >= len(networks(page)) == 4
    data = json.loads(page.scripts["data"])
    assert data["run"]["suite"]["name"] == name
    specs = unpacked(page)["specs"]
    assert {"name": "device", "value": name} in specs["tradeoff"]["params"]


def test_a_run_that_lacks_something_has_every_view(poor_result: RunResult) -> None:
    page = Page(render(poor_result))

    titles = [attrs["id"] for tag, attrs in page.tags if tag == "h2" and "id" in attrs]
    assert set(titles) >= {
        "tradeoff-title", "pick-title", "front-title", "size-title", "hypervolume-title", "files-title", "trials-title",
        "reproduce-title",
    }  # fmt: skip
    drawn = {attrs["data-chart"] for _, attrs in page.tags if "data-chart" in attrs}
    absent = [attrs for tag, attrs in page.tags if attrs.get("class") == "absent"]
    assert len(drawn) == 3 or absent
    assert unpacked(page)["specs"].keys() == drawn
    assert not [text for text in page.texts if re.search(r"\b(None|nan|inf)\b", text)]


def test_equal_runs_give_equal_pages(result: RunResult, html: str) -> None:
    assert render(result) == html


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_can_be_told_from_the_paper_in_light_and_in_dark(html: str) -> None:
    schemes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", html, re.DOTALL)
    ]

    assert len(schemes) == 2
    for colours in schemes:
        for text in ("ink", "quiet", "accent", "warn"):
            assert min(contrast(colours[text], colours[p]) for p in ("paper", "raised")) >= 4.5
        for mark in ("fp32", "fp16", "dynamic", "int8"):
            assert contrast(colours[mark], colours["paper"]) >= 3.0
