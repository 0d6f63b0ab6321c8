"""edgebench init: a suite that can be checked at once, and nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from edgebench.cli.app import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for label in ("cat", "dog"):
        (tmp_path / "my pets" / label).mkdir(parents=True)
        for number in range(12):
            image = Image.new("RGB", (40, 40), (number * 20, 0, 0))
            image.save(tmp_path / "my pets" / label / f"{number}.png")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "file"), [(["my pets/"], "my-pets.yaml"), ([], "my-digits.yaml")]
)
def test_what_is_written_can_be_checked(
    arguments: list[str], file: str, capsys: pytest.CaptureFixture[str], keras: object
) -> None:
    assert run(["init", *arguments]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"wrote   {file}",
        f"next    edgebench check {file}",
        f"next    edgebench search {file}",
    ]
    assert run(["check", file]) == 0
    said = capsys.readouterr()
    assert f"{file} is valid" in said.out
    assert said.err == ""


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.yaml").write_text("name: mine\n")
    assert run(["init", "my pets", "--out", "mine.yaml"]) == 2
    assert "mine.yaml is there already" in capsys.readouterr().err
    assert (folder / "mine.yaml").read_text() == "name: mine\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["my pets", "--out", "mine.txt"], "mine.txt is not called a suite"),
        (["my pets", "--out", "no/where.yaml"], "no/where.yaml cannot be written"),
        (["nowhere"], "nowhere cannot be listed"),
        (["my pets/cat"], "my pets/cat is no folder of classes"),
    ],
)
def test_a_mistake_is_one_sentence(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error   {said}")
    assert [path.name for path in folder.iterdir()] == ["my pets"]
