"""A gate's result in Markdown, for a job's page or a comment on a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from edgebench.gate.result import ACCURACY, LATENCY, WORST_FIRST, Check, GateResult
from edgebench.gate.verdicts import Verdict
from edgebench.report import figures, markdown

HEADER = (
    "benchmark",
    "kind",
    "device",
    "base",
    "head",
    "ratio [interval]",
    "margin",
    "verdict",
)
LEFT = 3
GOOD = (Verdict.PASS, Verdict.IMPROVED)


def as_markdown(result: GateResult) -> str:
    """Return the verdict, a sentence for each check that did not pass, a table of all, the worst first, and what to be careful of."""
    checks = sorted(result.checks, key=lambda check: WORST_FIRST.index(check.verdict))
    decimals = figures.decimals_for(
        figure
        for check in checks
        if check.kind == LATENCY
        for figure in (check.base, check.head)
        if figure is not None
    )
    parts = [
        f"# {result.verdict.value}: {markdown.text(_counted(result))}",
        markdown.bullets(_told(check) for check in checks if check.verdict not in GOOD),
        markdown.table(HEADER, (_row(check, decimals) for check in checks), left=LEFT),
    ]
    careful = list(cautions(result))
    if careful:
        parts += ["## Be careful of", markdown.bullets(careful)]
    parts.append(markdown.text(_taken(result)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _counted(result: GateResult) -> str:
    """Return ``models/ against ci/baseline, 5 checks (3 PASS, 2 IMPROVED)``."""
    counts = Counter(check.verdict for check in result.checks)
    parts = ", ".join(
        f"{counts[verdict]} {verdict.value}" for verdict in WORST_FIRST if counts[verdict]
    )
    number = "1 check" if len(result.checks) == 1 else f"{len(result.checks)} checks"
    return f"{result.head} against {result.base}, {number}" + (f" ({parts})" if parts else "")


def _told(check: Check) -> str:
    where = f" on {check.device}" if check.device else ""
    return f"{check.verdict.value}: {check.benchmark}, {_title(check)}{where}: {check.sentence}"


def _title(check: Check) -> str:
    return check.kind.replace("_", " ")


def _row(check: Check, decimals: int) -> list[str]:
    return [
        check.benchmark,
        f"{_title(check)}, ms" if check.kind == LATENCY else _title(check),
        check.device or "",
        _figure(check, check.base, decimals),
        _figure(check, check.head, decimals),
        _ratio(check),
        "" if check.margin is None else f"{100 * check.margin:.3g} %",
        check.verdict.value,
    ]


def _figure(check: Check, value: float | None, decimals: int) -> str:
    if value is None:
        return figures.UNKNOWN
    if check.kind == LATENCY:
        return figures.milliseconds(value, decimals)
    return f"{value:.2%}" if check.kind == ACCURACY else figures.count(value)


def _ratio(check: Check) -> str:
    """Return the measured ratio with its interval, or that of two exact figures."""
    ratio = check.ratio
    if ratio is not None:
        return f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
    return f"{check.head / check.base:.3f}" if check.base and check.head is not None else ""


def cautions(result: GateResult) -> Iterator[str]:
    for check in result.checks:
        if check.noisy_blocks:
            yield (
                f"{check.benchmark} on {check.device}: {check.noisy_blocks} of {2 * len(check.pairs)} "
                "blocks were noisy; pairs are made for noise, and all were kept."
            )
    for device, ratio in result.noise.items():
        yield (
            f"{device} takes two runs of one file apart by a ratio of {ratio.value:.3f} "
            f"[{ratio.low:.3f}, {ratio.high:.3f}]."
        )
    for benchmark in result.new:
        yield f"{benchmark} is new: the baseline lacks it, so nothing gates it until it is saved."


def _taken(result: GateResult) -> str:
    when = f"Measured {result.measured_utc}" if result.measured_utc else "Measured"
    pairs = sum(len(check.pairs) for check in result.checks)
    return f"{when}, {pairs} pairs of blocks in {figures.duration(result.wall_s)}."
