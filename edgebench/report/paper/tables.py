"""The published tables with ours beside them, as rows of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from edgebench.objectives import CONFIDENCE
from edgebench.records import METRICS, Goal, Metric, Precision, metric_kind
from edgebench.report import figures
from edgebench.report.paper.ours import Outcome, outcomes_of
from edgebench.report.paper.published import EPOCHS, GROUPS, TRIALS, Case, Group, ten_best
from edgebench.report.view import RunView

HEADER = (
    "experiment", "search", "published", "parameters", "our search", "run", "ours", "mean over seeds", "parameters",
    "also", "epochs", "of published", "hours", "remarks",
)  # fmt: skip
LEFT = 2
WORDS = ("our search", "run")
SENTENCES = ("also", "remarks")
TEN_BEST = (
    "rank", "trial", "architecture", "published search", "published", "its parameters", "ours", "our parameters", "our epochs",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text under a header; the first ``left`` columns hold words, and so do those of `WORDS` and `SENTENCES`."""

    title: str
    about: str
    rows: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = HEADER
    left: int = LEFT


def paper_tables(views: Sequence[RunView]) -> tuple[Table, ...]:
    """Return a table for each data set, a row for each published figure and run; where no run is, ours stays empty."""
    return tuple(
        Table(
            title=group.title,
            about=_about(group, views),
            rows=tuple(row for case in group.cases for row in _rows(case, views)),
        )
        for group in GROUPS
    )


def ten_best_tables(views: Sequence[RunView]) -> tuple[Table, ...]:
    """Return a table for each of our runs: its ten best trials, rank by rank beside what was published of such."""
    return tuple(
        Table(
            title=f"Ten best of {case.title}, run {outcome.run_id}",
            about=f"By {metric_kind(case.metric).title}, of one training each; published ones as far as they were told, of all searches together.",
            rows=tuple(_ranks(case, outcome)),
            header=TEN_BEST,
            left=4,
        )
        for group in GROUPS
        for case in group.cases
        for outcome in outcomes_of(case, views)
    )


def _ranks(case: Case, outcome: Outcome) -> Iterator[tuple[str, ...]]:
    pairs = zip_longest(outcome.ten_best, ten_best(case))
    for rank, (ours, theirs) in enumerate(pairs, 1):
        yield (
            str(rank),
            ours.trial_id if ours else "",
            ours.architecture if ours else "",
            (theirs.search or "not told") if theirs else "",
            figures.accuracy(theirs.value) if theirs else "",
            _params(theirs.params) if theirs else "",
            figures.accuracy(ours.value) if ours else "",
            figures.count(ours.params) if ours else "",
            str(ours.epochs) if ours else "",
        )


def _params(count: int | None) -> str:
    return figures.count(count) if count else "not told"


def standing(case: Case, outcome: Outcome) -> str:
    """Return how ours stands to the best that was published: better, equal or worse, and by how much."""
    if not case.figures:
        return ""
    values = [figure.value for figure in case.figures]
    is_gain = METRICS[case.metric].goal is Goal.MAX
    published = max(values) if is_gain else min(values)
    if figures.accuracy(outcome.best) == figures.accuracy(published):
        return "equal"
    change = outcome.best - published if is_gain else published - outcome.best
    return f"{'better' if change > 0 else 'worse'} by {figures.accuracy(abs(change))}"


def _about(group: Group, views: Sequence[RunView]) -> str:
    shares = {
        outcome.commonest_share
        for case in group.cases
        for outcome in outcomes_of(case, views)
        if outcome.commonest_share is not None and group.data == "cwfid"
    }
    said = "".join(
        f" Here the commonest answer everywhere reaches {figures.accuracy(share)} of the pixels."
        for share in sorted(shares)
    )
    return group.about + said


def _rows(case: Case, views: Sequence[RunView]) -> list[tuple[str, ...]]:
    """Return the published figures line by line, with our runs in the same lines as far as there are some."""
    published = [
        (
            figure.search or "not told",
            figures.accuracy(figure.value),
            _params(figure.params),
        )
        for figure in case.figures
    ] or [("", "not published", "")]
    ours = [_outcome(case, outcome) for outcome in outcomes_of(case, views)]
    empty = ("",) * (len(HEADER) - 4)
    count = max(len(published), len(ours))
    published += [("", "", "")] * (count - len(published))
    ours += [("no run here", *empty[1:])] if not ours else []
    ours += [empty] * (count - len(ours))
    titles = [case.title] + [""] * (count - 1)
    return [
        (title, *left, *right) for title, left, right in zip(titles, published, ours, strict=True)
    ]


def _outcome(case: Case, outcome: Outcome) -> tuple[str, ...]:
    share = outcome.search_epochs / case.goal_epochs if case.goal_epochs else None
    again = f" + {figures.count(outcome.repeat_epochs)}" if outcome.repeat_epochs else ""
    return (
        f"{outcome.search}, {'1 trial' if outcome.trials == 1 else f'{outcome.trials} trials'}",
        f"{outcome.run_id} {outcome.trial_id}",
        figures.accuracy(outcome.best),
        _mean(case, outcome.mean),
        figures.count(outcome.params),
        _also(outcome),
        f"{figures.count(outcome.search_epochs)}{again}",
        f"{share:.1%}" if share is not None else "",
        f"{outcome.wall_s / 3600:.2f}",
        _remarks(case, outcome),
    )


def _mean(case: Case, mean: Metric | None) -> str:
    if mean is None:
        return "one seed"
    title = "" if mean.name == case.metric else f"{metric_kind(mean.name).title} "
    return f"{title}{figures.accuracy(mean.value)} {figures.accuracy_interval(mean)} of {mean.n}"


def _also(outcome: Outcome) -> str:
    found = (
        ("IoU", outcome.iou),
        ("mAP@0.5", outcome.average_precision),
        (f"test {outcome.test_title}", outcome.tested),
    )
    return ", ".join(
        f"{title} {figures.accuracy(value)}" for title, value in found if value is not None
    )


def _remarks(case: Case, outcome: Outcome) -> str:
    remarks = [
        standing(case, outcome),
        f"seed {outcome.seed}",
        "chosen by the test part"
        if outcome.chosen_by_test
        else "chosen by a held-out part of the training examples",
        f"of {outcome.precision} files" if outcome.precision != Precision.FP32 else "",
        f"scaled by {outcome.scale:g}" if outcome.scale != 1.0 else "",
        f"suite {outcome.suite}" if outcome.suite != case.suite else "",
        f"limits {outcome.limits}" if outcome.limits else "",
        outcome.status if outcome.status != "completed" else "",
    ]
    return ", ".join(remark for remark in remarks if remark)


def budget_sentence() -> str:
    """Return what the published searches spent, of which ours tell their share."""
    return (
        f"A published search is {TRIALS} trials of at most {EPOCHS} epochs; 'of published' is the share of these "
        f"{TRIALS * EPOCHS:,} epochs that our search took, its baseline included. What is added to the epochs trained "
        "networks again from other seeds; the interval of a mean over seeds is "
        f"the {100 * CONFIDENCE:.0f} % one by Student's t."
    )
