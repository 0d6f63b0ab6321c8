"""The Dockerfile: what it is built from reaches it and nothing else does, and its versions are the project's."""

from __future__ import annotations

import re
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from edgebench.datasets.plans import VARIABLE

REPOSITORY = Path(__file__).parents[1]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
PAGE = (REPOSITORY / "docs" / "docker.md").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
CONSTRAINTS = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()


def ignored(path: str) -> bool:
    """Return whether .dockerignore keeps a path of the top folder, or one below it, from the build; its last rule decides."""
    answer = False
    for line in (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        if line and not line.startswith("#") and any(fnmatch(part, rule) for part in parts):
            answer = not line.startswith("!")
    return answer


def built_from() -> set[str]:
    """Return what building and installing the project reads, as its own settings name it."""
    project, wheel = PROJECT["project"], PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    return {
        "pyproject.toml", project["readme"], *project["license-files"],
        *wheel["packages"], *wheel["force-include"],
        *re.findall(r"/source/(\S+)", DOCKERFILE),
    }  # fmt: skip


def test_what_it_is_built_from_is_there_and_reaches_the_build() -> None:
    names = built_from()
    assert {"constraints.txt", "edgebench", "suites"} <= names
    assert [name for name in names if not (REPOSITORY / name).exists()] == []
    assert [name for name in names if ignored(name)] == []


@pytest.mark.parametrize(
    "path", [".git", ".venv", ".edgebench", "reports", "tests", ".env", "edgebench/__pycache__"]
)
def test_nothing_else_does(path: str) -> None:
    assert ignored(path)


def test_its_python_is_one_that_the_project_runs_on() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 2
    (version,) = {re.fullmatch(r"python:(3\.\d+)-slim", image)[1] for image in images}  # type: ignore[index]
    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(f"{version}.99")
    assert f"Programming Language :: Python :: {version}" in PROJECT["project"]["classifiers"]
    assert f"CPython {version}" in PAGE


def test_the_constraints_name_every_dependency_in_a_version_that_the_project_takes() -> None:
    lines = [line.split(";")[0].strip().split("==") for line in CONSTRAINTS if "==" in line]
    pins = {canonicalize_name(name): Version(version) for name, version in lines}
    needed = {
        canonicalize_name(need.name): need.specifier
        for need in map(Requirement, PROJECT["project"]["dependencies"])
    }
    assert sorted(needed.keys() - pins.keys()) == []
    assert [name for name, allowed in needed.items() if pins[name] not in allowed] == []


def test_it_runs_the_projects_command_as_a_user_without_rights() -> None:
    lines = DOCKERFILE.splitlines()
    (entry,) = [line for line in lines if line.startswith("ENTRYPOINT")]
    (command,) = re.findall(r'"(\w+)"', entry)
    assert command in PROJECT["project"]["scripts"]
    assert lines.index("USER $UID") < lines.index(entry)
    (number,) = re.findall(r"^ARG UID=(\d+)$", DOCKERFILE, re.MULTILINE)
    assert int(number) > 0
    assert f"the number is {number}" in PAGE


def test_the_page_mounts_what_the_image_has() -> None:
    (folder,) = re.findall(r"^WORKDIR (\S+)$", DOCKERFILE, re.MULTILINE)
    (user,) = re.findall(r"useradd .* (\w+) \\$", DOCKERFILE, re.MULTILINE)
    runs = [
        shlex.split(line)
        for line in PAGE.replace("\\\n", " ").splitlines()
        if line.startswith("docker run")
    ]
    assert len(runs) == 4
    for words in runs:
        mounted = [words[i + 1].split(":")[1] for i, w in enumerate(words) if w == "--volume"]
        assert folder in mounted
        assert all(m == folder or m.startswith(f"/home/{user}/.") for m in mounted)
    assert f"--env {VARIABLE}=" in PAGE
    assert "install --yes --no-install-recommends adb openssh-client" in DOCKERFILE
