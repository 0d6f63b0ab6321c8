"""The page in a browser, and the command in a process of its own, while another process records trials."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from edgebench.serving.server import SiteServer
from edgebench.store import SqliteStore
from edgebench.testing.store import example_trial

RUN = "run-1"
BROWSER = Path("/usr/bin/chromium")
READ = "document.getElementById('front').getBoundingClientRect().top"


@pytest.mark.skipif(not BROWSER.exists(), reason="no chromium: the page was not followed in one")
def test_a_new_trial_appears_where_the_reader_is(
    server: SiteServer, append: Callable[[int], None]
) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 800, "height": 400})
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{server.url}#front")
        page.get_by_text("live", exact=True).wait_for()
        page.locator("details").first.evaluate("each => { each.open = true; }")
        page.locator("#front").evaluate("each => scrollTo(0, each.offsetTop + 30)")
        before = page.evaluate(READ)
        assert page.locator('[data-trial="t002"]').count() == 0
        page.evaluate("window.opened = 'once'")
        append(2)
        page.locator('[data-trial="t002"]').first.wait_for(state="attached", timeout=30_000)
        assert page.evaluate("window.opened") == "once"
        page.wait_for_function(f"Math.abs(({READ}) - {before}) < 1")
        assert page.evaluate("location.hash") == "#front"
        assert page.locator("details").first.evaluate("each => each.open")
        assert problems == []
        server.shutdown()
        server.server_close()
        page.get_by_text("edgebench watch has ended").wait_for(timeout=30_000)
        browser.close()


@pytest.mark.skipif(not BROWSER.exists(), reason="no chromium: the page was not followed in one")
def test_what_the_reader_chose_stays_as_chosen(
    server: SiteServer, append: Callable[[int], None], store: Path
) -> None:
    from playwright.sync_api import expect, sync_playwright

    with SqliteStore(store) as opened:
        for number in range(2, 12):
            opened.record_trial(RUN, example_trial(number))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 800, "height": 400})
        page.goto(f"{server.url}#pins=t003,t005")
        page.wait_for_function("document.documentElement.dataset.page === 'alive'", timeout=60_000)
        trials = page.locator('section[aria-labelledby="trials-title"]')
        header = trials.locator("thead th", has_text="trial").first
        header.click()
        header.click()
        search = trials.locator("input[type=search]")
        search.fill("t01")
        search.evaluate("each => each.setSelectionRange(1, 2)")
        assert trials.locator("tbody tr").count() == 2
        order = header.get_attribute("aria-sort")
        append(12)
        expect(trials.locator("tbody tr")).to_have_count(3, timeout=60_000)
        expect(search).to_have_value("t01")
        expect(search).to_be_focused()
        assert search.evaluate("each => [each.selectionStart, each.selectionEnd]") == [1, 2]
        assert order is not None
        expect(header).to_have_attribute("aria-sort", order)
        assert page.evaluate("location.hash") == "#pins=t003,t005"
        expect(page.locator("#tray th[scope=col]")).to_have_count(2)
        page.wait_for_function("document.documentElement.dataset.page === 'alive'", timeout=60_000)
        page.locator('#tray button[aria-label="unpin t003"]').click()
        expect(page.locator("#tray th[scope=col]")).to_have_count(1)
        page.locator("#front a.trial", has_text="t001").first.click()
        assert page.evaluate("location.hash") == "#pins=t005,t001"
        browser.close()


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let programs that are started be interrupted: what began these tests in the background has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_the_command_follows_a_store_until_it_is_interrupted(
    store: Path, append: Callable[[int], None], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "edgebench", "watch", "--store", str(store)]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watch:
        try:
            follow(watch, append)
        finally:
            watch.kill()
    assert not (tmp_path / "reports").exists()


def follow(watch: subprocess.Popen[str], append: Callable[[int], None]) -> None:
    said = watch.stdout.readline()
    url = re.fullmatch(r"run run-1   (http://127\.0\.0\.1:\d+/)   Ctrl-C ends it\n", said)[1]

    def page() -> str:
        with urlopen(url, timeout=60) as answer:
            return answer.read().decode()

    assert "t002" not in page()
    append(2)
    seen = page()
    while "t002" not in seen:
        assert watch.poll() is None
        seen = page()
    watch.send_signal(signal.SIGINT)
    assert watch.wait(timeout=30) == 0
    assert watch.stderr.read() == ""
