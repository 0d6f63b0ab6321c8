"""Sizes and operations held against the baseline's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgebench.export.inspection import Contents
from edgebench.gate import Check, Verdict, check_contents

BASE = Contents(
    file_bytes=1000, ops={"CONV_2D int8": 3, "ADD int8": 1}, param_bytes=800, macs=5000, arena_bytes=64
)  # fmt: skip
EXACT = {"file_bytes": 0.0, "param_bytes": 0.0, "macs": 0.0, "arena_bytes": 0.0, "ops": 0.0}


def checked(base: Contents, head: Contents, **margins: float) -> dict[str, Check]:
    found = list(check_contents("x", base, head, {**EXACT, **margins}))
    assert len({check.kind for check in found}) == len(found)
    assert all(check.benchmark == "x" for check in found)
    return {check.kind: check for check in found}


def test_the_same_contents_pass() -> None:
    found = checked(BASE, BASE)
    assert list(found) == ["file_bytes", "param_bytes", "macs", "arena_bytes", "ops"]
    assert {check.verdict for check in found.values()} == {Verdict.PASS}
    assert found["macs"].sentence == "5,000 MACs, as before"
    assert found["ops"].sentence == "the same 4 operations"


@pytest.mark.parametrize("kind", ["file_bytes", "param_bytes", "macs", "arena_bytes"])
def test_each_size_gates_by_itself(kind: str) -> None:
    before = getattr(BASE, kind)
    found = checked(BASE, replace(BASE, **{kind: before + 1}))
    assert {k: c.verdict for k, c in found.items() if c.verdict is not Verdict.PASS} == {
        kind: Verdict.REGRESSED
    }
    assert (found[kind].base, found[kind].head, found[kind].margin) == (before, before + 1, 0.0)
    assert checked(BASE, replace(BASE, **{kind: before - 1}))[kind].verdict is Verdict.IMPROVED


@pytest.mark.parametrize(
    ("before", "margin", "most"),
    # As floats 100 * 1.15 is under 115, and 20 * .07 over 1.4.
    [(100, 0.15, 115), (1000, 0.05, 1050), (20, 0.07, 21), (3, 0.1, 3), (10**12, 0.29, 129 * 10**10)],
)  # fmt: skip
def test_a_margin_is_allowed_to_the_last_byte(before: int, margin: float, most: int) -> None:
    base = replace(BASE, file_bytes=before)
    largest, larger = (replace(BASE, file_bytes=size) for size in (most, most + 1))
    assert checked(base, largest, file_bytes=margin)["file_bytes"].verdict is Verdict.PASS
    assert checked(base, larger, file_bytes=margin)["file_bytes"].verdict is Verdict.REGRESSED


def test_a_sentence_tells_how_much() -> None:
    found = checked(BASE, replace(BASE, file_bytes=1100, macs=0))
    assert found["file_bytes"].sentence == "1,000 to 1,100 file bytes (+10.00%)"
    grown = checked(replace(BASE, macs=0), BASE)["macs"]
    assert (grown.verdict, grown.sentence) == (Verdict.REGRESSED, "0 to 5,000 MACs")


@pytest.mark.parametrize(
    ("ops", "verdict", "sentence"),
    [
        ({"CONV_2D int8": 4, "ADD int8": 1}, Verdict.REGRESSED, "1 more CONV_2D int8"),
        ({"CONV_2D int8": 3}, Verdict.IMPROVED, "1 fewer ADD int8"),
        (
            {"CONV_2D float32": 3, "ADD int8": 1},
            Verdict.REGRESSED,
            "3 more CONV_2D float32, 3 fewer CONV_2D int8",
        ),
        ({}, Verdict.IMPROVED, "1 fewer ADD int8, 3 fewer CONV_2D int8"),
    ],
)
def test_operations_may_go_and_none_may_come(
    ops: dict[str, int], verdict: Verdict, sentence: str
) -> None:
    check = checked(BASE, replace(BASE, ops=ops))["ops"]
    assert (check.verdict, check.sentence) == (verdict, sentence)
    assert (check.base, check.head) == (4, sum(ops.values()))


def test_what_is_ignored_or_not_told_is_not_looked_at() -> None:
    unlike = Contents(file_bytes=9999, ops={"X": 9})
    assert list(check_contents("x", BASE, unlike, {"latency": 0.05})) == []
    assert list(checked(BASE, unlike)) == ["file_bytes", "ops"]
    assert list(checked(unlike, BASE)) == ["file_bytes", "ops"]
