"""Names that the shell offers, asked for as the shell does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench import plugins
from edgebench.cli import completion
from edgebench.cli.app import app
from edgebench.datasets import CATALOGUE
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run, example_trial


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two runs, a suite and a device."""
    monkeypatch.chdir(tmp_path)
    with SqliteStore(tmp_path / ".edgebench") as store:
        store.save_run(example_run("0101-ash"))
        store.save_run(example_run("0102-elm"))
        store.record_trial("0101-ash", example_trial(2))
        store.record_trial("0101-ash", example_trial(1))
    with SqliteStore(tmp_path / "other") as store:
        store.save_run(example_run("0103-oak"))
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "pets.yaml").touch()
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices" / "pi9.yaml").write_text("name: pi9\ntransport: {kind: local}\n")
    return tmp_path


def offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> list[str]:
    """Return what bash is offered for the last word of a command line; ``_`` stands for an empty one."""
    words = line.removesuffix("_")
    monkeypatch.setenv("_EDGEBENCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    with pytest.raises(SystemExit):
        app(args=[], prog_name="edgebench")
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("edgebench watch _", ["0102-elm", "0101-ash"]),
        ("edgebench open 0101", ["0101-ash"]),
        ("edgebench watch --store other _", ["0103-oak"]),
        ("edgebench watch --store nowhere _", []),
        ("edgebench report --store other _", ["0103-oak"]),
        ("edgebench runs show 0102", ["0102-elm"]),
        ("edgebench search --resume 01", ["0102-elm", "0101-ash"]),
        ("edgebench export 0101-ash _", ["t002", "t001"]),
        ("edgebench export 0102-elm _", []),
        ("edgebench search pet", ["pets"]),
        ("edgebench check digi", ["digits"]),
        ("edgebench search mine", ["mine.yaml"]),
        ("edgebench search paper/tsinghua-se-", ["paper/tsinghua-se-auto"]),
        ("edgebench search --template unet", ["unet", "unet-auto"]),
        ("edgebench template show mobilenetv2-ssd", ["mobilenetv2-ssd", "mobilenetv2-ssd-auto"]),
        ("edgebench search --device pi9", ["pi9"]),
        ("edgebench device check loc", ["local"]),
        ("edgebench data check mnist", ["mnist", "mnist-detection"]),
        ("edgebench search --data cw", ["cwfid"]),
        ("edgebench baseline save 0102", ["0102-elm"]),
    ],
)
def test_names_are_offered(
    line: str,
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert offered(monkeypatch, capsys, line) == names


def test_damage_offers_nothing_and_says_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".edgebench" / "edgebench.sqlite").write_bytes(b"no database")
    (folder / "devices" / "pi9.yaml").write_text("name: [")
    assert offered(monkeypatch, capsys, "edgebench watch _") == []
    assert offered(monkeypatch, capsys, "edgebench search --device _") == ["local"]
    assert capsys.readouterr().err == ""


def test_the_store_is_only_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "suites")
    context = type("Context", (), {"params": {}})()
    assert completion.runs(context, "") == []
    assert sorted(path.name for path in Path().iterdir()) == ["pets.yaml"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("edgebench watch ", ["0102-elm", "0101-ash"]),
        ("edgebench search --data mnist", ["mnist", "mnist-detection"]),
        ("edgebench search --template unet", ["unet", "unet-auto"]),
    ],
)
def test_names_are_offered_without_numbers_or_frameworks(
    folder: Path, line: str, names: list[str]
) -> None:
    asked = {
        "_EDGEBENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "edgebench"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"numpy", "pandas", "keras", "tensorflow", "rich.console"}
    assert done.stdout.split() == names


def test_every_data_set_of_the_catalogue_is_offered() -> None:
    assert set(completion.DATA) == CATALOGUE.keys()


def test_names_of_plugins_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Path(__file__).parents[1] / "assets" / "plugins" / "toy"
    monkeypatch.syspath_prepend(str(toy))
    assert completion.templates("toy") == plugins.names("templates")
    assert completion.data("toy") == plugins.names("datasets")
