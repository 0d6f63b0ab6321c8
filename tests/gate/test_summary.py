"""The Markdown of a gate: verdict first, the worst first, nothing read as markup."""

from __future__ import annotations

from dataclasses import replace

from edgebench.gate import Check, GateResult, Verdict
from edgebench.gate.summary import HEADER, as_markdown


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_verdict_comes_first(result: GateResult) -> None:
    first = as_markdown(result).splitlines()[0]
    assert first == (
        "# REGRESSED: models against ci/baseline, 8 checks (1 REGRESSED, 1 INCOMPARABLE, "
        "1 ENVIRONMENT, 1 INCONCLUSIVE, 3 PASS, 1 IMPROVED)"
    )


def test_the_worst_comes_first_in_the_table(result: GateResult) -> None:
    text = as_markdown(result)
    table = rows(text)
    assert " | ".join(HEADER).replace("[interval]", r"\[interval\]") in text
    assert [row[-1] for row in table] == [
        "REGRESSED",
        "INCOMPARABLE",
        "ENVIRONMENT",
        "INCONCLUSIVE",
        "PASS",
        "PASS",
        "PASS",
        "IMPROVED",
    ]
    assert table[0] == [
        "slower", "latency, ms", "pi5", "2.00", "2.51", r"1.250 \[1.240, 1.260\]", "5 %", "REGRESSED",
    ]  # fmt: skip
    assert table[1][3:7] == ["n/a", "n/a", "", ""]
    bytes_row = next(row for row in table if row[1] == "file bytes")
    assert bytes_row[3:7] == ["1 200"] * 2 + ["1.000", "0 %"]
    assert next(row for row in table if row[1] == "accuracy")[3:5] == ["90.00%", "90.50%"]


def test_each_check_that_did_not_pass_has_its_sentence(result: GateResult) -> None:
    text = as_markdown(result)
    assert r"- REGRESSED: slower, latency on pi5: +25.0% of the time, \[1.240, 1.260\]" in text
    assert "- INCOMPARABLE: moved" in text
    assert "- PASS" not in text


def test_what_to_be_careful_of(result: GateResult) -> None:
    careful = as_markdown(result).partition("## Be careful of")[2]
    assert "slower on pi5: 1 of 20 blocks were noisy" in careful
    assert "tiny is new" in careful
    assert "two runs of one file apart by a ratio of 1.001" in careful
    assert "40 pairs of blocks in 2 min 03 s" in careful


def test_nothing_to_be_careful_of() -> None:
    check = Check(benchmark="a", kind="ops", verdict=Verdict.PASS, sentence="the same 3 operations")
    text = as_markdown(GateResult(base="a", head="b", checks=(check,)))
    assert text.startswith("# PASS: b against a, 1 check (1 PASS)\n")
    assert "careful" not in text


def test_nothing_is_read_as_markup(result: GateResult) -> None:
    wild = "a|b <script> `x` @all\n# [l](u)"
    check = replace(result.checks[2], benchmark=wild, sentence=wild, device=wild)
    text = as_markdown(replace(result, base=wild, head=wild, checks=(check,), new=(wild,)))
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert "\n# [" not in text
    (row,) = rows(text.replace(r"\|", "/"))
    assert len(row) == len(HEADER)
