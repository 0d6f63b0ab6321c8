"""The table of how files answer on held-out examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgebench.cli.screen import out, print_table
from edgebench.records import Score


def print_scores(scores: Sequence[Score]) -> None:
    """Print a line a file and device, and a sentence for each that was compared."""
    out().print()
    rows = [
        (
            score.model_name,
            score.device,
            f"{score.value:.2%}",
            str(score.examples),
            "-" if score.same_here is None else str(score.same_here),
            "-" if score.parity is None or score.parity.agreement is None
            else f"{score.parity.agreement:.2%}",
            "-" if score.parity is None else f"{score.parity.max_abs_diff:.2g}",
        )
        for score in scores
    ]  # fmt: skip
    metric = scores[0].metric
    titles = ("model", "device", metric, f"of {scores[0].data}", "same here", "agree", "max diff")
    print_table(titles, rows, text=2)
    for score in scores:
        for sentence in sentences(score):
            out().print(sentence, markup=False, soft_wrap=True)


def sentences(score: Score) -> Iterator[str]:
    """Yield what to know of a score beside its own figure."""
    where, parity = f"{score.model_name} on {score.device}", score.parity
    if score.same_here is not None and score.same_here < score.examples:
        others = score.examples - score.same_here
        yield f"{where} answers {others} of {score.examples} examples otherwise than here"
    if parity is not None and parity.mcnemar_p is not None:
        yield (
            f"{where} beside {score.against}: {parity.lost} right answers lost, {parity.gained} gained "
            f"(McNemar p {parity.mcnemar_p:.2g})"
        )
