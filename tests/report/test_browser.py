"""The page in a real browser: its charts come alive, the console stays empty, no request leaves."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgebench.records import RunResult
from edgebench.report import write_report

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium is installed: the page was not run in a browser"
)
BY_THE_BROWSER_ITSELF = "not an origin"


@dataclass(frozen=True)
class Visit:
    dom: str
    console: list[str]
    requests: list[str]


def visit(page: Path, folder: Path) -> Visit:
    """Open a page, let it settle, and return its document, its console and the requests that it made."""
    log = folder / "net.json"
    switches = (
        "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
        "disable-component-update disable-sync disable-dev-shm-usage enable-logging=stderr virtual-time-budget=10000 "
        "dump-dom"
    ).split()
    done = subprocess.run(
        [
            str(BROWSER),
            *(f"--{switch}" for switch in switches),
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={log}",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    requests = [
        event["params"]["url"]
        for event in json.loads(log.read_text())["events"]
        if event.get("params", {}).get("initiator", BY_THE_BROWSER_ITSELF) != BY_THE_BROWSER_ITSELF
    ]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Visit(dom=done.stdout, console=console, requests=requests)


def test_the_charts_come_alive_without_a_word_or_a_request(
    result: RunResult, store, tmp_path: Path
) -> None:
    seen = visit(write_report(result, tmp_path, store.path), tmp_path)

    assert seen.console == []
    assert seen.requests == []
    assert 'data-charts="5"' in seen.dom
    assert 'class="still"' not in seen.dom
    assert 'data-page="alive"' in seen.dom
    assert len(re.findall(r'<svg [^>]*class="marks"', seen.dom)) == 5
    assert ">t008 pick</text>" in seen.dom
    assert len(re.findall(r'<svg [^>]*class="blocks"', seen.dom)) == 4


def test_hostile_text_runs_nothing(result: RunResult, store, tmp_path: Path) -> None:
    name = "</script><img src=http://example.invalid/x onerror=document.title='run'><script>document.title='run'</script>"
    suite = replace(result.run.suite, name=name, devices=(name,))
    trials = tuple(replace(t, architecture=name, reason=name) for t in result.trials)
    changed = replace(result, run=replace(result.run, suite=suite), trials=trials)

    seen = visit(write_report(changed, tmp_path, store.path), tmp_path)

    assert seen.console == []
    assert seen.requests == []
    assert "<title>run</title>" not in seen.dom
    assert 'data-charts="5"' in seen.dom


def test_a_report_without_charts_is_quiet(
    poor: dict[str, RunResult], store, tmp_path: Path
) -> None:
    seen = visit(write_report(poor["no trials"], tmp_path, store.path), tmp_path)

    assert seen.console == []
    assert 'data-charts="0"' in seen.dom
    assert "No trial has ended yet" in seen.dom


def test_the_watch_sees_requests_and_errors(tmp_path: Path) -> None:
    page = tmp_path / "loud.html"
    page.write_text(
        "<img src='http://example.invalid/x.png'><script>throw new Error('loud')</script>"
    )

    seen = visit(page, tmp_path)

    assert "http://example.invalid/x.png" in seen.requests
    assert any("loud" in line for line in seen.console)
