"""What a search shows to whoever called it from Python."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from edgebench.testing.store import example_run, example_trial
from edgebench.tuning import Progress
from edgebench.watching import LiveWatch, NotebookWatch, PlainWatch, is_live, watch_for


def progress(done: int = 1) -> Progress:
    return Progress(
        done=done, total=4, counts={"completed": done}, front_size=1, hypervolume=0.5,
        best=example_trial(1), elapsed_s=2.0, left_s=40.0,
    )  # fmt: skip


def run():
    found = example_run()
    return replace(found, data={**found.data, "test": 1, "validation": 2})


def test_nothing_is_shown_where_nobody_looks() -> None:
    assert not sys.stderr.isatty()
    assert watch_for(None) is None
    assert watch_for(False) is None


def test_plain_lines_are_shown_where_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    watch = watch_for(True)
    assert type(watch) is PlainWatch
    with watch:
        watch.run_started(run(), is_new=True, progress=progress(0))
        watch.trial_ended(example_trial(1), progress())
        watch.phase("export and measure", 1, 3)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "run run-1 (new)" in shown.err
    assert "t001  completed" in shown.err
    assert shown.err.splitlines()[-1] == "export and measure 1/3"


def test_a_terminal_gets_a_line_that_moves() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with LiveWatch(console) as watch:
        watch.run_started(run(), is_new=True, progress=progress(0))
        watch.trial_ended(replace(example_trial(1), reason="so"), progress())
    assert "trial 1/4" in console.file.getvalue()


@pytest.mark.parametrize("name", ["CI", "TERM"])
def test_no_line_moves_in_ci_or_on_a_dumb_terminal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert is_live(console)
    monkeypatch.setenv(name, "dumb")
    assert not is_live(console)


def test_a_notebook_gets_one_cell_that_changes() -> None:
    pages: list[str] = []
    cells = 0

    def show(page: str) -> Callable[[str], None]:
        nonlocal cells
        cells += 1
        pages.append(page)
        return pages.append

    with NotebookWatch(show) as watch:
        watch.run_started(run(), is_new=True, progress=progress(0))
        watch.trial_ended(replace(example_trial(1), architecture="<b>&"), progress())
        watch.trial_paused(example_trial(2), progress())
        watch.phase("export and measure", 2, 3)
        watch.stopping(1)
    assert cells == 1
    assert len(pages) == 5
    assert '<progress value="1" max="4"' in pages[1]
    assert "&lt;b&gt;&amp;" in pages[1]
    assert '<progress value="2" max="3"' in pages[-1]
    assert "stopping" in pages[-1]


def test_a_kernel_is_known_by_its_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython is optional, so a stand-in tells what a kernel's shell, and a terminal's, have."""
    shells = {NotebookWatch: SimpleNamespace(kernel=object()), type(None): SimpleNamespace()}
    for expected, shell in shells.items():
        ipython = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert type(watch_for(None)) is expected
    assert watch_for(False) is None
