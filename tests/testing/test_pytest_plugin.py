"""The pytest plugin in sessions of its own: what a gate does to a test, and what loading it costs the others."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import edgebench
from edgebench.errors import IncomparableError, UnavailableError
from edgebench.gate import Check, GateResult, Verdict
from edgebench.gate.benchmark_json import read_benchmarks
from edgebench.testing import pytest_plugin
from edgebench.testing.pytest_plugin import InconclusiveWarning, require_green

pytest_plugins = ["pytester"]

REPOSITORY = Path(__file__).parents[2]
ASSETS = Path(edgebench.__file__).parent / "profiling" / "assets"
# Whether or not the installed edgebench names it as a plugin.
LOADED = ("-p", "no:edgebench", "-p", pytest_plugin.__name__)
HEAVY = {"numpy", "pydantic", "scipy", "ruamel", "typer", "altair"}
LIGHT = {"edgebench", "edgebench.testing", "edgebench.testing.pytest_plugin"}


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*LOADED, *arguments)


def found(*verdicts: Verdict) -> GateResult:
    checks = (
        Check(
            benchmark=f"net{number}",
            kind="file_bytes",
            verdict=verdict,
            sentence=f"it is {verdict.value.lower()}",
        )
        for number, verdict in enumerate(verdicts)
    )
    return GateResult(base="before", head="now", checks=tuple(checks))


def test_the_installed_package_names_it() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"edgebench": pytest_plugin.__name__}


def test_loading_it_imports_nothing_else(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import json, sys

        def test_anything():
            print("modules", json.dumps(sorted(sys.modules)))
        """
    )
    result = run(pytester, "-s", "-p", "no:benchmark")
    result.assert_outcomes(passed=1)
    (line,) = [line for line in result.outlines if "modules [" in line]
    modules = set(json.loads(line[line.index("[") : line.rindex("]") + 1]))
    assert {name for name in modules if name.partition(".")[0] == "edgebench"} == LIGHT
    assert not {name.partition(".")[0] for name in modules} & HEAVY


def test_importing_it_imports_pytest_alone() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); "
        f"import {pytest_plugin.__name__}; print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    new = {name.partition(".")[0] for name in done.stdout.split()}
    assert not new & HEAVY
    assert {name for name in done.stdout.split() if name.startswith("edgebench")} == LIGHT


def test_who_does_not_use_it_is_not_disturbed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_plain():
            pass

        def test_of_pytest_benchmark(benchmark):
            benchmark.pedantic(sum, args=([1, 2],), rounds=2)
        """
    )
    options = ("-W", "error", "--strict-markers", "-p", "no:cacheprovider")
    run(pytester, *options).assert_outcomes(passed=2)
    run(pytester, *options, "-n", "2").assert_outcomes(passed=2)


def test_a_file_is_held_against_its_baseline(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("baseline")
    for name in ("tiny.tflite", "busy.tflite"):
        (folder / name).write_bytes((ASSETS / name).read_bytes())
    pytester.makepyfile(
        f"""
        from pathlib import Path
        import pytest

        ASSETS = Path({str(ASSETS)!r})

        def test_same(edgebench_gate):
            result = edgebench_gate(ASSETS / "tiny.tflite", device=())
            assert {{check.benchmark for check in result.checks}} == {{"tiny.tflite"}}
            assert result.verdict == "PASS"

        def test_larger(edgebench_gate):
            tiny = Path({str(folder)!r}, "tiny.tflite")
            edgebench_gate(ASSETS / "reference.tflite", baseline=tiny, device=())

        def test_unknown(edgebench_gate):
            edgebench_gate(ASSETS / "reference.tflite", device=())
        """
    )
    result = run(pytester, "-W", "error", f"--edgebench-baseline={folder}")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines_random(
        [
            "REGRESSED: tiny.tflite, file bytes: 1,016 to 155,352 file bytes (*%)",
            "REGRESSED: tiny.tflite, ops: 7 more CONV_2D float32, *",
            "*IncomparableError: the two sides have no benchmark in common",
        ]
    )
    assert "PASS" not in result.stdout.str()


def test_a_device_out_of_reach_is_its_sentence(pytester: pytest.Pytester) -> None:
    device = pytester.path / "away.yaml"
    device.write_text(
        "name: away\ntransport: {kind: ssh, host: 127.0.0.1, user: nobody, port: 1}\n"
    )
    pytester.makepyfile(
        f"""
        def test_it(edgebench_gate):
            edgebench_gate({str(ASSETS / "tiny.tflite")!r})
        """
    )
    baseline = f"--edgebench-baseline={ASSETS / 'tiny.tflite'}"
    result = run(pytester, baseline, f"--edgebench-device={device}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*UnavailableError: ENVIRONMENT: tiny.tflite, latency on *away*"])


def test_without_a_baseline(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(edgebench_gate):\n    edgebench_gate('a.tflite')")
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*edgebench_gate has no baseline to compare with"])


def test_a_marked_test_runs_where_its_device_is_meant(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.edgebench_device("local")
        def test_here():
            pass

        @pytest.mark.edgebench_device("no-such-board")
        def test_there():
            pass

        @pytest.mark.edgebench_device()
        def test_nowhere():
            pass

        def test_anywhere():
            pass
        """
    )
    result = run(pytester, "--strict-markers", "-rs")
    result.assert_outcomes(passed=2, skipped=1, errors=1)
    result.stdout.fnmatch_lines_random(
        [
            "SKIPPED*no-such-board is not a device: known: *local*",
            "*edgebench_device takes one name*",
        ]
    )
    elsewhere = run(pytester, "-rs", "--edgebench-device=pi4", "--edgebench-device=pi5")
    elsewhere.assert_outcomes(passed=1, skipped=2, errors=1)
    elsewhere.stdout.fnmatch_lines(
        ["SKIPPED*marked for local, and --edgebench-device names pi4, pi5"]
    )


def test_a_session_without_gates_writes_no_latencies(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it():\n    pass")
    run(pytester, "--edgebench-json=out/gates.json").assert_outcomes(passed=1)
    assert read_benchmarks(pytester.path / "out" / "gates.json").benchmarks == ()


@pytest.mark.parametrize("verdicts", [(), (Verdict.PASS,), (Verdict.IMPROVED, Verdict.PASS)])
def test_green(verdicts: tuple[Verdict, ...]) -> None:
    require_green(found(*verdicts), strict=True)


def test_a_regression_is_told_with_all_else_that_is_not_green() -> None:
    result = found(Verdict.PASS, Verdict.REGRESSED, Verdict.ENVIRONMENT)
    with pytest.raises(pytest.fail.Exception) as caught:
        require_green(result)
    assert str(caught.value).splitlines() == [
        "REGRESSED: net1, file bytes: it is regressed",
        "ENVIRONMENT: net2, file bytes: it is environment",
    ]


@pytest.mark.parametrize(
    ("verdict", "error"),
    [(Verdict.INCOMPARABLE, IncomparableError), (Verdict.ENVIRONMENT, UnavailableError)],
)
def test_what_cannot_be_judged_is_an_error(verdict: Verdict, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"{verdict.value}: net0"):
        require_green(found(verdict, Verdict.PASS))


def test_undecided_is_a_warning_unless_strict() -> None:
    result = found(Verdict.INCONCLUSIVE, Verdict.PASS)
    with pytest.warns(InconclusiveWarning, match="INCONCLUSIVE: net0"):
        require_green(result)
    with pytest.raises(pytest.fail.Exception, match="INCONCLUSIVE: net0"):
        require_green(result, strict=True)
