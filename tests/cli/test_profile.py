"""`edgebench profile` as a user types it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgebench.cli.operations import print_shares
from edgebench.gate import read_benchmarks
from edgebench.records import Block, Environment, Measurement

Typed = Callable[..., subprocess.CompletedProcess[str]]
ASSETS = Path(__file__).parents[2] / "edgebench" / "profiling" / "assets"


@pytest.fixture
def run(tmp_path: Path, typed_in: Typed) -> Typed:
    """Profile in the test's folder, in no time."""
    quick = ("--blocks", "1", "--block-s", "0.05")
    return lambda *arguments: typed_in(tmp_path, "profile", *arguments, *quick)


@pytest.mark.parametrize(
    ("delegate", "message"),
    [("cuda", "has no CUDAExecutionProvider"), ("AzureExecutionProvider", "takes none of the")],
)
def test_delegate_that_does_not_run_the_model_is_unavailable(
    run: Typed, delegate: str, message: str
) -> None:
    done = run(str(ASSETS / "tiny.onnx"), "--runtime", "ort", "--delegate", delegate)
    assert done.returncode == 3
    assert message in done.stderr
    assert done.stdout == ""


def test_operations_are_listed_only_where_asked_for(run: Typed) -> None:
    models = [str(ASSETS / "tiny.onnx"), str(ASSETS / "tiny.tflite")]
    done = run(*models, "--per-op", "--json")
    timed, untimed = (row["ops"] for row in json.loads(done.stdout)["measurements"])
    assert timed[0].keys() == {"name", "type", "invokes", "ns", "delegated"}
    assert timed[0]["ns"] is not None
    assert untimed[0]["ns"] is None
    plain = run(models[0], "--delegate", "cpu", "--json")
    (row,) = json.loads(plain.stdout)["measurements"]
    assert "ops" not in row
    assert (row["delegate"], row["valid"]) == ("CPUExecutionProvider", True)
    assert row["environment"]["delegated_ops"] == 2


def test_table_of_operations_says_where_no_times_are(run: Typed) -> None:
    done = run(str(ASSETS / "tiny.tflite"), "--per-op")
    assert "1 of 1 operations in the delegate; this runtime tells no times" in done.stdout
    assert "FULLY_CONNECTED_0" in done.stdout


def test_partly_delegated_model_says_how_much(capsys: pytest.CaptureFixture[str]) -> None:
    block = Block(samples_ns=(1e6,) * 64, init_ns=1, first_ns=1, warmup_invokes=10)

    def measured(taken: int | None, left: int | None) -> Measurement:
        environment = Environment(
            runtime="tflite", runtime_version="2.14.0", delegate="xnnpack", threads=1,
            delegated_ops=taken, other_ops=left,
        )  # fmt: skip
        return Measurement(
            model_name="kws.tflite",
            model_sha256="",
            device="pi4",
            environment=environment,
            blocks=(block,),
        )

    print_shares([measured(8, 5), measured(13, 0), measured(None, None)])
    assert capsys.readouterr().out == "kws.tflite on pi4: xnnpack runs 8 of its 13 operations\n"


def test_measurements_become_a_file_that_history_reads(tmp_path: Path, run: Typed) -> None:
    stored = tmp_path / "numbers" / "0001.json"
    done = run(str(ASSETS / "tiny.tflite"), "--benchmark-json", str(stored))
    assert done.returncode == 0, done.stderr
    (benchmark,) = read_benchmarks(stored).benchmarks
    assert "tiny.tflite" in benchmark.fullname
    assert benchmark.facts["device"] == "local"
    assert f"{benchmark.stats.median * 1e3:.4f}"[:4] in done.stdout
