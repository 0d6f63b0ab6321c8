"""A gate's result with every verdict in it."""

from __future__ import annotations

import pytest

from edgebench.gate import Check, GateResult, Pair, Ratio, Verdict


def latency_check(benchmark: str, verdict: Verdict, slower: float, **more: object) -> Check:
    pairs = tuple(
        Pair(
            base_ns=2.0e6 + 1000 * n,
            head_ns=(2.0e6 + 1000 * n) * slower,
            base_first=n % 2 == 0,
            noisy=int(n == 3),
        )
        for n in range(10)
    )
    fields = {
        "device": "pi5",
        "base": 2.0045,
        "head": 2.0045 * slower,
        "margin": 0.05,
        "ratio": Ratio(value=slower, low=slower - 0.01, high=slower + 0.01, confidence=0.95),
        "pairs": pairs,
        "runtime": "litert 2.3.0",
        "head_sha256": "ab" * 32,
    }
    return Check(
        benchmark=benchmark,
        kind="latency",
        verdict=verdict,
        sentence=f"{slower - 1:+.1%} of the time, [{slower - 0.01:.3f}, {slower + 0.01:.3f}]",
        **{**fields, **more},  # type: ignore[arg-type]
    )


@pytest.fixture
def result() -> GateResult:
    return GateResult(
        base="ci/baseline",
        head="models",
        measured_utc="2026-11-22T23:00:01.5+00:00",
        wall_s=123.4567,
        new=("tiny",),
        noise={"pi5": Ratio(value=1.001, low=0.997, high=1.004, confidence=0.95)},
        checks=(
            latency_check("steady", Verdict.PASS, 1.001),
            latency_check("faster", Verdict.IMPROVED, 0.8),
            latency_check("slower", Verdict.REGRESSED, 1.25),
            latency_check("unsure", Verdict.INCONCLUSIVE, 1.05),
            latency_check(
                "hot", Verdict.ENVIRONMENT, 1.0, pairs=(), ratio=None, base=None, head=None
            ),
            Check(
                benchmark="moved",
                kind="latency",
                verdict=Verdict.INCOMPARABLE,
                sentence="saved with litert 2.2.0, and this is 2.3.0",
                device="pi5",
            ),
            Check(
                benchmark="steady",
                kind="file_bytes",
                verdict=Verdict.PASS,
                sentence="1,200 file bytes, as before",
                base=1200,
                head=1200,
                margin=0.0,
            ),
            Check(
                benchmark="steady",
                kind="accuracy",
                verdict=Verdict.PASS,
                sentence="90.00% to 90.50% of 200 examples: 1 lost, 2 gained, p 1",
                base=0.9,
                head=0.905,
            ),
        ),
    )
