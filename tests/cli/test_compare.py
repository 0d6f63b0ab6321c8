"""`edgebench compare` and `edgebench baseline save` as a user types them."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import edgebench
from edgebench.cli.app import run
from edgebench.devices.fake import FakeDevice, simulated_agent
from edgebench.errors import InputError
from edgebench.gate import compare as gate
from edgebench.gate import read_result
from edgebench.profiling.check import ASSETS

FAST, SLOW = ASSETS / "reference.tflite", ASSETS / "busy.tflite"
TINY, OTHER = ASSETS / "tiny.tflite", ASSETS / "tiny.onnx"
CONTENTS = "file_bytes: ignore, param_bytes: ignore, macs: ignore, arena_bytes: ignore, ops: ignore"
QUICK = ["--runtime", "litert", "--block-s", "0.05"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("latency.yaml").write_text(f"default: {{{CONTENTS}}}\n")
    Path("contents.yaml").write_text("default: {latency: ignore}\n")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str | Path) -> Done:
        code = run([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return call


def verdicts(done: Done) -> dict[str, str]:
    return {check["kind"]: check["verdict"] for check in done.document["checks"]}


def test_a_file_that_is_really_slower_fails_in_every_form(cli) -> None:
    done = cli(
        "compare", FAST, SLOW, "--margins", "latency.yaml", *QUICK, "--json",
        "--junit", "out/gate.xml", "--markdown", "out/gate.md",
    )  # fmt: skip
    assert done.code == 1
    (check,) = done.document["checks"]
    assert (check["verdict"], check["kind"], check["device"]) == ("REGRESSED", "latency", "local")
    assert check["ratio"]["low"] > 1.05
    assert len(check["pairs"]) == 20
    assert re.fullmatch(r"litert [0-9.]+", check["runtime"])
    Path("gate.json").write_text(done.out)
    assert read_result(Path("gate.json")).exit_code() == 1
    suite = ElementTree.parse("out/gate.xml").getroot()
    assert suite.get("failures") == "1"
    assert Path("out/gate.md").read_text().startswith("# REGRESSED: ")
    assert "pair 1 of 10" in done.err


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> str:
    """A device in memory that takes two runs of one file a few percent apart."""
    rng = np.random.default_rng(3)
    respond = simulated_agent(lambda model: 1 + 0.02 * rng.standard_normal())
    monkeypatch.setattr(gate, "open_device", lambda document: FakeDevice(respond, document))
    Path("board.yaml").write_text("name: board\ntransport: {kind: local}\n")
    return "board.yaml"


def test_what_stays_undecided_fails_where_that_is_asked_for(cli, board: str) -> None:
    asked = [
        "compare",
        TINY,
        TINY,
        "--margins",
        "latency.yaml",
        "--margin",
        "0%",
        "--device",
        board,
    ]
    lenient = cli(*asked)
    assert lenient.code == 0
    assert lenient.out.splitlines()[-1].split() == ["verdict", "INCONCLUSIVE"]
    assert cli(*asked, "--strict").code == 1


def test_a_baseline_against_itself_tells_the_noise(cli, board: str) -> None:
    asked = ["compare", TINY, "--a-a", "--margins", "latency.yaml", "--device", board]
    fine = cli(*asked, "--margin", "20%")
    assert fine.code == 0
    assert "board takes two runs of one file apart by a ratio of " in fine.out
    refused = cli(*asked, "--margin", "1%")
    assert refused.code == 2
    assert "a margin of 0.01 for tiny.tflite is under twice the noise of board" in refused.err


def test_contents_alone_need_no_device(cli) -> None:
    same = cli("compare", TINY, TINY, "--margins", "contents.yaml", "--json")
    assert same.code == 0
    assert set(verdicts(same).values()) == {"PASS"}
    worse = cli("compare", TINY, OTHER, "--margins", "contents.yaml")
    assert worse.code == 1
    assert "1 more Gemm float32, 1 more Relu float32, 1 fewer FULLY_CONNECTED float32" in " ".join(
        worse.out.split()
    )


def test_a_baseline_is_saved_and_compared_with(cli) -> None:
    saved = cli("baseline", "save", TINY, "--to", "ci/base", "--any-host", *QUICK[:2])
    assert saved.code == 0
    assert "ci/base holds tiny.tflite" in saved.out
    assert "next    edgebench compare ci/base HEAD" in saved.out
    entries = json.loads(Path("ci/base/baseline.json").read_text())["benchmarks"]
    place = entries["tiny.tflite"]["places"]["local"]
    assert (place["any_host"], place["runtime"]) == (True, "litert")
    same = cli("compare", "ci/base", TINY, "--margins", "contents.yaml", "--json")
    assert (same.code, same.document["verdict"]) == (0, "PASS")
    more = cli("baseline", "save", OTHER, "--to", "ci/base", "--json")
    assert more.document["benchmarks"] == ["tiny.onnx", "tiny.tflite"]
    lacking = cli("compare", "ci/base", TINY, "--margins", "contents.yaml", "--json")
    assert (lacking.code, lacking.document["verdict"]) == (4, "INCOMPARABLE")


def test_a_baseline_of_another_runtime_or_device_is_incomparable(cli) -> None:
    assert cli("baseline", "save", TINY, "--to", "base", *QUICK[:2]).code == 0
    path = Path("base/baseline.json")
    content = path.read_text()
    version = re.search(r'"runtime_version": "([^"]+)"', content)
    assert version is not None
    machine = re.search(r'"machine": "([^"]+)"', content)
    assert machine is not None
    for found, other in ((version[1], "0.0.1"), (machine[1], "mips")):
        path.write_text(content.replace(f'"{found}"', f'"{other}"'))
        done = cli("compare", "base", TINY, *QUICK[2:], "--json")
        assert done.code == 4
        assert verdicts(done)["latency"] == "INCOMPARABLE"
        assert re.search(f"{other}.* before", done.out)


def test_a_device_that_is_not_there_exits_with_3(cli) -> None:
    Path("gone.yaml").write_text(
        "name: gone\n"
        "transport: {kind: ssh, host: 127.0.0.1, port: 9, user: nobody}\n"
        "budget: {reconnect_s: 0}\n"
    )
    done = cli("compare", TINY, TINY, "--device", "gone.yaml", "--json")
    assert done.code == 3
    assert verdicts(done)["latency"] == "ENVIRONMENT"
    assert verdicts(done)["file_bytes"] == "PASS"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([TINY], 2, "compare needs two sides"),
        ([TINY, "absent.tflite"], 2, "absent.tflite does not exist"),
        ([TINY, TINY, "--margin", "five"], 2, "--margin five is not a margin"),
        ([TINY, TINY, "--margins", "none.yaml"], 2, "none.yaml does not exist"),
        ([TINY, TINY, "--device", "nowhere"], 2, "nowhere is not a device"),
        ([TINY, TINY, "--examples", "3"], 2, "examples and input_range go with data"),
        ([TINY, TINY, "--runtime", "jax"], 2, "jax is not a runtime"),
        ([TINY, TINY, "--junit", "."], 2, ". cannot be written"),
        ([TINY, TINY, "--markdown", "latency.yaml/x.md"], 2, "x.md cannot be written"),
        (["torn.tflite", TINY], 2, "torn.tflite cannot be read"),
        (["two", "other"], 4, "the two sides have no benchmark in common"),
    ],
)
def test_a_mistake_is_one_sentence(cli, arguments: list[str | Path], code: int, said: str) -> None:
    Path("torn.tflite").write_bytes(TINY.read_bytes()[:300])
    for folder, names in (("two", "ab"), ("other", "cd")):
        Path(folder).mkdir()
        for name in names:
            shutil.copyfile(TINY, Path(folder, f"{name}.tflite"))
    done = cli("compare", *arguments)
    assert done.code == code
    assert done.err.count("error   ") == 1
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_a_baseline_into_a_file_is_a_mistake(cli) -> None:
    done = cli("baseline", "save", TINY, "--to", "latency.yaml")
    assert (done.code, done.out) == (2, "")
    assert "latency.yaml cannot be made" in done.err


def test_margins_in_python_are_checked_too() -> None:
    for margin in (-0.5, 11.0, float("nan")):
        with pytest.raises(InputError, match="is not a margin"):
            edgebench.compare(TINY, TINY, margin=margin)
    with pytest.raises(InputError, match="alpha"):
        edgebench.compare(TINY, TINY, alpha=0.0)
