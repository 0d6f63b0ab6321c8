"""Watching a search: a moving line on a terminal, a cell that changes in a notebook, else one plain line a trial."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from edgebench.records import Goal, Run, Status, Trial

if TYPE_CHECKING:
    from rich.console import Console

    from edgebench.tuning import Progress

ACCENT = "cyan"
NARROW = 100
SHORT = {"accuracy": "acc", "iou": "IoU", "map": "mAP"}


class PlainWatch:
    """Writes a header, one line a trial, and a line a phase to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None:
        for line in header(run, is_new=is_new, done=progress.done):
            self._say(line)

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        self._say(trial_line(trial, progress))

    def trial_paused(self, trial: Trial, progress: Progress) -> None:
        self._say(trial_line(trial, progress))

    def phase(self, name: str, done: int, total: int) -> None:
        self._say(f"{name} {done}/{total}")

    def stopping(self, running: int) -> None:
        self._say("stopping: the running trials are finished first (interrupt again to stop now)")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


class LiveWatch(PlainWatch):
    """Draws one progress line that moves, on a terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24, complete_style=ACCENT, finished_style=ACCENT),
            TextColumn("{task.fields[state]}"),
            console=console,
            transient=True,
        )
        self._task: Any = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None:
        super().run_started(run, is_new=is_new, progress=progress)
        self._task = self._bar.add_task("trial", total=progress.total, state="starting workers")
        self._show(progress)

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        if trial.reason:
            self._say(trial_line(trial, progress))
        self._show(progress)

    def trial_paused(self, trial: Trial, progress: Progress) -> None:
        self._show(progress)

    def phase(self, name: str, done: int, total: int) -> None:
        self._bar.update(
            self._task,
            description=name,
            total=total,
            completed=done,
            state=f"{done}/{total}",
        )

    def _show(self, progress: Progress) -> None:
        self._bar.update(
            self._task,
            description=f"trial {progress.done}/{progress.total}",
            completed=progress.done,
            state=_state(progress),
        )


class NotebookWatch(PlainWatch):
    """Draws one cell of a notebook that changes: the header, a bar, and what was said last.

    Args:
        show: Shows a page in the cell and returns what replaces it.
    """

    def __init__(self, show: Callable[[str], Callable[[str], None]] | None = None) -> None:
        self._show_page = show or shown_in_cell
        self._replace: Callable[[str], None] | None = None
        self._header = ""
        self._said = ""
        self._bar = ""

    def run_started(self, run: Run, *, is_new: bool, progress: Progress) -> None:
        self._header = "\n".join(header(run, is_new=is_new, done=progress.done)).strip()
        self._move(f"trial {progress.done}/{progress.total}", progress.done, progress.total)

    def trial_ended(self, trial: Trial, progress: Progress) -> None:
        self._said = trial_line(trial, progress)
        self._move(f"trial {progress.done}/{progress.total}", progress.done, progress.total)

    def phase(self, name: str, done: int, total: int) -> None:
        self._move(f"{name} {done}/{total}", done, total)

    def _move(self, label: str, done: int, total: int) -> None:
        bar = f'<progress value="{done}" max="{max(total, 1)}" style="width: 16em"></progress>'
        self._bar = f"<div>{bar} {html.escape(label)}</div>"
        self._draw()

    def _say(self, text: str) -> None:
        self._said = text
        self._draw()

    def _draw(self) -> None:
        page = (
            f"<pre>{html.escape(self._header)}</pre>{self._bar}<pre>{html.escape(self._said)}</pre>"
        )
        if self._replace is None:
            self._replace = self._show_page(page)
        else:
            self._replace(page)


def watch_for(progress: bool | None) -> PlainWatch | None:
    """Return what shows a search to whoever called it from Python.

    Args:
        progress: None for a watch in notebooks and on terminals alone; True for plain lines elsewhere too, on standard
            error; False for none.
    """
    if progress is False:
        return None
    if in_notebook():
        return NotebookWatch()
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if is_live(console):
        return LiveWatch(console)
    if not progress:
        return None
    console.width = NARROW
    return PlainWatch(console)


def is_live(console: Console) -> bool:
    """Return whether a moving display may be drawn: on a real terminal, outside CI."""
    is_dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return console.is_terminal and not is_dumb and not os.environ.get("CI")


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def shown_in_cell(page: str) -> Callable[[str], None]:
    """Show HTML in the cell of a notebook that runs, and return what replaces it."""
    from IPython.display import HTML, display

    handle = display(HTML(page), display_id=True)
    return lambda later: handle.update(HTML(later))


def header(run: Run, *, is_new: bool, done: int) -> list[str]:
    """Return the lines that say what is searched, on what, towards what."""
    suite, data = run.suite, run.data
    arrows = {Goal.MAX: "up", Goal.MIN: "down"}
    goal = ", ".join(f"{o.metric} {arrows[o.goal]}" for o in suite.objectives)
    if suite.objective != "pareto":
        goal = f"{suite.objective} ({goal})"
    limits = f"      limits: {', '.join(map(str, suite.constraints))}" if suite.constraints else ""
    version = run.versions.get("edgebench", "")
    age = "new" if is_new else f"resumed at {done}/{suite.oracle.max_trials}"
    made_up = " (synthetic)" if data.get("synthetic") else ""
    untouched = "chosen by" if suite.data.validation == "test" else "untouched until the end"
    lines = [
        f"edgebench {version}   run {run.run_id} ({age})   {run.suite_path or suite.name}   seed {suite.seed}",
        _labelled(
            "data",
            f"{suite.data.name}{made_up}    {data['train']} train / {data['validation']} validation   "
            f"test set ({data['test']}) {untouched}",
        ),
    ]
    for device in run.devices:
        runtimes = ", ".join(f"{name} {version}" for name, version in device.runtimes.items())
        threads = f"{suite.latency.threads} thread{'s' if suite.latency.threads > 1 else ''}"
        lines.append(
            _labelled(
                "device",
                f"{device.name}    {device.model or device.machine}, {device.cores} cores, {threads}; {runtimes}",
            )
        )
    return [*lines, _labelled("goal", goal + limits), ""]


def trial_line(trial: Trial, progress: Progress) -> str:
    """Return one finished or paused trial in one line."""
    values = trial.values()
    score = scored(trial)
    numbers = [
        text.format(values[name])
        for name, text in (
            (score, f"{short(score.removeprefix('val_'))} {{:.3f}}"),
            ("param_bytes", "{:.0f} bytes"),
            ("latency_ms", "{:.3f} ms"),
        )
        if name in values
    ]
    what = (
        trial.architecture if not trial.reason else f"{trial.architecture}  {trial.reason}".strip()
    )
    is_paused = trial.status is Status.RUNNING
    status = f"paused at {len(trial.history)}" if is_paused else trial.status.value
    return (
        f"{trial.trial_id}  {status:<11}  {'  '.join(numbers)}  {what}   "
        f"[{progress.done}/{progress.total}  {_state(progress)}]"
    )


def scored(trial: Trial) -> str:
    """Return the metric that the search compares networks by, which comes first of those of a training."""
    return next((m.name for m in trial.metrics if m.name.startswith("val_")), "")


def short(metric: str) -> str:
    """Return ``val acc`` for ``val_accuracy``, ``test IoU`` for ``test_iou``."""
    return " ".join(SHORT.get(word, word) for word in metric.split("_"))


def _state(progress: Progress) -> str:
    """Return counts, the front, the best so far and the time left."""
    counts = "  ".join(f"{number} {name}" for name, number in sorted(progress.counts.items()))
    best = progress.best.values().get(scored(progress.best)) if progress.best else None
    parts = [
        counts,
        f"front {progress.front_size}",
        f"hv {progress.hypervolume:.4f}",
        f"best {best:.3f}" if best is not None else "",
        f"about {_minutes(progress.left_s)} left" if progress.left_s else "",
    ]
    return "  ".join(part for part in parts if part)


def _minutes(seconds: float) -> str:
    """Return a rough time: ``17 min`` or ``40 s``."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _labelled(label: str, text: str) -> str:
    return f"{label:<9}{text}"
