"""Gates on what stands in the files: exact, for nothing is measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from edgebench.export.inspection import Contents
from edgebench.gate.result import OPS, SIZES, Check
from edgebench.gate.verdicts import Verdict

_TITLES = {
    "file_bytes": "file bytes",
    "param_bytes": "parameter bytes",
    "macs": "MACs",
    "arena_bytes": "arena bytes",
}


def check_contents(
    benchmark: str, base: Contents, head: Contents, margins: Mapping[str, float]
) -> Iterator[Check]:
    """Hold a file's sizes and operations against the baseline's.

    A size may be larger by its margin, which is 0 unless ``margins`` says otherwise. Operations may go, none may come.
    Kinds that ``margins`` lacks are not looked at; nor is what either file does not tell.
    """
    for kind in SIZES:
        before, after = getattr(base, kind), getattr(head, kind)
        if kind in margins and before is not None and after is not None:
            yield _size(benchmark, kind, before, after, margins[kind])
    if OPS in margins:
        yield _ops(benchmark, base.ops, head.ops)


def _size(benchmark: str, kind: str, before: int, after: int, margin: float) -> Check:
    title = _TITLES[kind]
    if after - before > round(before * margin, 6):
        verdict = Verdict.REGRESSED
    else:
        verdict = Verdict.IMPROVED if after < before else Verdict.PASS
    if after == before:
        sentence = f"{before:,} {title}, as before"
    else:
        change = f" ({after / before - 1:+.2%})" if before else ""
        sentence = f"{before:,} to {after:,} {title}{change}"
    return Check(
        benchmark=benchmark,
        kind=kind,
        verdict=verdict,
        sentence=sentence,
        base=before,
        head=after,
        margin=margin,
    )


def _ops(benchmark: str, before: Mapping[str, int], after: Mapping[str, int]) -> Check:
    come, gone = Counter(after), Counter(before)
    come.subtract(before)
    gone.subtract(after)
    more = [f"{count} more {op}" for op, count in sorted(come.items()) if count > 0]
    fewer = [f"{count} fewer {op}" for op, count in sorted(gone.items()) if count > 0]
    verdict = Verdict.REGRESSED if more else Verdict.IMPROVED if fewer else Verdict.PASS
    total = sum(after.values())
    return Check(
        benchmark=benchmark,
        kind=OPS,
        verdict=verdict,
        sentence=", ".join([*more, *fewer]) or f"the same {total} operations",
        base=sum(before.values()),
        head=total,
    )
