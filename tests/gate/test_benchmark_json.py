"""pytest-benchmark's JSON: ours beside theirs in its own program, theirs read by us, and what stored numbers may say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgebench.errors import IncomparableError, InputError
from edgebench.gate import Check, GateResult, Verdict
from edgebench.gate.benchmark_json import (
    Origins,
    StoredResults,
    compare_stored,
    measurements_as_benchmarks,
    origins_here,
    read_benchmarks,
    results_as_benchmarks,
)
from edgebench.records import Block, Environment, Measurement

ORIGINS = Origins(
    machine_info={
        "node": "ci-1",
        "machine": "aarch64",
        "python_implementation": "CPython",
        "cpu": {"brand_raw": "Cortex-A76"},
    },
    commit_info={"id": "a" * 40, "time": "2026-11-01T10:00:00+00:00", "dirty": False},
)
THEIRS = """
import pytest

def test_sort(benchmark):
    benchmark.pedantic(sorted, args=([3, 1, 2],), rounds=5)

@pytest.mark.parametrize("n", [10])
def test_sum(benchmark, n):
    benchmark.extra_info["edgebench"] = "a stranger's"
    benchmark.pedantic(sum, args=(range(n),), rounds=5)
"""


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which pytest-benchmark itself has stored a run."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "test_theirs.py").write_text(THEIRS)
    done = run(["pytest", "-q", "--benchmark-save=one", "-p", "no:cacheprovider"], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def stored(
    seconds: float = 0.002,
    name: str = "net[local]",
    facts: dict[str, Any] | None = None,
    **machine: Any,
) -> StoredResults:
    document = {
        "machine_info": {**ORIGINS.machine_info, **machine},
        "commit_info": ORIGINS.commit_info,
        "benchmarks": [
            {
                "name": name,
                "fullname": name,
                "stats": {"median": seconds},
                "extra_info": {"edgebench": facts} if facts else {},
            }
        ],
        "datetime": "2026-11-01T10:00:01",
        "version": "5.0",
    }
    return StoredResults.model_validate(document)


def only_check(result: GateResult) -> Check:
    (check,) = result.checks
    return check


def test_a_check_becomes_a_benchmark(result: GateResult) -> None:
    document = results_as_benchmarks([result], ORIGINS)
    found = {each["fullname"]: each for each in document["benchmarks"]}
    assert set(found) == {"steady[pi5]", "faster[pi5]", "slower[pi5]", "unsure[pi5]"}
    slower = found["slower[pi5]"]
    assert slower["stats"]["data"][0] == pytest.approx(0.0025)
    assert slower["stats"]["median"] == pytest.approx(2.0045e-3 * 1.25)
    assert (slower["stats"]["rounds"], slower["stats"]["iterations"]) == (10, 1)
    assert slower["param"] == "pi5"
    assert slower["extra_info"]["edgebench"] == {
        "sha256": "ab" * 32,
        "runtime": "litert 2.3.0",
        "device": "pi5",
        "ratio": {"value": 1.25, "low": 1.24, "high": 1.26, "confidence": 0.95},
        "margin": 0.05,
        "verdict": "REGRESSED",
    }
    json.dumps(document, allow_nan=False)


def test_a_measurement_becomes_a_benchmark(tmp_path: Path) -> None:
    block = {"init_ns": 1, "first_ns": 1, "warmup_invokes": 1}
    measurement = Measurement(
        model_name="net.tflite",
        model_sha256="cd" * 32,
        device="local",
        environment=Environment(
            runtime="litert", runtime_version="2.3.0", delegate="xnnpack", threads=1
        ),
        blocks=(
            Block(samples_ns=(1e6, 2e6, 9e6), **block),
            Block(samples_ns=(3e6, 4e6, 5e6), **block),
        ),
    )
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(measurements_as_benchmarks([measurement], ORIGINS)))
    (read,) = read_benchmarks(path).benchmarks
    assert read.fullname == "net.tflite[local]"
    assert read.stats.data == (0.002, 0.004)
    assert read.facts["sha256"] == "cd" * 32
    assert (read.facts["runtime"], read.facts["threads"]) == ("litert 2.3.0", 1)


def test_the_facts_of_this_machine_are_those_that_pytest_benchmark_writes(theirs: Path) -> None:
    (path,) = theirs.glob(".benchmarks/*/*.json")
    written = json.loads(path.read_text())["machine_info"]
    ours = dict(origins_here().machine_info)
    unsteady = {"hz_actual", "hz_actual_friendly"}
    for facts in (written, ours):
        facts["cpu"] = {k: v for k, v in facts["cpu"].items() if k not in unsteady}
    assert ours == written


def test_pytest_benchmark_shows_ours_beside_its_own(theirs: Path, result: GateResult) -> None:
    (path,) = theirs.glob(".benchmarks/*/0001_one.json")
    beside = path.with_name("0002_ours.json")
    beside.write_text(json.dumps(results_as_benchmarks([result])))
    try:
        done = run(["pytest_benchmark", "compare", "--csv=out.csv"], theirs)
        assert done.returncode == 0, done.stderr
        assert "Failed to load" not in done.stderr
        for name in ("test_sort", "steady[pi5]", "slower[pi5]"):
            assert name in done.stdout
        columns, *rows = (theirs / "out.csv").read_text().splitlines()
        median = columns.split(",").index("median")
        (slower,) = [row.split(",") for row in rows if "slower" in row]
        assert float(slower[median]) == pytest.approx(2.0045e-3 * 1.25)
        listed = run(["pytest", "-q", "--benchmark-compare=0002", "-p", "no:cacheprovider"], theirs)
        assert listed.returncode == 0, listed.stdout
        assert "Comparing against benchmarks from" in listed.stderr
    finally:
        beside.unlink()


def test_theirs_is_read_and_compared(theirs: Path) -> None:
    (path,) = theirs.glob(".benchmarks/*/0001_one.json")
    read = read_benchmarks(path)
    assert [b.fullname for b in read.benchmarks] == [
        "test_theirs.py::test_sort",
        "test_theirs.py::test_sum[10]",
    ]
    assert read.benchmarks[1].facts == {}
    again = compare_stored(read, read)
    assert again.verdict is Verdict.PASS
    assert again.base == str(path)


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (0.001, Verdict.PASS),
        (0.002, Verdict.PASS),
        (0.00209, Verdict.PASS),
        (0.00211, Verdict.INCONCLUSIVE),
        (2.0, Verdict.INCONCLUSIVE),
    ],
)
def test_a_stored_number_is_never_a_regression(seconds: float, verdict: Verdict) -> None:
    result = compare_stored(stored(0.002), stored(seconds))
    assert only_check(result).verdict is verdict
    assert result.exit_code() == 0


def test_beyond_the_margin_the_way_to_know_is_told() -> None:
    sentence = only_check(compare_stored(stored(0.002), stored(0.003))).sentence
    assert "2 to 3 ms as stored (+50.0%)" in sentence
    assert "in pairs with `edgebench compare`" in sentence


def test_a_margin_of_its_own() -> None:
    pair = stored(0.002), stored(0.0025)
    assert only_check(compare_stored(*pair, margin=0.3)).verdict is Verdict.PASS
    own = {"net[local]": 0.25}
    assert only_check(compare_stored(*pair, margins=own)).verdict is Verdict.PASS
    with pytest.raises(InputError, match="negative"):
        compare_stored(*pair, margins={"net[local]": -0.1})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cpu": {"brand_raw": "Cortex-A55"}}, "Cortex-A55, aarch64, CPython now"),
        ({"machine": "x86_64"}, "Cortex-A76, x86_64, CPython now"),
        ({"python_implementation": "PyPy"}, "Cortex-A76, aarch64, PyPy now"),
        ({"facts": {"runtime": "litert 2.4.0"}}, "litert 2.3.0 before, litert 2.4.0 now"),
    ],
)
def test_other_conditions_cannot_be_compared(change: dict[str, Any], told: str) -> None:
    before = stored(facts={"runtime": "litert 2.3.0"})
    check = only_check(compare_stored(before, stored(**change)))
    assert check.verdict is Verdict.INCOMPARABLE
    assert check.sentence.endswith(told)


def test_another_host_of_the_same_kind_or_before_the_same_device_is_the_same_machine() -> None:
    assert compare_stored(stored(), stored(node="ci-2")).verdict is Verdict.PASS
    on_device = {"facts": {"device": "pi5"}}
    compared = compare_stored(stored(**on_device), stored(**on_device, machine="x86_64"))
    assert compared.verdict is Verdict.PASS


def test_what_one_side_lacks() -> None:
    one, other = stored(), stored(name="other[local]")
    both = one.model_copy(update={"benchmarks": (*one.benchmarks, *other.benchmarks)})
    result = compare_stored(both, one)
    assert [c.verdict for c in result.checks] == [Verdict.PASS, Verdict.INCOMPARABLE]
    assert compare_stored(one, both).new == ("other[local]",)
    with pytest.raises(IncomparableError, match="no benchmark in common"):
        compare_stored(one, other)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"benchmarks": None}, "benchmarks"),
        ({"datetime": "yesterday"}, "datetime"),
        ({"machine_info": 3}, "machine_info"),
        ({"benchmarks": [{"name": "a", "fullname": "a", "stats": {"median": 0}}]}, "stats.median"),
        ({"benchmarks": [{"name": "a", "fullname": "a", "stats": {}}]}, "stats.median"),
    ],
)
def test_a_damaged_file_is_one_sentence(
    tmp_path: Path, result: GateResult, change: dict[str, Any], place: str
) -> None:
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(results_as_benchmarks([result], ORIGINS) | change))
    with pytest.raises(InputError, match="or is damaged") as caught:
        read_benchmarks(path)
    assert place in caught.value.why


@pytest.mark.parametrize("content", ["", "{", "[]", '{"benchmarks": [NaN]}'])
def test_a_file_of_something_else(tmp_path: Path, content: str) -> None:
    path = tmp_path / "else.json"
    path.write_text(content)
    with pytest.raises(InputError):
        read_benchmarks(path)
