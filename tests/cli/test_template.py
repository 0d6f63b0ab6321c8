"""`edgebench template`, in this process: what it prints and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from edgebench.cli.template import app
from edgebench.errors import InputError
from edgebench.templates import TEMPLATES, import_keras


def shown(*arguments: str) -> str:
    import_keras()
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def document(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown("show", *arguments, "--json"))
    return found


def test_list_names_every_template() -> None:
    assert shown("list").split() == sorted(TEMPLATES)


@pytest.mark.parametrize(
    ("arguments", "inputs", "classes", "size"),
    [
        (["squeezenet-1.1"], [224, 224, 3], 1000, 1_235_496),
        (["unet"], [256, 256, 1], 1, 31_031_685),
        (["unet", "--input", "256,256,3"], [256, 256, 3], 1, 31_032_837),
        (["unet-auto", "--input", "16,16,3", "--set", "start_filters=8"], [16, 16, 3], 1, 485_957),
    ],
)
def test_published_sizes_are_shown(
    arguments: list[str], inputs: list[int], classes: int, size: int
) -> None:
    found = document(*arguments)
    assert (found["input"], found["classes"]) == (inputs, classes)
    assert found["trainable_params"] == size
    assert found["param_bytes"] == 4 * size


MERGED = ["--classes", "8", "--set", "merge_at=fire3", "--set", "set2_pairs=1", "--set", "se_2=true",
          "--set", "se_skip_2=true", "--set", "se_4=true"]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "shapes"),
    [
        ("64,64,3", [[64, 64, 3]] * 2),
        ("64,64,3;64,64,3", [[64, 64, 3]] * 2),
    ],
)
def test_one_shape_stands_for_every_input(shape: str, shapes: list[list[int]]) -> None:
    found = document("squeezenet-sem-auto", "--input", shape, *MERGED)
    assert found["input"] == shapes
    assert found["trainable_params"] == 182_936
    assert found["architecture"] == "fire2 SE32+ 3 | add | max | 4 SE32 5"
    (merge,) = [block for block in found["blocks"] if block["label"] == "add"]
    assert merge["inputs"] == ["fire3", "fire3 2"]


def test_drawing_is_printed_and_written(tmp_path: Path) -> None:
    picture = tmp_path / "net.svg"
    printed = shown(
        "show", "squeezenet-sem-auto", "--input", "64,64,3", *MERGED, "--svg", str(picture)
    )
    assert "a: input 64x64x3 -> conv1 -> max pool -> fire2 -> SE(32) -> skip -> fire3\n" in printed
    assert "c: a, b -> add -> max pool -> fire4 -> SE(32) -> fire5" in printed
    root = ElementTree.parse(picture).getroot()
    assert root.get("aria-label") == "squeezenet-sem-auto: fire2 SE32+ 3 | add | max | 4 SE32 5"


def test_a_picture_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    import_keras()
    with pytest.raises(InputError, match=r"net\.svg cannot be written"):
        CliRunner().invoke(
            app,
            ["show", "mlp-auto", "--svg", str(tmp_path / "no" / "net.svg")],
            catch_exceptions=False,
        )
