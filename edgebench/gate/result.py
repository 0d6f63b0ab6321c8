"""What a gate found: one check a benchmark, kind and device, and one verdict over all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from edgebench.gate.statistics import Ratio
from edgebench.gate.verdicts import Pair, Verdict

LATENCY = "latency"
ACCURACY = "accuracy"
OPS = "ops"
SIZES = ("file_bytes", "param_bytes", "macs", "arena_bytes")
KINDS = (LATENCY, *SIZES, OPS, ACCURACY)
# The first that occurs is the gate's.
WORST_FIRST = (
    Verdict.REGRESSED,
    Verdict.INCOMPARABLE,
    Verdict.ENVIRONMENT,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
    Verdict.IMPROVED,
)
_EXIT_CODES = {Verdict.REGRESSED: 1, Verdict.INCOMPARABLE: 4, Verdict.ENVIRONMENT: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was held against the baseline.

    Args:
        benchmark: What was compared: a name that both sides have.
        kind: One of `KINDS`.
        verdict: What came of it.
        sentence: The finding in one sentence, numbers and all.
        device: Where, for a latency.
        base: The baseline's figure: ms of the median pair, bytes, operations, or the share of right answers.
        head: That of the other side.
        margin: How much more, as a share, was allowed.
        ratio: Of the latencies.
        pairs: All that were taken, in order.
        runtime: What ran both files, with its version, for a latency.
        head_sha256: Of the other side's file.
    """

    benchmark: str
    kind: str
    verdict: Verdict
    sentence: str
    device: str | None = None
    base: float | None = None
    head: float | None = None
    margin: float | None = None
    ratio: Ratio | None = None
    pairs: tuple[Pair, ...] = ()
    runtime: str = ""
    head_sha256: str = ""

    @property
    def noisy_blocks(self) -> int:
        return sum(pair.noisy for pair in self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """A whole gate.

    ``base`` and ``head`` are the sides as they were named; ``new`` are benchmarks that only the head has, which nothing gates.
    ``noise`` says of each device what it takes two runs of one file apart, where that was asked for.
    """

    base: str
    head: str
    checks: tuple[Check, ...]
    new: tuple[str, ...] = ()
    noise: dict[str, Ratio] = field(default_factory=dict)
    measured_utc: str = ""
    wall_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst there is; IMPROVED only where nothing was less."""
        return worst(check.verdict for check in self.checks)

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 1 for a regression, 4 where something cannot be compared, 3 where a device was not fit, else 0.

        With ``strict`` what stays undecided is a 1 too.
        """
        verdict = self.verdict
        if verdict is Verdict.INCONCLUSIVE:
            return int(strict)
        return _EXIT_CODES.get(verdict, 0)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; PASS where there are none, or where some passed and others improved."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.PASS)
