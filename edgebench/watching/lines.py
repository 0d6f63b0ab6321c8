"""What is said of a search while it goes on, in lines."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from edgebench.records import Goal, Run, Status, Trial
from edgebench.watching.pace import in_words

if TYPE_CHECKING:
    from rich.console import Console

    from edgebench.tuning import Progress

INDENT = 9
SHORT = {"accuracy": "acc", "iou": "IoU", "map": "mAP"}


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
    title = short(score.removeprefix("val_")) or "acc"
    known = [
        (f"{title} {values[score]:.3f}" if score else " " * len(f"{title} 0.000")),
        (f"{values['param_bytes']:>9,.0f} bytes" if "param_bytes" in values else ""),
        (f"{values['latency_ms']:>7.3f} ms" if "latency_ms" in values else ""),
    ]
    numbers = [number.replace(",", " ") for number in known if number]
    what = (
        trial.architecture if not trial.reason else f"{trial.architecture}  {trial.reason}".strip()
    )
    is_paused = trial.status is Status.RUNNING
    status = f"paused at {len(trial.history)}" if is_paused else trial.status.value
    how_far = "  ".join(
        filter(None, (f"{progress.done}/{progress.total}", in_words(progress.left_s)))
    )
    return f"{trial.trial_id}  {status:<11}  {'  '.join(numbers)}  {what}   [{how_far}]"


def scored(trial: Trial) -> str:
    """Return the metric that the search compares networks by, which comes first of those of a training."""
    return next((m.name for m in trial.metrics if m.name.startswith("val_")), "")


def short(metric: str) -> str:
    """Return ``val acc`` for ``val_accuracy``, ``test IoU`` for ``test_iou``."""
    return " ".join(SHORT.get(word, word) for word in metric.split("_"))


def state(progress: Progress) -> str:
    """Return the time left, the best so far, the front and counts: what a narrow line cuts off stands last."""
    counts = "  ".join(f"{number} {name}" for name, number in sorted(progress.counts.items()))
    best = progress.best.values().get(scored(progress.best)) if progress.best else None
    parts = [
        in_words(progress.left_s),
        f"best {best:.3f}" if best is not None else "",
        f"front {progress.front_size}",
        counts,
        f"hv {progress.hypervolume:.4f}",
    ]
    return "  ".join(part for part in parts if part)


def _labelled(label: str, text: str) -> str:
    return f"{label:<{INDENT}}{text}"


def say(text: str, console: Console) -> None:
    """Print a line, folded between words where a person reads it."""
    for line in folded(text, console, indent=INDENT):
        console.print(line, markup=False, soft_wrap=True)


def folded(text: str, console: Console, *, indent: int) -> list[str]:
    """Return a text in lines on a terminal, all but the first indented; elsewhere one line, which programs read."""
    if not console.is_terminal:
        return [text]
    lines = textwrap.wrap(
        text,
        console.width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [""]
