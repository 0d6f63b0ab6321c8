"""The XML by the rules that CI servers share, and what stands in it."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from edgebench.gate import Check, GateResult, Verdict
from edgebench.gate.junit import as_junit

OUTCOMES = {"skipped", "error", "failure"}
# What Jenkins's schema allows where, and what it or its kin require.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "properties": {"property"},
    "property": set(),
    "testcase": {*OUTCOMES, "system-out", "system-err"},
    **{tag: set() for tag in (*OUTCOMES, "system-out")},
}
REQUIRED = {
    "testsuites": set(),
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
}
ALLOWED = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": REQUIRED["testsuite"] | {"timestamp", "hostname", "id", "package"},
    "testcase": REQUIRED["testcase"] | {"file", "line"},
    "failure": REQUIRED["failure"],
    "error": REQUIRED["error"],
    "skipped": {"message", "type"},
    "property": REQUIRED["property"],
}


def check_schema(element: ElementTree.Element) -> None:
    attributes = set(element.attrib)
    assert REQUIRED.get(element.tag, set()) <= attributes <= ALLOWED.get(element.tag, set())
    assert {child.tag for child in element} <= CHILDREN[element.tag]
    for count in {"tests", "failures", "errors", "skipped"} & attributes:
        assert element.get(count, "").isdecimal()
    for child in element:
        check_schema(child)


def read(result: GateResult) -> ElementTree.Element:
    root = ElementTree.fromstring(as_junit(result).encode())
    check_schema(root)
    return root


def test_one_case_a_check(result: GateResult) -> None:
    cases = read(result).findall("testsuite/testcase")
    assert [(c.get("classname"), c.get("name")) for c in cases][:2] == [
        ("steady", "latency on pi5"),
        ("faster", "latency on pi5"),
    ]
    assert len({(c.get("classname"), c.get("name")) for c in cases}) == len(result.checks)


def test_each_verdict_has_its_outcome(result: GateResult) -> None:
    found = {}
    for case, check in zip(read(result).iter("testcase"), result.checks, strict=True):
        outcomes = [child for child in case if child.tag in OUTCOMES]
        found[check.verdict] = outcomes[0].tag if outcomes else None
        for outcome in outcomes:
            assert outcome.get("message") == f"{check.verdict}: {check.sentence}"
            assert outcome.get("type") == check.verdict
    assert found == {
        Verdict.PASS: None,
        Verdict.IMPROVED: None,
        Verdict.REGRESSED: "failure",
        Verdict.INCONCLUSIVE: "skipped",
        Verdict.ENVIRONMENT: "error",
        Verdict.INCOMPARABLE: "error",
    }


def test_the_counts_are_those_of_the_cases(result: GateResult) -> None:
    root = read(result)
    for element in (root, root[0]):
        counts = {name: element.get(name) for name in ("tests", "failures", "errors", "skipped")}
        assert counts == {"tests": "8", "failures": "1", "errors": "2", "skipped": "1"}
        assert element.get("time") == "123.457"
    assert root[0].get("timestamp") == "2026-11-22T23:00:01"


def test_the_declared_encoding_is_that_of_the_text(result: GateResult) -> None:
    assert re.match(r"<\?xml version='1.0' encoding='utf-8'\?>", as_junit(result))


def test_the_pairs_stand_with_a_failure(result: GateResult) -> None:
    (failure,) = read(result).iter("failure")
    assert failure.text is not None
    assert "pair 1: 2 ms, 2.5 ms" in failure.text
    assert "pair 4: 2.003 ms, 2.50375 ms, 1 noisy" in failure.text


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.REGRESSED])
def test_any_name_and_sentence_can_be_written(verdict: Verdict) -> None:
    wild = "<a href='x'>&amp;\"]]> \x1b[31m \x00 \ud800 \ufffe \U0001f600"
    check = Check(benchmark=wild, kind="latency", verdict=verdict, sentence=wild, device=wild)
    root = read(GateResult(base=wild, head=wild, checks=(check,)))
    (case,) = root.iter("testcase")
    readable = "<a href='x'>&amp;\"]]> \ufffd[31m \ufffd \ufffd \ufffd \U0001f600"
    assert case.get("classname") == readable
    assert readable in "".join(case.itertext())


def test_a_gate_without_checks(result: GateResult) -> None:
    root = read(replace(result, checks=(), measured_utc=""))
    assert root[0].get("tests") == "0"
    assert root[0].get("timestamp") is None
