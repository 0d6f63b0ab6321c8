"""A gate's result as JUnit XML, as CI servers read it: one test case a check."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree

from edgebench.gate.result import Check, GateResult
from edgebench.gate.verdicts import Verdict

SUITE = "edgebench gate"
_ELEMENTS = {
    Verdict.REGRESSED: "failure",
    Verdict.ENVIRONMENT: "error",
    Verdict.INCOMPARABLE: "error",
    Verdict.INCONCLUSIVE: "skipped",
}
# What XML 1.0 has no way to write.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(result: GateResult) -> str:
    """Return the XML of one suite.

    REGRESSED is a failure, ENVIRONMENT and INCOMPARABLE are errors, INCONCLUSIVE is skipped, all with their sentence; PASS and
    IMPROVED pass, with theirs as output. Benchmarks are measured in turns, so only the suite has a time.
    """
    elements = [_ELEMENTS.get(check.verdict) for check in result.checks]
    counts = {
        "tests": str(len(elements)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
        "time": f"{result.wall_s:.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": SUITE, **counts})
    about = {"name": SUITE, **counts}
    if result.measured_utc:
        about["timestamp"] = _without_zone(result.measured_utc)
    suite = ElementTree.SubElement(root, "testsuite", about)
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("base", result.base), ("head", result.head)):
        ElementTree.SubElement(properties, "property", {"name": name, "value": _writable(value)})
    for check in result.checks:
        _add(suite, check)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, check: Check) -> None:
    where = f" on {check.device}" if check.device else ""
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {
            "classname": _writable(check.benchmark),
            "name": _writable(check.kind + where),
            "time": "0.000",
        },
    )
    sentence, tag = _writable(check.sentence), _ELEMENTS.get(check.verdict)
    if tag is None:
        ElementTree.SubElement(case, "system-out").text = f"{check.verdict.value}: {sentence}"
        return
    told = ElementTree.SubElement(
        case, tag, {"type": check.verdict.value, "message": f"{check.verdict.value}: {sentence}"}
    )
    told.text = _details(check)


def _details(check: Check) -> str:
    """Return the sentence and the pairs in order, for who looks closer."""
    lines = [_writable(check.sentence)]
    lines += [
        f"pair {number}: {pair.base_ns / 1e6:.6g} ms, {pair.head_ns / 1e6:.6g} ms"
        + (f", {pair.noisy} noisy" if pair.noisy else "")
        for number, pair in enumerate(check.pairs, 1)
    ]
    return "\n".join(lines)


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _without_zone(utc: str) -> str:
    """Return a moment as the format knows it: to the second, without a zone."""
    return datetime.fromisoformat(utc).replace(tzinfo=None).isoformat(timespec="seconds")
