"""Which file a suite's name or path stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench import suites
from edgebench.errors import InputError, UnknownNameError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that only what comes with edgebench is known by name."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_name_means_the_working_folder_before_the_shipped(folder: Path) -> None:
    assert suites.find("digits") == suites.shipped_dir() / "digits.yaml"
    (folder / "suites").mkdir()
    (folder / "suites" / "digits.yaml").write_text("name: own\n")
    assert suites.find("digits") == Path("suites/digits.yaml")


def test_a_path_is_itself(folder: Path) -> None:
    (folder / "below").mkdir()
    for name in ("own.yaml", "own.yml", "below/own.yaml"):
        (folder / name).write_text("name: own\n")
        assert suites.find(name) == Path(name)
        assert suites.find(str(folder / name)) == folder / name


def test_a_name_that_is_no_suite() -> None:
    with pytest.raises(UnknownNameError) as caught:
        suites.find("digit")
    assert caught.value.message == "digit is not a suite"
    assert "digits" in caught.value.why
    assert caught.value.remedy == "did you mean digits?"


@pytest.mark.parametrize("source", ["absent.yaml", "below/digits", ".", "", "x" * 300 + ".yaml"])
def test_a_path_that_is_no_suite(source: str) -> None:
    with pytest.raises(InputError) as caught:
        suites.find(source)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


def test_a_missing_path_names_what_there_is() -> None:
    with pytest.raises(InputError, match=r"^absent\.yaml does not exist$") as caught:
        suites.find("absent.yaml")
    assert "digits" in caught.value.remedy
