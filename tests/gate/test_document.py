"""A gate's result written as JSON and read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgebench.errors import InputError
from edgebench.gate import GateResult
from edgebench.gate.document import as_document, from_document, read_result


def test_what_is_written_is_read_back_whole(result: GateResult, tmp_path: Path) -> None:
    path = tmp_path / "gate.json"
    path.write_text(json.dumps(as_document(result), allow_nan=False), encoding="utf-8")
    assert read_result(path) == result


def test_what_is_counted_stands_in_the_document(result: GateResult) -> None:
    document = as_document(result)
    slower = next(c for c in document["checks"] if c["benchmark"] == "slower")
    assert document["schema_version"] == 1
    assert document["verdict"] == "REGRESSED"
    assert (document["base"], document["head"]) == ("ci/baseline", "models")
    assert slower["noisy_blocks"] == 1
    assert slower["ratio"] == {"value": 1.25, "low": 1.24, "high": 1.26, "confidence": 0.95}
    first = {"base_ns": 2.0e6, "head_ns": 2.5e6, "base_first": True, "noisy": 0}
    assert slower["pairs"][0] == first


def test_a_number_that_is_none_is_null(result: GateResult) -> None:
    odd = replace(result, checks=(replace(result.checks[0], base=float("nan")),))
    document = as_document(odd)
    assert document["checks"][0]["base"] is None
    assert from_document(document).checks[0].base is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 2}, "schema_version is 2"),
        ({"checks": [{"benchmark": "x"}]}, "checks.0.kind"),
        ({"wall_s": "long"}, "wall_s"),
        ({"checks": None}, "checks"),
    ],
)
def test_a_damaged_document_is_one_sentence(
    result: GateResult, change: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        from_document({**as_document(result), **change})
    assert said in caught.value.why


def test_an_unknown_verdict_is_refused(result: GateResult) -> None:
    document = as_document(result)
    document["checks"][0]["verdict"] = "FINE"
    with pytest.raises(InputError) as caught:
        from_document(document)
    assert "checks.0.verdict" in caught.value.why


@pytest.mark.parametrize("content", ["", "{", "[1]", "[" * 100_000, '"x"'])
def test_a_file_that_is_no_result(tmp_path: Path, content: str) -> None:
    path = tmp_path / "gate.json"
    path.write_text(content)
    with pytest.raises(InputError):
        read_result(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_result(tmp_path / "none.json")
