"""The page as a person uses it, in a real browser: sorting, filtering, hovering, pinning, switching, printing, reading aloud."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgebench.records import FileFacts, LayerError, Parity, RunResult
from edgebench.report import write_report

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium is installed: the page was not run in a browser"
)
playwright = pytest.importorskip("playwright.sync_api")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield launched
        launched.close()


def rich(build: SimpleNamespace, devices: tuple[str, ...]) -> RunResult:
    """Return a run of 14 trials whose choices differ, with dates, classes, operations and layers."""
    rows = tuple(
        (f"t{n:03}", "completed", f"fire2 {n % 4} | max", 0.7 + n / 60, 20_000 + 9000 * n, 0.3 + n / 20, 8, "")
        for n in range(1, 13)
    ) + build.searched[4:6]  # fmt: skip
    result = build.result(
        tuple((f"t0{13 + n}" if n >= 0 else row[0], *row[1:]) for n, row in enumerate(rows, -12)),
        devices=devices,
    )
    begin = datetime(2031, 11, 21, 9, tzinfo=UTC)
    trials = tuple(
        replace(
            trial,
            hyperparameters={
                "optimizer": "adam" if number % 2 else "sgd",
                "set1_pairs": number % 3,
                "dropout": number / 40,
            },
            started_utc=(begin + timedelta(minutes=number)).isoformat(),
            finished_utc=(begin + timedelta(minutes=number + 1)).isoformat(),
        )
        for number, trial in enumerate(result.trials)
    )
    parity = Parity(
        examples=360,
        max_abs_diff=0.01,
        mean_abs_diff=0.001,
        scores={f"accuracy of {digit}": 0.9 + digit / 100 for digit in range(10)},
        layers=(LayerError(layer="fire2_squeeze", relative=0.04, examples=16),),
    )
    facts = FileFacts(ops={"CONV_2D int8": 14, "SOFTMAX int8": 1}, arena_bytes=4096)
    artifacts = tuple(replace(a, parity=parity, facts=facts) for a in result.artifacts)
    known = result.run.devices[0]
    run = replace(result.run, devices=tuple(replace(known, name=name) for name in devices))
    return replace(result, run=run, trials=trials, artifacts=artifacts)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, build: SimpleNamespace) -> dict[str, Path]:
    """Reports of a run on one device, and of one on two, by name."""
    folder = tmp_path_factory.mktemp("reports")
    results = {"one": rich(build, ("pi5",)), "two": rich(build, ("pi5", "pi4"))}
    return {
        name: write_report(result, folder / name, build.store(folder, result).path)
        for name, result in results.items()
    }


@pytest.fixture
def visit(browser: Any, pages: dict[str, Path]) -> Iterator[Open]:
    """Open a report; in the end nothing may have been said on the console or asked of the network."""
    contexts, said, asked = [], [], []

    def open_page(name: str = "one", fragment: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages[name].as_uri() + fragment)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-page=alive]", timeout=60_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def shown(page: Any, table: str) -> list[str]:
    """Return the trials of a table's rows, from the top."""
    return page.eval_on_selector_all(
        f"section[aria-labelledby={table}-title] tbody tr", "rows => rows.map(r => r.dataset.trial)"
    )


def test_everything_comes_alive(visit: Open) -> None:
    page = visit()
    alive = page.eval_on_selector_all("figure[data-alive=yes]", "f => f.map(e => e.dataset.chart)")
    assert alive == [
        "tradeoff", "size", "hypervolume", "hypervolume-time", "parallel", "importance", "samples", "series",
    ]  # fmt: skip
    assert page.locator(".still").count() == 0


def test_tables_are_sorted_by_a_click_and_by_the_keyboard(visit: Open) -> None:
    page = visit()
    before = shown(page, "trials")
    header = page.locator("section[aria-labelledby=trials-title] th", has_text="parameter KiB")
    header.click()
    playwright.expect(header).to_have_attribute("aria-sort", "ascending")
    by_size = shown(page, "trials")
    assert sorted(by_size) == sorted(before)
    sizes = page.eval_on_selector_all(
        "section[aria-labelledby=trials-title] tbody td:nth-child(5)",
        "cells => cells.map(c => Number(c.dataset.order))",
    )
    assert sizes == sorted(sizes)
    header.get_by_role("button").press("Enter")
    playwright.expect(header).to_have_attribute("aria-sort", "descending")
    assert shown(page, "trials") == by_size[::-1]


def test_trials_are_filtered(visit: Open) -> None:
    page = visit()
    search = page.locator("section[aria-labelledby=trials-title] input[type=search]")
    search.fill("out of memory")
    assert len(shown(page, "trials")) == 1
    search.fill("")
    assert len(shown(page, "trials")) == 15


def test_hovering_lights_one_trial_everywhere(visit: Open) -> None:
    page = visit()
    page.hover("#front tbody tr[data-trial=t007]")
    lit = page.eval_on_selector_all(".lit", "found => found.map(e => e.dataset.trial)")
    assert set(lit) == {"t007"}
    assert len(lit) > 5
    marks = "figure[data-chart=tradeoff] .mark-symbol path"
    faded = page.eval_on_selector_all(marks, "m => m.map(e => Number(getComputedStyle(e).opacity))")
    assert min(faded) < 0.2
    assert max(faded) > 0.8
    page.hover("h1")
    assert page.locator(".lit").count() == 0
    page.hover(f"{marks} >> nth=-1")
    assert page.locator(".lit").count() > 5


def pins(page: Any) -> list[str]:
    return page.eval_on_selector_all("#tray thead th", "c => c.map(e => e.firstChild.data.trim())")


def test_up_to_four_models_are_compared_and_the_address_keeps_them(visit: Open) -> None:
    page = visit()
    assert page.locator("#tray").is_hidden()
    for trial in ("t003", "t005", "t007", "t009", "t011"):
        page.locator("section[aria-labelledby=trials-title]").get_by_role("link", name=trial).press(
            "Enter"
        )
    assert pins(page) == ["t005", "t007", "t009", "t011"]
    assert page.url.endswith("#pins=t005,t007,t009,t011")
    page.reload()
    page.wait_for_selector("html[data-page=alive]")
    assert pins(page) == ["t005", "t007", "t009", "t011"]
    row = page.locator("#tray tr", has=page.get_by_text("val accuracy", exact=True))
    assert [re.sub(r"\s+", " ", text) for text in row.locator("td").all_inner_texts()] == [
        "0.7833", "0.8167 +3.3 pt", "0.85 +6.7 pt", "0.8833 +10.0 pt",
    ]  # fmt: skip
    latency = page.locator("#tray tr", has=page.get_by_text("latency ms", exact=True))
    assert "+18.6 %" in latency.inner_text()
    page.get_by_role("button", name="unpin t005").click()
    assert pins(page) == ["t007", "t009", "t011"]


def test_a_mark_of_a_chart_is_pinned_by_a_click(visit: Open) -> None:
    page = visit()
    page.click("figure[data-chart=size] .mark-symbol path >> nth=0")
    assert len(pins(page)) == 1


def test_an_address_with_anything_in_it_does_no_harm(visit: Open) -> None:
    page = visit(fragment="#pins=t005,<img src=x onerror=alert(1)>,t999,t005,base")
    assert pins(page) == ["t005", "base"]
    assert page.locator("#tray img").count() == 0


def test_precisions_are_switched_off_and_on(visit: Open) -> None:
    page = visit()
    marks = page.locator("figure[data-chart=tradeoff] .mark-symbol path")
    before = marks.count()
    page.get_by_role("checkbox", name="int8").uncheck()
    page.wait_for_function(
        "n => document.querySelectorAll('figure[data-chart=tradeoff] .mark-symbol path').length < n",
        arg=before,
    )
    page.get_by_role("checkbox", name="int8").check()
    page.wait_for_function(
        "n => document.querySelectorAll('figure[data-chart=tradeoff] .mark-symbol path').length === n",
        arg=before,
    )


def test_another_device_is_chosen(visit: Open) -> None:
    page = visit("two")
    place = "document.querySelector('figure[data-chart=tradeoff] .mark-symbol path').getAttribute('transform')"
    before = page.evaluate(place)
    page.locator("figure[data-chart=tradeoff] select").select_option("pi4")
    page.wait_for_function(f"before => {place} !== before", arg=before)
    rows = page.locator("section[aria-labelledby=matrix-title] tbody tr")
    assert rows.count() > 3
    assert "not measured" not in rows.first.inner_text()


def test_values_that_are_clicked_keep_the_trials_that_have_them(visit: Open) -> None:
    page = visit()
    lines = page.locator("figure[data-chart=parallel] .mark-line path")
    assert lines.count() == 12
    places = page.locator("figure[data-chart=parallel] .mark-symbol path")
    places.first.scroll_into_view_if_needed()
    places.first.click()
    page.wait_for_function(
        "document.querySelectorAll('figure[data-chart=parallel] .mark-line path').length < 12"
    )
    places.first.click()
    page.wait_for_function(
        "document.querySelectorAll('figure[data-chart=parallel] .mark-line path').length === 12"
    )


def test_light_dark_and_print(visit: Open) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    label = "getComputedStyle(document.querySelector('figure[data-chart=size] .role-axis-label text')).fill"
    light, dark = visit(), visit(color_scheme="dark")
    assert light.evaluate(ground) == "rgb(255, 255, 255)"
    assert dark.evaluate(ground) != light.evaluate(ground)
    assert dark.evaluate(label) != light.evaluate(label)
    assert len(light.pdf()) > 50_000
    dark.emulate_media(media="print")
    assert dark.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_phone_scrolls_down_only(visit: Open) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_without_scripts_charts_tables_and_drawings_are_there(visit: Open) -> None:
    page = visit(java_script_enabled=False)
    assert page.locator(".still svg").count() == 8
    assert page.locator("svg.blocks").count() > 3
    assert len(page.locator("section[aria-labelledby=trials-title] tbody tr").all()) == 15
    assert page.locator("#tray").is_hidden()
    assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing(visit: Open, options: dict[str, Any]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit("two", fragment="#pins=t005,t007", **options)
    found = Axe().run(page).response["violations"]
    assert [
        (each["id"], each["impact"], [n["html"] for n in each["nodes"]][:3]) for each in found
    ] == []
