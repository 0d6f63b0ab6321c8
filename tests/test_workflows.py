"""The workflows and the action: every command is a real one, every action is pinned, nothing of an input is run as shell."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from edgebench.cli.app import app

REPOSITORY = Path(__file__).parents[1]
ACTION = REPOSITORY / "action.yml"
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
CALLED = REPOSITORY / ".github" / "workflows" / "gate.yml"
FILES = [*WORKFLOWS, ACTION]
PINNED = re.compile(r"[\w.-]+/[\w.-]+@v\d+\.\d+\.\d+")


def load(path: Path) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> list[dict[str, Any]]:
    document = load(path)
    if "runs" in document:
        return document["runs"]["steps"]
    return [step for job in document["jobs"].values() for step in job["steps"]]


def scripts(path: Path) -> list[str]:
    return [step["run"] for step in steps(path) if "run" in step]


def words_of(script: str) -> list[str]:
    """Return a script's words; those in brackets of an array are words too."""
    joined = script.replace("\\\n", " ").replace("options=(", " ").replace("options+=(", " ")
    return shlex.split(joined.replace(")", " ").replace("$(", " ").replace(";", " "))


def command_of(words: list[str]) -> Any:
    """Return the command that a script calls, or None; raises where there is no such verb."""
    if "edgebench" not in words:
        return None
    rest = words[words.index("edgebench") + 1 :]
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        assert rest[0] in command.commands, f"edgebench has no verb {rest[0]}"
        command = command.commands[rest.pop(0)]
    return command


def known_options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def commands() -> Iterator[Any]:
    for path in FILES:
        for script in scripts(path):
            words = words_of(script)
            if "edgebench" in words:
                yield pytest.param(words, id=f"{path.name}-{words[words.index('edgebench') + 1]}")


@pytest.mark.parametrize("words", list(commands()))
def test_every_command_is_a_real_one(words: list[str]) -> None:
    command = command_of(words)
    assert command is not None
    given = {word for word in words if word.startswith("--")}
    assert given
    assert given <= known_options(command)


def test_a_verb_or_an_option_that_is_none_is_seen() -> None:
    with pytest.raises(AssertionError, match="no verb compair"):
        command_of(words_of("edgebench compair a b"))
    words = words_of('options=(--margn 5%)\nedgebench compare a \\\n b "${options[@]}" --junit x')
    command = command_of(words)
    assert command is not None
    given = {word for word in words if word.startswith("--")}
    assert given - known_options(command) == {"--margn"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert not [name for name in used if not (name.startswith("./") or PINNED.fullmatch(name))]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_the_least(path: Path) -> None:
    document = load(path)
    assert document["permissions"] in ({}, {"contents": "read"})
    writes = {
        (name, what)
        for name, job in document["jobs"].items()
        for what, how in job.get("permissions", {}).items()
        if how != "read"
    }
    assert writes <= {("gate", "pull-requests")}
    checkouts = [s for s in steps(path) if s.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_expression_stands_in_a_script(path: Path) -> None:
    inline = [step["with"]["script"] for step in steps(path) if "script" in step.get("with", {})]
    assert not [script for script in (*scripts(path), *inline) if "${{" in script]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_scripts_are_valid_shell(path: Path) -> None:
    assert scripts(path) or path == CALLED
    for script in scripts(path):
        done = subprocess.run(["bash", "-n"], input=script, text=True, check=False, timeout=30)
        assert done.returncode == 0


def test_the_targets_of_make_are_there() -> None:
    targets = re.findall(r"^(\w+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    asked = re.findall(r"make (\w+)", "\n".join(s for path in FILES for s in scripts(path)))
    assert set(asked) == {"test", "gate", "docs", "search", "slow"}
    assert set(asked) <= set(targets)


def test_the_called_workflow_hands_every_input_to_the_action() -> None:
    inputs = load(ACTION)["inputs"]
    (step,) = [step for step in steps(CALLED) if step.get("id") == "gate"]
    called = load(CALLED)["on"]["workflow_call"]["inputs"]
    assert set(step["with"]) == set(inputs)
    for name, value in step["with"].items():
        assert value == f"${{{{ inputs.{name} }}}}"
        mine, theirs = inputs[name], called[name]
        assert str(mine.get("default")).lower() == str(theirs.get("default")).lower()
        assert mine.get("required", False) is theirs.get("required", False)


def test_every_input_of_the_action_is_used() -> None:
    text = ACTION.read_text(encoding="utf-8")
    assert not [name for name in load(ACTION)["inputs"] if f"inputs.{name} " not in text]
