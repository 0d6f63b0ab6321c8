"""Gates that measure, inside of pytest and in the processes of pytest-xdist."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgebench
from edgebench.gate.benchmark_json import read_benchmarks
from edgebench.testing import pytest_plugin

pytest_plugins = ["pytester"]

TINY = Path(edgebench.__file__).parent / "profiling" / "assets" / "tiny.tflite"


@pytest.mark.slow
def test_two_processes_gate_one_device_and_their_latencies_are_one_file(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        def test_same(edgebench_gate):
            edgebench_gate({str(TINY)!r}, margin=5.0, block_s=0.05)

        @pytest.mark.filterwarnings("always")
        def test_undecided(edgebench_gate):
            edgebench_gate({str(TINY)!r}, margin=0.0, block_s=0.05, alpha=0.001)
        """
    )
    result = pytester.runpytest_subprocess(
        "-p", "no:edgebench", "-p", pytest_plugin.__name__, "-W", "error", "-n", "2",
        f"--edgebench-baseline={TINY}", "--edgebench-json=gates.json",
    )  # fmt: skip
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(["*InconclusiveWarning: INCONCLUSIVE: tiny.tflite, latency*"])
    benchmarks = read_benchmarks(pytester.path / "gates.json").benchmarks
    assert [each.fullname for each in benchmarks] == ["tiny.tflite[local]"] * 2
    assert {each.facts["verdict"] for each in benchmarks} == {"PASS", "INCONCLUSIVE"}
    assert sorted(len(each.stats.data) for each in benchmarks) == [10, 22]
